/** The text of docs/upstream.md, from the mechanisms and the stored results of their runs. */
import { chanceText, outcomeOf, percentUp, verify, type Claim, type VerifyResult, type VerifyRun } from '../../src/live/verify.ts';
import { flagsOf, shellText, type Line } from './lab.ts';
import type { Cure, Mechanism } from './mechanism.ts';
import { plansOf, resultsFor, RUNS, showsIn, type Made, type Side } from './store.ts';

const BIN = 'hotlink-doctor';

export function anchor(title: string): string {
  return title
    .toLowerCase()
    .replaceAll(/[^\w -]/g, '')
    .replaceAll(' ', '-');
}

interface Told {
  readonly m: Mechanism;
  readonly made: readonly Made[];
}

function side(made: readonly Made[], wanted: Side, what = ''): readonly Made[] {
  return made.filter((one) => one.side === wanted && one.what === what);
}

function claimOf({ rule, completes, finding }: Mechanism): Claim {
  return { cause: rule, completes: completes || finding === true };
}

function asVerified({ number, completed, verdict, causes }: Made): VerifyRun {
  return { seed: number, completed, verdict, causes, seconds: 0, kept: null, problem: null };
}

/** What the runs prove of a cure: the statistics of `live verify`. */
export function proofOf({ m, made }: Told, { settings }: Cure): VerifyResult {
  const runs = (wanted: Side, what = ''): readonly VerifyRun[] => side(made, wanted, what).map(asVerified);
  return verify(m.scenario, claimOf(m), { settings: m.more, runs: runs('before') }, { settings, runs: runs('after', settings) });
}

export interface InEra {
  readonly era: string;
  readonly shown: boolean;
  readonly runs: number;
  /** Rule of what stopped the runs instead; null: they completed. */
  readonly other: string | null;
}

/** Eras in which it shows, in which it does not, and in how many runs. */
export function erasOf({ m, made }: Told): readonly InEra[] {
  return m.eras.map((era) => {
    const runs = side(made, 'era', era);
    const stopped = runs.find((run) => !run.completed);
    const other = stopped === undefined ? null : (stopped.causes[0]?.rule ?? 'nothing that is named');
    return { era, shown: runs.some((run) => showsIn(m, run)), runs: runs.length, other };
  });
}

function shownIn(told: Told): string {
  const shown = erasOf(told).flatMap(({ era, shown }) => (shown ? [era] : []));
  return shown.length === 0 ? 'none' : shown.join(', ');
}

function code(text: string): string {
  return `\`${text}\``;
}

function row(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [row(head), row(head.map(() => '---')), ...rows.map(row)].join('\n');
}

const SHORT = { proven: 'proven', 'not-proven': 'not proven', inconclusive: 'open' } as const;

function tally({ before, after, conclusion }: VerifyResult, isControl: boolean): string {
  const counts = `${before.shown} of ${before.done} show it`;
  if (isControl) return `control: ${counts}, ${after.failed} of ${after.done} without the fault`;
  return `${SHORT[conclusion]}: ${counts}, ${after.failed} of ${after.done} fail after`;
}

function summary(told: readonly Told[]): string {
  const rows = told.map((one) => {
    const { m } = one;
    const [cure] = m.cures;
    const how = m.control === true ? 'none known' : code(cure?.settings ?? '');
    return [
      `[${m.id}](#${anchor(m.id)})`,
      m.failures.join(', '),
      shownIn(one),
      how,
      cure === undefined ? '' : tally(proofOf(one, cure), m.control === true),
    ];
  });
  return table(['mechanism', 'failure', 'shows in', 'cure', 'by runs'], rows);
}

function eraWord({ shown, runs, other }: InEra): string {
  if (runs === 0) return 'not run';
  if (shown) return 'yes';
  if (other !== null) return `no: ${other}`;
  return runs === 1 ? 'no' : `no, in ${runs} runs`;
}

function eraTable(told: Told): string {
  const eras = erasOf(told);
  return table(
    eras.map(({ era }) => era),
    [eras.map(eraWord)],
  );
}

export function lineText({ source, line, text }: Line): string {
  return `${source}${line === null ? '' : `:${line}`}  ${text}`;
}

function block(text: string): string {
  return `\`\`\`text\n${text}\n\`\`\``;
}

function commands(m: Mechanism): string {
  const flags = flagsOf(m.more);
  return [`    ${[BIN, 'live up ./run --scenario', m.scenario, shellText(flags)].join(' ').trimEnd()}`, `    ${BIN} analyze ./run`].join(
    '\n',
  );
}

