/** Lays out why a rule judged a run as it did. */
import type { Diagnosis } from '../model/diagnosis.ts';
import type { NeedState, WhyNot } from '../model/why-not.ts';
import { holds } from './engine/needs.ts';
import { name } from './engine/ask.ts';
import type { Need, Rule } from './engine/rule.ts';
import type { CaseFile, PartyFact } from './facts/case-file.ts';

export function whyNot(c: CaseFile, d: Diagnosis, { meta }: Rule): WhyNot {
  const judged = d.verdicts.find((v) => v.rule === meta.id);
  return {
    rule: meta.id,
    title: meta.title,
    verdict: judged?.verdict ?? 'errored',
    reason: judged?.reason ?? 'the rule was not run',
    needs: meta.needs.flatMap((need) => needState(c, need)),
    findings: d.findings
      .filter((f) => f.rule === meta.id)
      .map((finding) => ({ finding, under: d.findings.find((f) => f.fingerprint === finding.foldedUnder) ?? null })),
    proves: meta.proves,
    blindTo: meta.blindTo,
    lookAlikes: meta.notEvidence,
  };
}

function needState(c: CaseFile, need: Need): NeedState[] {
  const parts = need.split('|');
  return parts.map((part) => ({
    need: parts.length === 1 ? part : `${part} (one of ${parts.join(', ')})`,
    present: holds(c, part),
    what: whatIsThere(c, part),
  }));
}

function whatIsThere(c: CaseFile, need: string): string {
  const whose = (has: (p: PartyFact) => boolean): string => {
    const [yes, no] = [c.parties.filter(has), c.parties.filter((p) => !has(p))].map((list) => list.map((p) => name(p.email, c)).join(', '));
    if (yes === undefined || yes === '') return 'of no party';
    return no === undefined || no === '' ? `of ${yes}` : `of ${yes}; none of ${no}`;
  };
  switch (need) {
    case 'client-log':
      return whose((p) => p.log !== null);
    case 'telemetry':
      return whose((p) => p.telemetry !== null);
    case 'debug':
      return whose((p) => p.debug);
    case 'marker':
      return whose((p) => c.markers.some((m) => m.party === p.email));
    case 'acl':
      return whose((p) => c.aclFiles.some((a) => a.party === p.email));
    case 'progress':
      return whose((p) => c.progressSteps.some((s) => s.party === p.email));
    default:
      return c.relay?.source.path ?? 'none';
  }
}
