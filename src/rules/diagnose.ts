/** From the store to the Diagnosis: assemble the case, run every rule, fold, judge, describe. */
import type { Diagnosis, Exclusion, Finding, RuleVerdict } from '../model/diagnosis.ts';
import { DIAGNOSIS_SCHEMA } from '../model/schema-id.ts';
import type { Query } from '../store/sql.ts';
import {
  describeAccounting,
  describeClocks,
  describeFigures,
  describeFlow,
  describeParties,
  describeRun,
  describeSequence,
  describeSessions,
  describeTimeline,
  noteBlocks,
} from './engine/describe.ts';
import { describeDetail } from './engine/detail.ts';
import { EvidenceWriter, type ExcerptReader } from './engine/evidence.ts';
import { refuteLookAlikes } from './engine/exclusions.ts';
import { fold, type Folded, type Found } from './engine/fold.ts';
import { dependsOnHotlink, missingNeeds } from './engine/needs.ts';
import type { Draft, Rule } from './engine/rule.ts';
import { describeWaits } from './engine/waits.ts';
import { Steps } from './engine/steps.ts';
import { missingEvidence } from './engine/missing.ts';
import { judge } from './engine/verdict.ts';
import { buildCase, type BuildOptions } from './facts/build.ts';
import type { CaseFile } from './facts/case-file.ts';
import { directTcp } from './facts/runner.ts';
import { listRuns } from './facts/window.ts';
import { RULES } from './index.ts';

/** With plain TCP (H1) hotlink's counters are 0 by design, and no state of it has a part in the run. */
const PAST_HOTLINK = 'the programs spoke plain TCP past hotlink';

export interface DiagnoseOptions extends BuildOptions {
  /** Further rules, made for this case: a user's own. */
  readonly own?: (c: CaseFile) => Promise<readonly Rule[]>;
  /** Told the name of each stage when it is over, `rule ID` for a rule. */
  readonly lap?: (stage: string) => void;
  /** With the part that only pages draw. */
  readonly detail?: boolean;
}

export async function diagnose(query: Query, excerpts: ExcerptReader, options: DiagnoseOptions = {}): Promise<Diagnosis> {
  const c = await buildCase(query, options);
  options.lap?.('facts');
  return diagnoseCase(c, query, excerpts, (await options.own?.(c)) ?? [], options);
}

/** Ids of all runs, newest first. */
export async function runIds(query: Query): Promise<readonly string[]> {
  return (await listRuns(query)).map((r) => r.id);
}

export async function diagnoseCase(
  c: CaseFile,
  query: Query,
  excerpts: ExcerptReader,
  own: readonly Rule[] = [],
  { lap, detail }: Pick<DiagnoseOptions, 'lap' | 'detail'> = {},
): Promise<Diagnosis> {
  const { found, verdicts } = runRules(c, own.length === 0 ? RULES : [...RULES, ...own], lap);
  const folded = fold(found);
  const roots = folded.causes.map((x) => x.found);
  const judged = judge(c, roots);
  const write = new EvidenceWriter(c, excerpts);
  const flows = c.directions.map((d) => describeFlow(d));
  noteBlocks(flows);
  const leading = folded.causes.filter((x) => x.found.draft.severity !== 'info');
  const causes = await Promise.all(leading.map((x) => writeFinding(x.found, folded, write, true)));
  const findings = await Promise.all(found.map((f) => writeFinding(f, folded, write, false)));
  return {
    schema: DIAGNOSIS_SCHEMA,
    verdict: judged.verdict,
    because: judged.because,
    run: describeRun(c),
    parties: await describeParties(c, write),
    relay: c.relay === null ? null : { log: c.relay.source.path, version: c.relay.version, zone: zoneText(c.relay.source.zoneMinutes) },
    clocks: describeClocks(c),
    flows,
    causes,
    findings,
    excluded: await writeExclusions(c, roots[0], found, write),
    waits: await describeWaits(c, write),
    sessions: describeSessions(c),
    sequence: describeSequence(c, roots[0]?.draft.at),
    unexplained: unexplained(c, roots),
    contradictions: [...c.contradictions],
    missingEvidence: missingEvidence(c),
    verdicts: [...verdicts],
    accounting: await describeAccounting(query),
    timeline: describeTimeline(c),
    figures: await describeFigures(c, judged.verdict === 'failed', write),
    ...(detail === true ? { detail: await describeDetail(c, query, causes, write) } : {}),
  };
}

