/** What the investigation paper says of one claim of the investigators' notes, as data; and the runs by which it is judged. */

/** A piece of a judged run that a page shows. */
export type Select =
  | { readonly show: 'verdict' }
  /** The first cause and a few of its lines; with `rule` the finding of that rule. */
  | { readonly show: 'cause'; readonly rule?: string; readonly most?: number }
  | { readonly show: 'flow'; readonly from: string; readonly to: string }
  | { readonly show: 'telemetry'; readonly party: string; readonly keys: readonly string[] }
  /** Sessions of a party in its telemetry: on which path, and who is said to be the peer. */
  | { readonly show: 'peers'; readonly party: string }
  | { readonly show: 'log'; readonly log: string; readonly match: string; readonly most: number }
  /** How many lines of a log match. */
  | { readonly show: 'count'; readonly log: string; readonly match: string }
  /** How the programs of a live run ended. */
  | { readonly show: 'programs' }
  /** Why something is not the case, as analyze says it. */
  | { readonly show: 'excluded'; readonly rule: string; readonly match?: string };

export interface Shown {
  /** Name of a run. */
  readonly run: string;
  readonly select: readonly Select[];
}

export type Verdict = 'confirmed' | 'refuted' | 'undecidable';

export interface Claim {
  readonly id: string;
  /** Heading of the notes under which it stands. */
  readonly at: string;
  /** In our words. */
  readonly says: string;
  readonly verdict: Verdict;
  readonly why: string;
  /** Of what is undecidable: what would tell the possibilities apart. */
  readonly separates?: string;
  readonly shows: readonly Shown[];
}

/** A run that claims are judged by: a sample that is read, or flags of `live up`. */
export interface PaperRun {
  readonly name: string;
  readonly input?: string;
  readonly flags?: string;
}

function sample(name: string): PaperRun {
  return { name, input: `samples/${name}` };
}

function live(name: string, flags: string): PaperRun {
  return { name, flags };
}

/** The published programs, with a client that reads in pieces as that one did. */
function seed(name: string, client: string, more = ''): PaperRun {
  return live(name, `--scenario seed-29509799 --era ${client}/burst-ms=1000 --patience 10${more}`);
}

export const PAPER_RUNS: readonly PaperRun[] = [
  sample('published-29509775'),
  sample('published-29509799'),
  sample('published-29509931'),
  sample('published-29509970'),
  sample('published-plateau'),
  sample('stall-e3-debug'),
  sample('healthy'),
  sample('console-unroutable'),
  sample('stale-containers'),
  { name: 'mount-error', input: 'tools/papers/told/mount-error.txt' },
  { name: 'failed-step', input: 'tools/papers/told/failed-step.txt' },
  live('two-party-stall', '--scenario two-party-stall'),
  live('published-stall', '--scenario published-stall'),
  live('no-adoption', '--scenario published-stall --switch adoption=never'),
  live('probe-poisons', '--scenario probe-poisons'),
  live('probe-mended', '--scenario probe-poisons --switch adoption=never --switch writers=standby'),
  live('stranger', '--era E6 --parties client1+client2 --fault probe:client2>client1 --patience 14'),
  live('open-denied', '--scenario acl-denied --parties client1+client2'),
  live('adoption-p2p', '--era E4 --parties client1+client2 --p2p-only --transport webrtc --order connection --debug'),
  live('directional', '--era E5b --order connection'),
  live('swapped', '--scenario wrong-peer-key --parties client1+client2 --fault none --patience 8'),
  live('seed', '--scenario seed-29509799 --debug'),
  seed('seed-relay-lines', 'E3+C+D', ' --relay-version S2 --debug'),
  seed('seed-E3', 'E3'),
  seed('seed-B', 'E3+B'),
  seed('seed-C', 'E3+C'),
  seed('seed-D', 'E3+D'),
  seed('seed-E', 'E3+E'),
  seed('seed-F', 'E3+F'),
  seed('seed-G', 'E3+G'),
  seed('seed-frm', 'E3+frm', ' --debug'),
  seed('seed-C-D-E', 'E3+C+D+E'),
  seed('seed-all-but-E', 'E3+C+D+F+G+frm'),
  seed('seed-frm-guard', 'E3+D+frm/guard=own-inbound', ' --debug'),
  seed('seed-session-order', 'E3+C+D/reorder-key=session'),
  live('seed-E5b', '--scenario seed-29509799 --era E5b/burst-ms=1000 --relay-version S2 --patience 10'),
];
