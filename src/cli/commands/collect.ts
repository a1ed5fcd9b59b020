import { existsSync, realpathSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import type { Command } from 'commander';
import { DoctorError } from '../../model/errors.ts';
import { volume } from '../../report/figures.ts';
import { EXIT, type ExitCode } from '../exit.ts';
import { isInside, runningFolder } from '../live-folder.ts';
import { oneLine, print, reasonOf } from '../output.ts';
import { version } from '../package.ts';

const DEFAULT_SECONDS = 6;
const MOST_SECONDS = 24 * 3600;
const MOST_LISTED = 8;

interface Options {
  output?: string;
  seconds: number;
  docker?: boolean;
  all?: boolean;
  quiet?: boolean;
}

function parseSeconds(value: string): number {
  const seconds = Number(value);
  if (value.trim() === '' || !(seconds >= 0 && seconds <= MOST_SECONDS))
    throw new DoctorError('HLD_CLI_BAD_OPTION_VALUE', { option: '--seconds', value, expected: `seconds from 0 to ${MOST_SECONDS}` });
  return seconds;
}

/** `sandbox-20261123T010203Z.tar.gz` */
function nameOf(root: string): string {
  const stamp = new Date().toISOString().replaceAll(/[-:]|\.\d+/g, '');
  return `${basename(root) || 'sandbox'}-${stamp}.tar.gz`;
}

/** The folder in which the archive will stand, without links on the way. */
function placeOf(output: string): string {
  const folder = dirname(resolve(output));
  if (existsSync(output))
    throw new DoctorError('HLD_CLI_UNWRITABLE_OUTPUT', { path: output, reason: 'something stands there, and no evidence is overwritten' });
  try {
    return realpathSync(folder);
  } catch (cause) {
    throw new DoctorError('HLD_CLI_UNWRITABLE_OUTPUT', { path: output, reason: reasonOf(cause) }, { cause });
  }
}

async function collectSandbox(sandbox: string, options: Options): Promise<ExitCode> {
  const root = runningFolder(sandbox);
  const output = options.output ?? nameOf(root);
  const place = placeOf(output);
  const stop = new AbortController();
  let folder = '';
  // The first signal ends the following, and what is there is packed; the second one ends the program, and the folder stays.
  process.removeAllListeners('SIGINT');
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.on(signal, () => {
      if (!stop.signal.aborted) return stop.abort();
      process.stderr.write(`\nwhat was taken so far is in ${oneLine(folder)}, which analyze reads\n`);
      process.exit(EXIT.interrupted);
    });
  const { collect } = await import('../../live/collect.ts');
  const say = (step: string, at: string): void => {
    folder = at;
    if (options.quiet !== true && process.stderr.isTTY) process.stderr.write(`${step} …\n`);
  };
  try {
    const collected = await collect({
      root,
      output: join(place, basename(output)),
      parent: isInside(place, root) ? tmpdir() : place,
      seconds: options.seconds,
      docker: options.docker,
      all: options.all === true,
      version: version(),
      nodeVersion: process.version,
      signal: stop.signal,
      now: () => performance.now(),
      wall: () => Date.now(),
      time: () => new Date().toISOString(),
      say,
    });
    if (options.quiet !== true) describe(output, collected);
    return collected.interrupted ? EXIT.interrupted : EXIT.ok;
  } catch (cause) {
    if (cause instanceof DoctorError || (cause as NodeJS.ErrnoException).syscall === undefined) throw cause;
    const kept = folder === '' ? '' : `; what was taken is in ${folder}`;
    throw new DoctorError('HLD_CLI_UNWRITABLE_OUTPUT', { path: output, reason: `${reasonOf(cause)}${kept}` }, { cause });
  }
}

function describe(
  output: string,
  { files, bytes, archiveBytes, flushes, leftOut, problems, interrupted }: import('../../live/collect.ts').Collected,
): void {
  const plain = (count: number): string => volume(count).replaceAll('\u00A0', ' ');
  print(
    `${oneLine(output)}: ${files} files of ${plain(bytes)}, packed into ${plain(archiveBytes)}; ${flushes} earlier ${flushes === 1 ? 'flush' : 'flushes'} of telemetry`,
  );
  if (interrupted) print('interrupted: it holds what was there until then');
  for (const problem of problems) print(`not taken: ${oneLine(problem)}`);
  for (const { path, why } of leftOut.slice(0, MOST_LISTED)) print(`left out: ${oneLine(path)}: ${why}`);
  if (leftOut.length > MOST_LISTED) print(`left out: ${leftOut.length - MOST_LISTED} more, listed in _collected/manifest.json`);
  print('Logs stand in it as they were found, with whatever secrets they hold.');
  print(`Next: hotlink-doctor analyze ${oneLine(output)}`);
}

export function addCollect(program: Command, done: (code: ExitCode) => void): void {
  program
    .command('collect')
    .description('freeze the evidence of a running system in an archive that analyze reads')
    .argument('<sandbox>', 'directory of a running system, or of one party of it')
    .option('-o, --output <file>', 'the archive; NAME-TIME.tar.gz here if left out')
    .option(
      '--seconds <n>',
      'follow for so long after the first copy, for a series of telemetry; 0 for none',
      parseSeconds,
      DEFAULT_SECONDS,
    )
    .option('--docker', 'inspection and logs of all containers, not only of those that belong to runs')
    .option('--no-docker', 'do not ask docker')
    .option('--all', 'also files that are not recognised, up to 16 MiB each')
    .option('--quiet', 'say nothing but errors')
    .action(async (sandbox: string, options: Options) => done(await collectSandbox(sandbox, options)));
}
