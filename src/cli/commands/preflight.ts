import type { Command } from 'commander';
import { DoctorError } from '../../model/errors.ts';
import { choices } from '../../util/suggest.ts';
import type { PreflightReport } from '../../model/preflight.ts';
import { addAlsoOption, type AlsoOptions } from '../also.ts';
import { EXIT, type ExitCode } from '../exit.ts';
import { openInput } from '../input.ts';
import { print, startProgress, terminalWidth, wantsColor } from '../output.ts';

const FORMATS = ['text', 'json'] as const;
type Format = (typeof FORMATS)[number];

interface Options extends AlsoOptions {
  format: Format;
  run?: string;
  ascii?: boolean;
  color?: boolean;
}

function parseFormat(value: string): Format {
  const format = FORMATS.find((known) => known === value);
  if (format === undefined)
    throw new DoctorError('HLD_CLI_BAD_OPTION_VALUE', { option: '--format', value, expected: choices(value, FORMATS) });
  return format;
}

async function judge(input: string, { run, also }: Options): Promise<PreflightReport> {
  const opened = await openInput(input, { also, progress: startProgress(false) });
  const { store, files } = opened;
  try {
    const [{ excerptReader }, { buildCase }, { runIds }, { reportPreflight }] = await Promise.all([
      import('../../ingest/excerpts.ts'),
      import('../../rules/facts/build.ts'),
      import('../../rules/diagnose.ts'),
      import('../../rules/preflight.ts'),
    ]);
    const known = run === undefined ? [] : await runIds(store.query);
    if (run !== undefined && !known.includes(run)) throw new DoctorError('HLD_RUN_NO_SUCH_RUN', { run, known });
    const c = await buildCase(store.query, run === undefined ? {} : { run });
    return await reportPreflight(c, excerptReader(files, store));
  } finally {
    opened.close();
  }
}

export function exitCodeOf(report: PreflightReport): ExitCode {
  if (!report.judged) return EXIT.inconclusive;
  return report.results.some((r) => r.outlook === 'will-fail') ? EXIT.findings : EXIT.ok;
}

async function preflight(input: string, options: Options): Promise<ExitCode> {
  const report = await judge(input, options);
  if (options.format === 'json') print(JSON.stringify(report, null, 2));
  else {
    const { renderPreflight } = await import('../../report/preflight.ts');
    const color = wantsColor(options.color, process.env, process.stdout.isTTY);
    print(renderPreflight(report, { width: terminalWidth(process.stdout.columns), color, ascii: options.ascii === true }));
  }
  return exitCodeOf(report);
}

export function addPreflight(program: Command, done: (code: ExitCode) => void): void {
  const command = program
    .command('preflight')
    .description('before a long run: which direction will fail, by markers, access lists, ports, versions and modes')
    .argument('<input>', 'sandbox directory, archive, - or a database saved with analyze --db')
    .option('--format <format>', 'text or json', parseFormat, 'text')
    .option('--run <id>', 'judge this run instead of the newest')
    .option('--ascii', 'plain ASCII in the text')
    .option('--color', 'colour even when stdout is not a terminal')
    .option('--no-color', 'no colour');
  addAlsoOption(command).action(async (input: string, options: Options) => done(await preflight(input, options)));
}