function verifyCommand(m: Mechanism, { settings }: Cure): string {
  const before = m.more === '' ? [] : ['--before', m.more];
  return shellText([BIN, 'live', 'verify', m.scenario, ...before, '--after', `${m.more} ${settings}`.trim(), '--runs', String(RUNS.proof)]);
}

function cureText(told: Told, cure: Cure): string {
  const { m } = told;
  const { before, after, conclusion, because, byChance } = proofOf(told, cure);
  if (before.done === 0 || after.done === 0) return `- ${code(cure.settings)}: ${cure.why}. Not run yet.`;
  const counts = `${before.shown} of ${before.done} runs show it before, ${after.failed} of ${after.done} runs fail after`;
  const proof =
    conclusion === 'proven'
      ? `**${m.control === true ? 'The fault makes it' : 'Proven'}**: ${counts} (failure rate below ${percentUp(after.rate.atMost)} with 95 % confidence; by chance p = ${chanceText(byChance)})`
      : `**${conclusion === 'not-proven' ? 'Not proven' : 'Open'}**: ${counts}; ${because}`;
  // A finding that explains nothing is no cause, and live verify looks at causes.
  const how = m.finding === true ? '' : `\n\n      ${verifyCommand(m, cure)}\n`;
  return `- ${code(cure.settings)}: ${cure.why}. ${proof}.${how}`;
}

function notEnoughText({ m, made }: Told, { settings, why }: Cure): string {
  const runs = side(made, 'not-enough', settings);
  const outcomes = [...new Set(runs.map((run) => outcomeOf(asVerified(run), claimOf(m))))].join('; ');
  const bad = runs.filter((run) => !run.completed || showsIn(m, run)).length;
  return runs.length === 0
    ? `- ${code(settings)}: ${why}. Not run yet.`
    : `- ${code(settings)}: ${why}. ${bad} of ${runs.length} runs fail (${outcomes}).`;
}

function section(told: Told): string {
  const { m, made } = told;
  const evidence = side(made, 'before').find((run) => run.evidence !== undefined);
  const first = evidence?.causes.find(({ rule }) => rule === m.rule);
  const where = first === undefined ? '' : `, here at ${code(first.where)}`;
  const recorded =
    m.recording === null
      ? 'Nobody has recorded it on the real system.'
      : `A recording of the real system shows the same: ${code(m.recording)}.`;
  return [
    `## ${m.id}`,
    `**${m.title}.** Failure ${m.failures.join(', ')}; \`analyze\` says ${code(m.rule)}${where}. ${recorded}`,
    m.what,
    eraTable(told),
    ...(m.eraNote === undefined ? [] : [m.eraNote]),
    'Make it:',
    commands(m),
    'Lines of such a run:',
    block((evidence?.evidence ?? []).map(lineText).join('\n')),
    m.control === true ? 'No switch of the lab cures it. The same run without the fault:' : 'What cures it:',
    m.cures.map((cure) => cureText(told, cure)).join('\n'),
    ...(m.notEnough === undefined ? [] : ['Not enough:', m.notEnough.map((cure) => notEnoughText(told, cure)).join('\n')]),
    `To mend: ${m.mend.slice(0, 1).toLowerCase()}${m.mend.slice(1)}`,
  ].join('\n\n');
}

const HEAD = `# Failure mechanisms of hotlink

For those who write hotlink. Each mechanism is made by \`hotlink-doctor live\`: our own relay and clients, over real sockets, with the real
protocol, which act like a version of the client (an era, E1 to E6) or differ from it in one switch ([live](live.md) lists both). So a
mechanism can be shown with everything else unchanged, and so can its cure. What ours is compared with stands in
[real-system](real-system.md). Failures have the numbers of [failures](failures.md).

A cure is proven when the failure shows before it, no run fails after it in whatever way, and such a difference comes by chance in fewer
than one case in twenty (Fisher's exact test). Bounds are those of Clopper and Pearson. They hold for the programs and settings of these
runs. E1, E1b and E3 ran with a relay of their time (S1), later eras with S2.

Written by \`npx tsx tools/upstream.ts write\` from the stored runs in \`bench/results/upstream.ndjson\`; \`run\` makes those that are missing.
`;

export function toldOf(mechanisms: readonly Mechanism[]): readonly Told[] {
  return mechanisms.map((m) => ({ m, made: resultsFor(plansOf(m)) }));
}

export function upstreamPage(mechanisms: readonly Mechanism[]): string {
  const told = toldOf(mechanisms);
  return `${[HEAD, summary(told), ...told.map(section)].join('\n\n').replaceAll('\n\n\n', '\n\n').trimEnd()}\n`;
}
