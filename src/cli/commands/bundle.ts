import { realpathSync, statSync } from 'node:fs';
import type { Command } from 'commander';
import { DoctorError } from '../../model/errors.ts';
import type { Manifest } from '../../ingest/bundle/bundle.ts';
import type { Seen } from '../../ingest/look.ts';
import { groupBy } from '../../util/group.ts';
import { addAlsoOption, type AlsoOptions } from '../also.ts';
import { findFiles } from '../input.ts';
import { oneLine, print, reasonOf, startProgress, writeOutput } from '../output.ts';
import { Scratch } from '../scratch.ts';
import { spoolStdin, STDIN } from '../spool.ts';

interface Options extends AlsoOptions {
  output: string;
  redact?: boolean;
  names?: string;
  quiet?: boolean;
}

/** What is written must not be what is read. */
function refuseEvidence(output: string, seen: readonly Seen[]): void {
  let real: string;
  try {
    real = realpathSync(output);
  } catch {
    return;
  }
  if (seen.some(({ file }) => file.absolute === real))
    throw new DoctorError('HLD_CLI_UNWRITABLE_OUTPUT', { path: output, reason: 'it is a file of the input' });
}

function summary({ files, leftOut }: Manifest, output: string): string {
  const sum = (list: readonly number[]): string => (list.reduce((a, b) => a + b, 0) / 1e6).toFixed(1);
  const from = sum(files.map((file) => file.originalBytes));
  const lines = [`${oneLine(output)}: ${files.length} files, ${from} MB of evidence in ${sum([statSync(output).size])} MB`];
  const reasons = groupBy(leftOut, (one) => one.why);
  for (const [why, list] of [...reasons].toSorted(([a], [b]) => (a < b ? -1 : 1)))
    lines.push(`  left out, ${why}: ${list.length} (${oneLine(list[0]?.path ?? '')}${list.length > 1 ? ', …' : ''})`);
  return lines.join('\n');
}

async function bundle(input: string, options: Options): Promise<string> {
  const scratch = new Scratch();
  const progress = startProgress(options.quiet === true);
  try {
    if (options.names !== undefined && options.redact !== true)
      throw new DoctorError('HLD_CLI_BAD_OPTION_VALUE', {
        option: '--names',
        value: options.names,
        expected: 'a file only together with --redact',
      });
    const path = input === STDIN ? await spoolStdin(scratch.folder()) : input;
    const seen = await findFiles(path, options.also ?? [], scratch);
    const [{ isTreatment, treatmentOf }, { writeBundle }] = await Promise.all([
      import('../../ingest/bundle/plan.ts'),
      import('../../ingest/bundle/bundle.ts'),
    ]);
    const first = seen.find((one) => isTreatment(treatmentOf(one)));
    if (first === undefined) throw new DoctorError('HLD_INPUT_NOTHING_RECOGNISED', { path: input, files: seen.length });
    refuseEvidence(options.output, seen);
    const above = (seen.find(({ file }) => !file.path.startsWith('also/')) ?? first).file.above;
    const { manifest, key } = await writeBundle(seen, options.output, {
      redact: options.redact === true,
      above,
      scratch: scratch.folder(),
      onProgress: progress.update,
    });
    if (options.names !== undefined) writeOutput(options.names, JSON.stringify(Object.fromEntries(key), null, 2));
    return options.quiet === true ? '' : summary(manifest, options.output);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).syscall === undefined) throw error;
    throw new DoctorError('HLD_CLI_UNWRITABLE_OUTPUT', { path: options.output, reason: reasonOf(error) }, { cause: error });
  } finally {
    progress.end();
    scratch.remove();
  }
}

export function addBundle(program: Command): void {
  const command = program
    .command('bundle')
    .description('pack the evidence for a colleague: no payload, no secrets, every line in its place; analyze opens it')
    .argument('<input>', 'sandbox directory, file, archive or -')
    .requiredOption('-o, --output <file>', 'archive to write, such as case.tar.gz')
    .option('--redact', 'emails, user names, home folders and hosts become pseudonyms')
    .option('--names <file>', 'with --redact: write which pseudonym stands for what; keep that file to yourself')
    .option('--quiet', 'no summary and no progress');
  addAlsoOption(command).action(async (input: string, options: Options) => print(await bundle(input, options)));
}
