/** Lays out why a rule judged a run as it did: what it needs, how many rows each step left, what it found. */
import type { Diagnosis } from '../model/diagnosis.ts';
import { WHY_NOT_SCHEMA, type NeedState, type Way, type WhyNot } from '../model/why-not.ts';
import { EvidenceWriter, type ExcerptReader } from './engine/evidence.ts';
import { holds } from './engine/needs.ts';
import { supplyOf } from './engine/provide.ts';
import { nameRow } from './engine/rows.ts';
import type { Need, Rule } from './engine/rule.ts';
import { Steps, type Step } from './engine/steps.ts';
import type { CaseFile } from './facts/case-file.ts';

export async function whyNot(c: CaseFile, d: Diagnosis, rule: Rule, excerpts: ExcerptReader): Promise<WhyNot> {
  const { meta } = rule;
  const judged = d.verdicts.find((v) => v.rule === meta.id);
  const write = new EvidenceWriter(c, excerpts);
  const ways: Way[] = [];
  for (const way of stepsOf(c, rule).flatMap((begun) => pathsOf(begun))) ways.push(await writeWay(c, way, write));
  return {
    schema: WHY_NOT_SCHEMA,
    rule: meta.id,
    title: meta.title,
    run: d.run?.id ?? null,
    verdict: judged?.verdict ?? 'errored',
    reason: judged?.reason ?? 'the rule was not run',
    needs: meta.needs.flatMap((need) => needStates(c, need)),
    ways,
    findings: d.findings
      .filter((f) => f.rule === meta.id)
      .map((finding) => ({ finding, under: d.findings.find((f) => f.fingerprint === finding.foldedUnder) ?? null })),
    proves: meta.proves,
    blindTo: meta.blindTo,
    lookAlikes: { ...meta.notEvidence },
  };
}

/** Runs the rule once more and counts; of a rule that throws, as far as it got. */
export function stepsOf(c: CaseFile, rule: Rule): readonly Step[] {
  const steps = new Steps(true);
  try {
    rule.judge(c, steps);
  } catch {
    // The verdict says so.
  }
  return steps.begun;
}

/** Every way from the first rows to an end; two that part share what is before. Where no row is left, none parts. */
export function pathsOf(step: Step): readonly (readonly Step[])[] {
  const isEnd = step.next.length === 0 || (step.rows === 0 && step.next.length > 1);
  return isEnd ? [[step]] : step.next.flatMap((next) => pathsOf(next).map((path) => [step, ...path]));
}

async function writeWay(c: CaseFile, path: readonly Step[], write: EvidenceWriter): Promise<Way> {
  const [first, ...rest] = path;
  const emptied = rest.findIndex((step, i) => step.rows === 0 && (path[i]?.rows ?? 0) > 0);
  const steps: Way['steps'] = [];
  for (const [i, step] of rest.entries()) {
    const rows = i === emptied ? step.fellOut.map((row) => nameRow(c, row)) : [];
    const fellOut = await Promise.all(rows.map(async ({ what, refs }) => ({ what, evidence: await write.all(refs.slice(0, 1), false) })));
    steps.push({ needed: step.needed, rows: step.rows, fellOut });
  }
  return { of: first?.needed ?? '', rows: first?.rows ?? 0, steps };
}

function needStates(c: CaseFile, need: Need): NeedState[] {
  const parts = need.split('|');
  return parts.map((part) => {
    const present = holds(c, part);
    return { need: parts.length === 1 ? part : `${part} (one of ${parts.join(', ')})`, present, ...supplyOf(c, part, present) };
  });
}
