import { existsSync } from 'node:fs';
import type { Command } from 'commander';
import type { Baseline, BaselineEntry } from '../../gate/baseline.ts';
import type { Check, Diagnosis } from '../../model/diagnosis.ts';
import { DoctorError } from '../../model/errors.ts';
import { documentsOf } from '../documents.ts';
import { addJudgeOptions, type JudgeOptions } from '../judge.ts';
import { print, visible, writeOutput } from '../output.ts';
import { addPolicyOptions, asOf, baselineOf, parseDate, policyOf, type PolicyOptions } from '../policy.ts';
import { parseTextOrJson, type TextOrJson } from '../format.ts';

const DEFAULT_FILE = 'hotlink-doctor.baseline.json';

interface Options extends JudgeOptions, PolicyOptions {
  baseline: string;
}

interface CreateOptions extends Options {
  reason: string;
  expires?: string;
  issue?: string;
}

async function checksOf(diagnoses: readonly Diagnosis[], options: Options, accepted: readonly BaselineEntry[]): Promise<readonly Check[]> {
  const [{ gateAll }, { BASELINE_SCHEMA }] = await Promise.all([import('../../gate/gate.ts'), import('../../gate/baseline.ts')]);
  const policy = await policyOf(options, diagnoses);
  const baseline: Baseline = { schema: BASELINE_SCHEMA, accepted: [...accepted] };
  return gateAll({ diagnoses, policy, baseline, against: [], asOf: asOf(options) }).flatMap((d) => d.gate.checks);
}

/** Causes before what follows from them: an accepted cause covers its symptoms. */
async function create(inputs: readonly string[], options: CreateOptions): Promise<void> {
  const { isExpired, parseBaseline, printBaseline } = await import('../../gate/baseline.ts');
  const before = existsSync(options.baseline) ? ((await baselineOf(options.baseline))?.accepted ?? []) : [];
  const diagnoses = await documentsOf(inputs, options);
  const folded = new Set(diagnoses.flatMap((d) => d.findings.filter((f) => f.foldedUnder !== undefined).map((f) => f.fingerprint)));
  let entries = before.filter((e) => !isExpired(e, asOf(options)));
  const made: BaselineEntry[] = [];
  for (const turn of ['causes', 'rest'] as const) {
    const failing = (await checksOf(diagnoses, options, entries)).filter((c) => c.outcome === 'failed' && c.fingerprint !== undefined);
    for (const { fingerprint = '', message } of failing) {
      if ((turn === 'causes' && folded.has(fingerprint)) || entries.some((e) => e.fingerprint === fingerprint)) continue;
      const { reason, expires, issue } = options;
      const entry: BaselineEntry = {
        fingerprint,
        reason,
        ...(expires === undefined ? {} : { expires }),
        ...(issue === undefined ? {} : { issue }),
        message: message.replace(/ \(accepted until \d{4}-\d\d-\d\d, which is past: .*\)$/s, ''),
      };
      made.push(entry);
      entries = [...entries, entry];
    }
  }
  // Expired entries that nothing answers to any more stay, and fail as unused: `prune` takes them out.
  const kept = before.filter((e) => !entries.some((x) => x.fingerprint === e.fingerprint));
  const text = printBaseline([...entries, ...kept]);
  // What was given on the command line is checked as if it were read from the file.
  parseBaseline(options.baseline, text);
  writeOutput(options.baseline, text);
  print(visible(`${made.length} accepted, ${entries.length + kept.length} in ${options.baseline}`));
  for (const { fingerprint, message = '' } of made) print(visible(`  ${fingerprint}  ${message}`.replaceAll('\n', ' ')));
  print(`Next: hotlink-doctor gate INPUT --baseline ${visible(options.baseline)}`);
}

function unusedOf(checks: readonly Check[]): ReadonlyMap<string, Check> {
  return new Map(checks.filter((c) => c.kind === 'baseline').map((c) => [c.id.slice('baseline:'.length), c]));
}

