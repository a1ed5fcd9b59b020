/** One fact a line, for tools that read streams: each line has a `type`, and the run and input that it is of. */
import type { Diagnosis } from '../model/diagnosis.ts';
import { jsonText } from './json.ts';

export const NDJSON_SCHEMA = 'hotlink-doctor/ndjson@1';

export function renderNdjson(diagnoses: readonly Diagnosis[]): string {
  return diagnoses.map((d) => linesOf(d).join('')).join('');
}

function linesOf(d: Diagnosis): string[] {
  const of = { ...(d.input === undefined ? {} : { input: d.input }), run: d.run?.id ?? null };
  const line = (type: string, value: object): string => jsonText({ type, ...of, ...value }, 0);
  const causes = new Set(d.causes.map((c) => c.fingerprint));
  // Causes carry their evidence with its context; the rest follows.
  const findings = [...d.causes, ...d.findings.filter((f) => !causes.has(f.fingerprint))];
  return [
    line('run', {
      schema: NDJSON_SCHEMA,
      verdict: d.verdict,
      because: d.because,
      ...(d.run === null
        ? {}
        : { flow: d.run.flow, transport: d.run.transport, startedAt: d.run.startedAt, endedAt: d.run.endedAt, finished: d.run.finished }),
    }),
    ...d.parties.map((p) =>
      line('party', { email: p.email, role: p.role, index: p.index, era: p.era.value, alive: p.alive, log: p.log, telemetry: p.telemetry }),
    ),
    ...d.flows.map((f) => line('flow', f)),
    ...findings.map((f) => line('finding', { cause: causes.has(f.fingerprint), ...f })),
    ...d.verdicts.map((v) => line('verdict', { rule: v.rule, verdict: v.verdict, reason: v.reason })),
    ...(d.figures ?? []).map((f) => line('figure', f)),
    ...d.sessions.map((s) => line('session', s)),
    ...d.missingEvidence.map((m) => line('missing', m)),
    ...d.accounting.sources.map((s) => line('source', s)),
    ...(d.gate?.checks ?? []).map((c) => line('check', c)),
    ...(d.gate === undefined
      ? []
      : [
          line('gate', {
            policy: d.gate.policy,
            failOn: d.gate.failOn,
            asOf: d.gate.asOf,
            outcome: d.gate.outcome,
            exitCode: d.gate.exitCode,
          }),
        ]),
  ];
}