/** A throw inside a rule is that rule's verdict; the others go on. */
export function runRules(
  c: CaseFile,
  rules: readonly Rule[],
  lap?: (stage: string) => void,
): { readonly found: readonly Found[]; readonly verdicts: readonly RuleVerdict[] } {
  const found: Found[] = [];
  const verdicts: RuleVerdict[] = [];
  const bypassed = directTcp(c).length > 0;
  for (const rule of rules) {
    const id = rule.meta.id;
    try {
      const judgement = bypassed && dependsOnHotlink(rule) ? { notApplicable: PAST_HOTLINK } : rule.judge(c, new Steps(false));
      if ('notApplicable' in judgement) {
        verdicts.push({ rule: id, verdict: 'not-applicable', reason: judgement.notApplicable });
        continue;
      }
      for (const draft of judgement) {
        if (draft.evidence.length === 0) throw new Error(`${id} found something without evidence`);
        found.push({ rule, draft, fingerprint: fingerprintOf(c, id, draft, found) });
      }
      const missing = missingNeeds(c, rule);
      if (judgement.length > 0) verdicts.push({ rule: id, verdict: 'found', reason: judgement[0]?.message ?? '' });
      else if (missing.length > 0)
        verdicts.push({ rule: id, verdict: 'insufficient-data', reason: `needs ${missing.join(', ').replaceAll('|', ' or ')}` });
      else verdicts.push({ rule: id, verdict: 'clear', reason: rule.meta.blindTo });
    } catch (error) {
      verdicts.push({ rule: id, verdict: 'errored', reason: error instanceof Error ? error.message : String(error) });
    } finally {
      lap?.(`rule ${id}`);
    }
  }
  return { found, verdicts };
}

/** Rule and roles only, so that it survives a re-run under other names; a counter tells equal ones apart. */
function fingerprintOf(c: CaseFile, id: string, draft: Draft, before: readonly Found[]): string {
  const place = (email: string | undefined): string => {
    if (email === undefined) return '';
    const p = c.party(email);
    return `p${String(p?.index ?? c.parties.findIndex((x) => x.email === email))}`;
  };
  const { party, from, to } = draft.subject;
  const roles = party !== undefined ? place(party) : from !== undefined ? `${place(from)}>${place(to)}` : 'run';
  const base = `${id}:${roles}`;
  const same = before.filter((f) => f.fingerprint === base || f.fingerprint.startsWith(`${base}#`)).length;
  return same === 0 ? base : `${base}#${same + 1}`;
}

async function writeFinding(f: Found, folded: Folded, write: EvidenceWriter, withContext: boolean): Promise<Finding> {
  const cause = folded.under.get(f);
  const explains = folded.causes.find((x) => x.found === f)?.explains ?? [];
  const finding: Finding = {
    rule: f.rule.meta.id,
    severity:
      cause !== undefined && f.draft.severity === 'error' && cause.draft.severity !== 'error' ? cause.draft.severity : f.draft.severity,
    confidence: f.draft.confidence,
    subject: f.draft.subject,
    message: f.draft.message,
    evidence: await write.all(f.draft.evidence, withContext),
    metrics: { ...f.draft.metrics },
    explains: explains.map((x) => x.fingerprint).toSorted(),
    remedy: f.draft.remedy ?? f.rule.meta.remedy,
    fingerprint: f.fingerprint,
  };
  if (cause !== undefined) finding.foldedUnder = cause.fingerprint;
  return finding;
}

async function writeExclusions(c: CaseFile, top: Found | undefined, found: readonly Found[], write: EvidenceWriter): Promise<Exclusion[]> {
  const drafts = refuteLookAlikes(c, top, new Set(found.map((f) => f.rule.meta.id)));
  return Promise.all(drafts.map(async (d) => ({ rule: d.rule, why: d.why, evidence: await write.all(d.evidence, false) })));
}

function unexplained(c: CaseFile, roots: readonly Found[]): string[] {
  const out: string[] = [];
  const hard = roots.filter(
    (f) => f.draft.severity === 'error' && f.rule.meta.id !== 'asymmetric-growth' && f.rule.meta.id !== 'stalled-counters',
  );
  if (
    hard.length === 0 &&
    c.stillness.standing &&
    c.finished !== true &&
    !roots.some((f) => f.rule.meta.id === 'silent-application' || f.rule.meta.id === 'absent-application')
  ) {
    out.push('why the run stands still');
  }
  const covered = (d: { from: string; to: string }): boolean =>
    hard.some(
      (f) =>
        f.draft.touches === '*' ||
        f.draft.subject.party === d.from ||
        f.draft.subject.party === d.to ||
        (f.draft.subject.from === d.from && f.draft.subject.to === d.to) ||
        (Array.isArray(f.draft.touches) && f.draft.touches.includes(d.from) && f.draft.touches.includes(d.to)),
    );
  for (const d of c.directions) if (d.lost.min > 0 && !covered(d)) out.push(`why ${d.lost.min} bytes from ${d.from} to ${d.to} were lost`);
  return out;
}

function zoneText(minutes: number | null): string | null {
  if (minutes === null) return null;
  const sign = minutes < 0 ? '-' : '+';
  const abs = Math.abs(minutes);
  return `${sign}${String(Math.floor(abs / 60)).padStart(2, '0')}:${String(abs % 60).padStart(2, '0')}`;
}