async function prune(inputs: readonly string[], options: Options): Promise<void> {
  const { printBaseline } = await import('../../gate/baseline.ts');
  const accepted = (await baselineOf(options.baseline))?.accepted ?? [];
  const unused = unusedOf(await checksOf(await documentsOf(inputs, options), options, accepted));
  const kept = accepted.filter((e) => !unused.has(e.fingerprint));
  if (unused.size > 0) writeOutput(options.baseline, printBaseline(kept));
  print(visible(`${unused.size} taken out, ${kept.length} left in ${options.baseline}`));
  for (const [fingerprint, check] of unused) {
    const unsure = check.message.includes('could not be judged')
      ? '  (its rule could not be judged in this evidence: look before you commit)'
      : '';
    print(visible(`  ${fingerprint}${unsure}`.replaceAll('\n', ' ')));
  }
}

async function show(inputs: readonly string[], options: Options & { format: TextOrJson }): Promise<void> {
  const { isExpired } = await import('../../gate/baseline.ts');
  const accepted = (await baselineOf(options.baseline))?.accepted ?? [];
  const unused = inputs.length === 0 ? undefined : unusedOf(await checksOf(await documentsOf(inputs, options), options, accepted));
  const rows = accepted.map((e) => ({
    ...e,
    state: isExpired(e, asOf(options)) ? 'expired' : unused === undefined ? 'accepted' : unused.has(e.fingerprint) ? 'unused' : 'used',
  }));
  if (options.format === 'json') {
    const { jsonText } = await import('../../report/json.ts');
    return print(jsonText(rows));
  }
  if (rows.length === 0) return print('Nothing is accepted.');
  for (const { state, fingerprint, reason, expires, issue, message } of rows) {
    print(visible(`${state.padEnd(9)} ${fingerprint}`.replaceAll('\n', ' ')));
    const more = [reason, expires === undefined ? '' : `until ${expires}`, issue ?? '', message === undefined ? '' : `was: ${message}`];
    for (const line of more) if (line !== '') print(visible(`          ${line}`.replaceAll('\n', ' ')));
  }
}

export function addBaseline(program: Command): void {
  const baseline = program
    .command('baseline')
    .description('findings that are accepted: create, prune or show the file that gate --baseline reads');
  const withOptions = (command: Command): Command =>
    addJudgeOptions(addPolicyOptions(command.option('--baseline <file>', 'the file', DEFAULT_FILE)))
      .option('--run <id>', 'judge this run instead of the newest')
      .option('--quiet', 'no progress');
  withOptions(
    baseline
      .command('create')
      .description('accept what fails now; entries that are there already keep their reasons, expired ones are renewed')
      .argument('<inputs...>', 'as gate takes them')
      .requiredOption('--reason <text>', 'why it is accepted')
      .option('--expires <date>', 'last day on which it is accepted, YYYY-MM-DD', parseDate)
      .option('--issue <url>', 'where it is being worked on', parseUrl),
  ).action(async (inputs: string[], options: CreateOptions) => create(inputs, options));
  withOptions(
    baseline
      .command('prune')
      .description('take out entries that nothing in these inputs answers to')
      .argument('<inputs...>', 'all inputs that are gated with this file'),
  ).action(async (inputs: string[], options: Options) => prune(inputs, options));
  withOptions(
    baseline
      .command('show')
      .description('list the entries, and with inputs which of them are used')
      .argument('[inputs...]', 'as gate takes them')
      .option('--format <format>', 'text or json', parseTextOrJson, 'text'),
  ).action(async (inputs: string[], options: Options & { format: TextOrJson }) => show(inputs, options));
}

function parseUrl(value: string): string {
  if (!/^https?:\/\/\S+$/.test(value) || !URL.canParse(value))
    throw new DoctorError('HLD_CLI_BAD_OPTION_VALUE', { option: '--issue', value, expected: 'an address that begins with https://' });
  return value;
}
