import { basename, resolve } from 'node:path';
import type { Command } from 'commander';
import type { Diagnosis } from '../../model/diagnosis.ts';
import { DoctorError } from '../../model/errors.ts';
import { addAlsoOption, type AlsoOptions } from '../also.ts';
import { EXIT, type ExitCode } from '../exit.ts';
import { mask } from '../../ingest/mask.ts';
import { openInput, TEMPLATES_HELP } from '../input.ts';
import { parseWidth } from '../layout.ts';
import { loadOwnRules, ownRulesOf, RULES_OPTION } from '../own-rules.ts';
import { MIN_WIDTH, print, startProgress, terminalWidth, wantsColor, writeOutput } from '../output.ts';
import { largest } from '../../util/extent.ts';
import type { Profile } from '../profile.ts';
import { judgeEach, nameInputs, partsOf } from '../several.ts';

const FORMATS = ['text', 'json', 'html'] as const;
const LIMITS = ['error', 'warning', 'info', 'inconclusive'] as const;

interface Target {
  readonly format: (typeof FORMATS)[number];
  /** undefined: stdout. */
  readonly file?: string;
}
type Limit = (typeof LIMITS)[number];

interface Options extends AlsoOptions {
  format?: Target[];
  db?: string;
  run?: string;
  allRuns?: boolean;
  detail?: boolean;
  relayZone?: string;
  rules?: string;
  templates?: string;
  note: string[];
  failOn: Limit[];
  width?: number;
  ascii?: boolean;
  color?: boolean;
  quiet?: boolean;
  verbose?: boolean;
  profile?: boolean;
}

function parseTarget(value: string, before: Target[] = []): Target[] {
  const [name = '', ...rest] = value.split('=');
  const format = FORMATS.find((known) => known === name);
  const file = rest.join('=');
  if (format === undefined || (value.includes('=') && file === '')) {
    const expected = FORMATS.map((known) => `${known} or ${known}=FILE`).join(', ');
    throw new DoctorError('HLD_CLI_BAD_OPTION_VALUE', { option: '--format', value, expected });
  }
  return [...before, file === '' ? { format } : { format, file }];
}

