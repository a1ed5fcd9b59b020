/** The text of docs/investigation.md, from the claims and the stored results of their runs. */
import { PAPER_RUNS, type Claim, type PaperRun, type Select, type Verdict } from './claim.ts';
import { CLAIMS } from './claims.ts';
import { inRepository, RUN_FOLDER } from './lab.ts';
import { readJson, selectKey, type Answers } from './select.ts';

export const RESULTS = inRepository('bench/results/investigation.json');

/** Of one run: what it was made with, and the pieces that claims show of it. */
export interface Stored {
  readonly with: string;
  readonly answers: Answers;
}
export type Results = Readonly<Record<string, Stored>>;

export function readResults(): Results {
  return readJson(RESULTS) as Results;
}

/** What a run was made with, as it is stored. */
export function madeWith({ input, flags }: PaperRun): string {
  return input ?? flags ?? '';
}

/** All pieces that claims show of a run, once each, in a fixed order. */
export function selectsOf(run: string): readonly Select[] {
  const all = CLAIMS.flatMap(({ shows }) => shows.filter((shown) => shown.run === run).flatMap(({ select }) => select));
  const byKey = new Map(all.map((select) => [selectKey(select), select]));
  return [...byKey.keys()].toSorted().flatMap((key) => byKey.get(key) ?? []);
}

/** Runs that have no result, or one of other flags, or not all pieces. */
export function unanswered(results: Results): readonly PaperRun[] {
  return PAPER_RUNS.filter((run) => {
    const stored = results[run.name];
    if (stored === undefined || stored.with !== madeWith(run)) return true;
    return selectsOf(run.name).some((select) => stored.answers[selectKey(select)] === undefined);
  });
}

function commandOf(run: PaperRun): string {
  if (run.input !== undefined) return `hotlink-doctor analyze ${run.input}`;
  return `hotlink-doctor live up ${RUN_FOLDER} ${(run.flags ?? '').replaceAll(/(\S*>\S*)/g, "'$1'")} && hotlink-doctor analyze ${RUN_FOLDER}`;
}

const SIGNS: Readonly<Record<Verdict, string>> = { confirmed: '**Confirmed.**', refuted: '**Refuted.**', undecidable: '**Undecidable.**' };

function shownText(results: Results, { run, select }: Claim['shows'][number]): string {
  const paper = PAPER_RUNS.find(({ name }) => name === run);
  const answers = results[run]?.answers ?? {};
  const lines = select.flatMap((one) => answers[selectKey(one)] ?? ['(not run yet)']);
  return `    ${paper === undefined ? run : commandOf(paper)}\n\n\`\`\`text\n${lines.join('\n')}\n\`\`\``;
}

function claimText(results: Results, claim: Claim): string {
  return [
    `### ${claim.id}`,
    `_${claim.says}_`,
    `${SIGNS[claim.verdict]} ${claim.why}`,
    ...(claim.separates === undefined ? [] : [`What would tell: ${claim.separates}`]),
    ...claim.shows.map((shown) => shownText(results, shown)),
  ].join('\n\n');
}

function summary(): string {
  const rows = CLAIMS.map(({ id, says, verdict }) => `| [${id}](#${id.toLowerCase()}) | ${says.replaceAll('|', '\\|')} | ${verdict} |`);
  return ['| | claim | |', '| --- | --- | --- |', ...rows].join('\n');
}

function counts(): string {
  const of = (verdict: Verdict): number => CLAIMS.filter((claim) => claim.verdict === verdict).length;
  return `${CLAIMS.length} claims: ${of('confirmed')} confirmed, ${of('refuted')} refuted, ${of('undecidable')} undecidable.`;
}

const HEAD = `# The investigation, claim by claim

In February 2026 the authors of hotlink looked for a stall in their own notes, run by run. This goes through everything that those notes claim,
suppose, patch or ask, in their order and in our words, and says whether it holds, with a command for each and the lines that it gave. Samples
are in this repository; live runs are made by \`hotlink-doctor live\` in seconds, with the client and the patches of the day.

**What it was.** A client that answers sends on the session that its peer opened (adoption). The relay takes data from a session's opener
alone and drops the rest without telling the sender. The guard that the investigators had added gives the adopted session up after the first
frame, so that of 1572924 bytes eight were lost: the length in front of a block. The receiver waited for it for ever. Patch E, no adoption over
the WebSocket, cures it alone; the other patches do not. Containers, the second connection of a program, the order of frames, fan-out and
sessions to oneself had no part in it. Every published figure of run 29509799 and the log lines that the notes quote of it follow from this; its logs
themselves were never published, so another cause with the same figures cannot be ruled out by them.

**What stays open.** What stopped the runs of the next morning (29509931 and later), whose totals balance within their rounding; and
everything that only docker could have told.

Written by \`npx tsx tools/investigation.ts write\` from \`bench/results/investigation.json\`; \`run\` makes the runs that are missing.
Times and run ids are those of the stored runs.
`;

export function investigationPage(results: Results): string {
  const headings = [...new Set(CLAIMS.map(({ at }) => at))];
  const sections = headings.map((at) =>
    [`## ${at}`, ...CLAIMS.filter((claim) => claim.at === at).map((claim) => claimText(results, claim))].join('\n\n'),
  );
  return `${[HEAD.trimEnd(), counts(), summary(), ...sections].join('\n\n').trimEnd()}\n`;
}
