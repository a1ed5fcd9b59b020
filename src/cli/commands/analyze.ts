import { basename, resolve } from 'node:path';
import type { Command } from 'commander';
import type { Diagnosis } from '../../model/diagnosis.ts';
import { DoctorError } from '../../model/errors.ts';
import { choices } from '../../util/suggest.ts';
import { largest } from '../../util/extent.ts';
import { EXIT, type ExitCode } from '../exit.ts';
import {
  deliver,
  DETAIL_HELP,
  FORMAT_HELP,
  layoutFor,
  parseTarget,
  refusePage,
  targetsOf,
  wantsDetail,
  writeTarget,
  type FormatOptions,
} from '../formats.ts';
import { addJudgeOptions, judge, type JudgeOptions } from '../judge.ts';
import { addLayoutOptions } from '../layout.ts';
import { loadOwnRules } from '../own-rules.ts';
import { judgeEach, nameInputs, partsOf } from '../several.ts';

const LIMITS = ['error', 'warning', 'info', 'inconclusive'] as const;
type Limit = (typeof LIMITS)[number];

interface Options extends JudgeOptions, FormatOptions {
  failOn: Limit[];
  profile?: boolean;
}

function parseLimit(value: string, before: Limit[]): Limit[] {
  const limit = LIMITS.find((known) => known === value);
  if (limit === undefined) {
    throw new DoctorError('HLD_CLI_BAD_OPTION_VALUE', { option: '--fail-on', value, expected: choices(value, LIMITS) });
  }
  return [...before, limit];
}

/**
 * The exit code that --fail-on asks for. The verdict counts beside the findings, so that a failed run without an error
 * among its findings does not pass; `inconclusive` includes `error`, since a person who refuses doubt refuses failure.
 */
export function exitCodeFor(diagnoses: readonly Diagnosis[], limits: readonly Limit[]): ExitCode {
  if (limits.length === 0) return EXIT.ok;
  const rank = { error: 3, warning: 2, info: 1, inconclusive: 3 };
  const bar = Math.min(...limits.map((limit) => rank[limit]));
  const reached = ({ verdict, findings, causes }: Diagnosis): number => {
    const byVerdict = verdict === 'failed' ? rank.error : verdict === 'degraded' ? rank.warning : 0;
    return Math.max(byVerdict, largest([...causes, ...findings].map((finding) => rank[finding.severity])));
  };
  if (diagnoses.some((diagnosis) => reached(diagnosis) >= bar)) return EXIT.findings;
  if (limits.includes('inconclusive') && diagnoses.some(({ verdict }) => verdict === 'inconclusive')) return EXIT.inconclusive;
  return EXIT.ok;
}

/** Several inputs: a line each and how they compare. `folder`: the one that holds them all. */
async function analyzeSeveral(paths: readonly string[], options: Options, folder?: string): Promise<ExitCode> {
  if (options.db !== undefined) {
    const expected = 'a file only with one input; keep each input in a database of its own';
    throw new DoctorError('HLD_CLI_BAD_OPTION_VALUE', { option: '--db', value: options.db, expected });
  }
  refusePage(options, 'several inputs');
  // A rule that cannot be read is one error, not one for each input.
  await loadOwnRules(options.rules);
  const targets = targetsOf(options);
  // Text is a line an input and JSON comes as it is judged; the other formats need all documents at once.
  const whole = targets.filter(({ format }) => format.name !== 'text' && format.name !== 'json');
  const kept: Diagnosis[] = [];
  const { lines, code } = await judgeEach(
    nameInputs(paths),
    targets.filter(({ format }) => format.name === 'json').map(({ file }) => file),
    async (path) => judge(path, options),
    (diagnoses) => exitCodeFor(diagnoses, options.failOn),
    options.allRuns === true,
    whole.length === 0 ? undefined : (diagnosis) => kept.push(diagnosis),
  );
  const { renderSeveral } = await import('../../report/several.ts');
  for (const target of targets)
    if (target.format.name === 'text')
      deliver(renderSeveral(lines, layoutFor(target, options), folder === undefined ? undefined : basename(resolve(folder))), target);
  for (const target of whole) await writeTarget(kept, target, options);
  return code;
}

async function analyze(inputs: readonly string[], options: Options): Promise<ExitCode> {
  const [input = ''] = inputs;
  if (inputs.length > 1) return analyzeSeveral(inputs, options);
  if (options.allRuns === true) refusePage(options, '--all-runs');
  const started = performance.now();
  const profile = options.profile === true ? new (await import('../profile.ts')).Profile() : undefined;
  let diagnoses: Diagnosis[];
  try {
    diagnoses = await judge(input, { ...options, detail: wantsDetail(options) }, profile);
  } catch (error) {
    const parts = options.db === undefined ? partsOf(error) : [];
    if (parts.length === 0) throw error;
    return analyzeSeveral(parts, options, input);
  }
  for (const target of targetsOf(options)) await writeTarget(diagnoses, target, options, options.allRuns === true);
  profile?.lap('report');
  process.stderr.write(profile?.render() ?? '');
  if (options.verbose === true) process.stderr.write(`judged in ${Math.round(performance.now() - started)} ms\n`);
  return exitCodeFor(diagnoses, options.failOn);
}

export function addAnalyze(program: Command, done: (code: ExitCode) => void): void {
  const command = program
    .command('analyze')
    .description('say what happened in a run: verdict, flows, causes with their evidence, what to do')
    .argument('<inputs...>', 'sandbox directory, file, archive (.tar.gz, .zip, .gz), - or a database saved with --db; several are compared')
    .option('--format <x[=file]>', FORMAT_HELP, parseTarget)
    .option('--detail', DETAIL_HELP)
    .option('--db <file>', 'keep what was read as a DuckDB database, which analyze and query open without the logs')
    .option('--run <id>', 'judge this run instead of the newest')
    .option('--all-runs', 'judge every run; json prints one diagnosis a line');
  addJudgeOptions(command)
    .option('--fail-on <limit>', 'exit 1 at error, warning or info, 3 at inconclusive; may be repeated', parseLimit, [])
    .option('--quiet', 'no progress, and no text unless --format asks for it')
    .option('--verbose', 'show everything that was found, and the time it took')
    .option('--profile', 'print to stderr where the time went: stages, rules, statements; one input');
  addLayoutOptions(command).action(async (inputs: string[], options: Options) => done(await analyze(inputs, options)));
}