function parseLimit(value: string, before: Limit[]): Limit[] {
  const limit = LIMITS.find((known) => known === value);
  if (limit === undefined) {
    throw new DoctorError('HLD_CLI_BAD_OPTION_VALUE', { option: '--fail-on', value, expected: LIMITS.join(', ') });
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

function layoutFor({ file }: Target, options: Options): { width: number; color: boolean; ascii: boolean } {
  return {
    width: options.width ?? terminalWidth(file === undefined ? process.stdout.columns : undefined),
    color: file === undefined ? wantsColor(options.color, process.env, process.stdout.isTTY) : options.color === true,
    ascii: options.ascii === true,
  };
}

/** So that the document does not depend on what else was asked for. */
function withoutDetail(diagnosis: Diagnosis): Diagnosis {
  const { detail: _, ...rest } = diagnosis;
  return rest;
}

/** A page shows one run of one input. */
function refusePageOf(what: string, options: Options): void {
  if (options.format?.some(({ format }) => format === 'html') !== true) return;
  throw new DoctorError('HLD_CLI_BAD_OPTION_VALUE', {
    option: '--format',
    value: 'html',
    expected: `text or json with ${what}; a page shows one run of one input`,
  });
}

async function render(diagnoses: readonly Diagnosis[], target: Target, options: Options): Promise<string> {
  if (target.format === 'json') {
    const { renderJson } = await import('../../report/json.ts');
    const shown = options.detail === true ? diagnoses : diagnoses.map(withoutDetail);
    return shown.map((diagnosis) => renderJson(diagnosis, options.allRuns === true ? 0 : 2)).join('');
  }
  if (target.format === 'html') {
    const [{ renderHtml }, { loadPageAssets }] = await Promise.all([import('../../report/html/page.ts'), import('../html-assets.ts')]);
    const assets = loadPageAssets();
    return diagnoses.map((diagnosis) => renderHtml(diagnosis, assets)).join('');
  }
  const { renderTerminal } = await import('../../report/terminal.ts');
  const layout = { ...layoutFor(target, options), verbose: options.verbose === true };
  return diagnoses.map((diagnosis) => renderTerminal(diagnosis, layout)).join('\n');
}

async function judge(input: string, options: Options, profile?: Profile): Promise<Diagnosis[]> {
  profile?.lap('start');
  const quiet = options.quiet === true;
  const ownRules = await loadOwnRules(options.rules);
  const { db: database, relayZone, also, templates } = options;
  // Compiled while the database starts.
  const rules = Promise.all([import('../../ingest/excerpts.ts'), import('../../rules/diagnose.ts')]);
  const opened = await openInput(input, { database, relayZone, also, templates, progress: startProgress(quiet), lap: profile?.lap });
  const { store, files } = opened;
  try {
    const [{ excerptReader }, { diagnose, runIds }] = await rules;
    const excerpts = excerptReader(files, store);
    const query = profile?.timed(store.query) ?? store.query;
    profile?.lap('load rules');
    const known = options.allRuns === true || options.run !== undefined ? await runIds(store.query) : [];
    if (options.run !== undefined && !known.includes(options.run))
      throw new DoctorError('HLD_RUN_NO_SUCH_RUN', { run: options.run, known });
    const chosen: readonly (string | undefined)[] = options.allRuns === true && known.length > 0 ? known : [options.run];
    const own = ownRulesOf(ownRules, store);
    const diagnoses: Diagnosis[] = [];
    const detail = options.detail === true || options.format?.some(({ format }) => format === 'html') === true;
    for (const run of chosen) {
      const notes = options.note.map(mask);
      diagnoses.push(
        await diagnose(query, excerpts, {
          notes,
          own,
          detail,
          ...(run !== undefined && { run }),
          ...(profile !== undefined && { lap: profile.lap }),
        }),
      );
      profile?.lap('write diagnosis');
    }
    return diagnoses;
  } finally {
    opened.close();
  }
}

function targetsOf(options: Options): readonly Target[] {
  return options.format ?? (options.quiet === true ? [] : [{ format: 'text' } as const]);
}

function write(text: string, { file }: Target): void {
  if (file === undefined) print(text);
  else writeOutput(file, text);
}

/** Several inputs: a line each and how they compare. `folder`: the one that holds them all. */
async function analyzeSeveral(paths: readonly string[], options: Options, folder?: string): Promise<ExitCode> {
  if (options.db !== undefined) {
    const expected = 'a file only with one input; keep each input in a database of its own';
    throw new DoctorError('HLD_CLI_BAD_OPTION_VALUE', { option: '--db', value: options.db, expected });
  }
  refusePageOf('several inputs', options);
  // A rule that cannot be read is one error, not one for each input.
  await loadOwnRules(options.rules);
  const targets = targetsOf(options);
  const { lines, code } = await judgeEach(
    nameInputs(paths),
    targets.filter(({ format }) => format === 'json').map(({ file }) => file),
    async (path) => judge(path, options),
    (diagnoses) => exitCodeFor(diagnoses, options.failOn),
    options.allRuns === true,
  );
  const { renderSeveral } = await import('../../report/several.ts');
  for (const target of targets)
    if (target.format === 'text')
      write(renderSeveral(lines, layoutFor(target, options), folder === undefined ? undefined : basename(resolve(folder))), target);
  return code;
}

async function analyze(inputs: readonly string[], options: Options): Promise<ExitCode> {
  const [input = ''] = inputs;
  if (inputs.length > 1) return analyzeSeveral(inputs, options);
  if (options.allRuns === true) refusePageOf('--all-runs', options);
  const started = performance.now();
  const profile = options.profile === true ? new (await import('../profile.ts')).Profile() : undefined;
  let diagnoses: Diagnosis[];
  try {
    diagnoses = await judge(input, options, profile);
  } catch (error) {
    const parts = options.db === undefined ? partsOf(error) : [];
    if (parts.length === 0) throw error;
    return analyzeSeveral(parts, options, input);
  }
  for (const target of targetsOf(options)) write(await render(diagnoses, target, options), target);
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
    .option('--format <x[=file]>', 'text, json or html, to stdout or to a file; may be repeated', parseTarget)
    .option('--db <file>', 'keep what was read as a DuckDB database, which analyze and query open without the logs')
    .option('--run <id>', 'judge this run instead of the newest')
    .option('--all-runs', 'judge every run; json prints one diagnosis a line')
    .option('--detail', 'with series over time, frames and more context in the json; html has them always')
    .option('--relay-zone <zone>', "zone of the relay's local time: minutes, ±HH:MM or a name; found from the evidence if left out")
    .option('--templates <file>', TEMPLATES_HELP)
    .option(
      '--note <text>',
      "what you saw yourself, as evidence: 'stood still 15 min'; may be repeated",
      (value, before: string[]) => [...before, value],
      [],
    )
    .option(...RULES_OPTION)
    .option('--fail-on <limit>', 'exit 1 at error, warning or info, 3 at inconclusive; may be repeated', parseLimit, [])
    .option('--width <columns>', `columns of the text, at least ${MIN_WIDTH}`, parseWidth)
    .option('--ascii', 'plain ASCII in the text')
    .option('--color', 'colour even when stdout is not a terminal')
    .option('--no-color', 'no colour')
    .option('--quiet', 'no progress, and no text unless --format asks for it')
    .option('--verbose', 'show everything that was found, and the time it took')
    .option('--profile', 'print to stderr where the time went: stages, rules, statements; one input');
  addAlsoOption(command).action(async (inputs: string[], options: Options) => done(await analyze(inputs, options)));
}
