/** Diagnoses built by hand, one per kind of report; each is valid by the published schema. */
import { diagnosisSchema, type Diagnosis, type Evidence, type Finding, type Flow, type Party } from '../../src/model/diagnosis.ts';
import { DIAGNOSIS_SCHEMA } from '../../src/model/schema-id.ts';

const AGGREGATOR = 'aggregator@sandbox.local';
const CLIENT1 = 'client1@sandbox.local';
const CLIENT2 = 'client2@sandbox.local';
const RELAY_LOG = 'relay/server/logs/server.log';
const RUN = '29510841-3a82b861f31a';

export function logOf(email: string): string {
  return `${email}/.syftbox/logs/syftbox.log`;
}

export function party(email: string, index: number | null, era: string | null, more: Partial<Party> = {}): Party {
  return {
    email,
    role: email.split('@')[0] ?? email,
    index,
    era: { value: era, evidence: [] },
    log: logOf(email),
    telemetry: null,
    alive: true,
    ...more,
  };
}

export function exact(value: number): { min: number; max: number } {
  return { min: value, max: value };
}

export function flow(from: string, to: string, sent: number, delivered: number, more: Partial<Flow> = {}): Flow {
  const none = { sent: null, relayed: null, received: null };
  return {
    from,
    to,
    offered: null,
    sent: exact(sent),
    delivered: exact(delivered),
    lost: exact(sent - delivered),
    frames: { ...none, delivered: null },
    hops: { sent: exact(sent), relayed: null, received: exact(delivered), written: exact(delivered) },
    state: sent === 0 ? 'never-used' : sent === delivered ? 'delivered' : 'lossy',
    ...more,
  };
}

function rust(email: string, line: number, time: string, text: string): Evidence {
  return { source: logOf(email), line, time, clock: email, text: `time=${time} level=INFO msg="${text}"` };
}

function relay(line: number, time: string, text: string): Evidence {
  return { source: RELAY_LOG, line, time, clock: 'relay', text: `2026-11-22 23:${time.slice(14, 19)} WRN server/server.go:506 ${text}` };
}

function source(
  path: string,
  lines: number,
  more: Partial<Diagnosis['accounting']['sources'][number]> = {},
): Diagnosis['accounting']['sources'][number] {
  const [first = ''] = path.split('/');
  return {
    source: path,
    kind: path.endsWith('server.log') ? 'relay-log' : path.endsWith('.json') ? 'telemetry' : 'client-log',
    dialect: path.endsWith('server.log') ? 'relay-dev' : path.endsWith('.json') ? 'json' : 'rust-file',
    party: first.includes('@') ? first : null,
    cut: false,
    mirrorOf: null,
    bytes: lines * 200,
    lines,
    records: Math.floor(lines / 3),
    continuation: 0,
    ignored: lines - Math.floor(lines / 3),
    rejected: 0,
    reasons: {},
    ...more,
  };
}

export function accounting(sources: Diagnosis['accounting']['sources'], unmatchedHotlink = 0): Diagnosis['accounting'] {
  const total = { bytes: 0, lines: 0, records: 0, continuation: 0, ignored: 0, rejected: 0 };
  for (const one of sources)
    for (const key of ['bytes', 'lines', 'records', 'continuation', 'ignored', 'rejected'] as const) total[key] += one[key];
  return { total, unmatchedHotlink, sources };
}

export function emptyDiagnosis(): Diagnosis {
  return {
    schema: DIAGNOSIS_SCHEMA,
    verdict: 'inconclusive',
    because: 'nothing in this input tells about a run',
    run: null,
    parties: [],
    relay: null,
    clocks: [],
    flows: [],
    causes: [],
    findings: [],
    excluded: [],
    waits: [],
    sessions: [],
    sequence: [],
    unexplained: [],
    contradictions: [],
    missingEvidence: [],
    verdicts: [],
    accounting: accounting([]),
    timeline: { counters: [], events: [] },
  };
}

function run(more: Partial<NonNullable<Diagnosis['run']>> = {}): NonNullable<Diagnosis['run']> {
  return {
    flow: 'syqure-flow',
    id: RUN,
    layout: 'shared-dir',
    transport: 'ws',
    startedAt: '2026-11-22T13:25:40.000Z',
    endedAt: '2026-11-22T13:26:26.000Z',
    stoodStillMs: 34_210,
    finished: 'unknown',
    otherRuns: [],
    ...more,
  };
}

const PATH = `${AGGREGATOR}/shared/flows/syqure-flow/${RUN}/_mpc/0_to_1/stream.tcp.request`;
const SESSION = 'cfde99a0-6c41-4965-8e9b-78fcbe946605';

function finding(rule: string, subject: Finding['subject'], message: string, evidence: Evidence[], more: Partial<Finding> = {}): Finding {
  const who = Object.values(subject).join('>');
  return {
    rule,
    severity: 'error',
    confidence: 'certain',
    subject,
    message,
    evidence,
    metrics: {},
    explains: [],
    remedy: '',
    fingerprint: `${rule}/${who}`,
    ...more,
  };
}

function stallCause(): Finding {
  const proofs = [
    rust(CLIENT1, 570, '2026-11-22T13:25:47.464Z', `hotlink send open: session=${SESSION} path=${PATH} encoding=msgpack`),
    rust(AGGREGATOR, 597, '2026-11-22T13:25:47.472Z', `hotlink reusing inbound session: session=cfde99a0 path=${PATH}`),
    rust(AGGREGATOR, 598, '2026-11-22T13:25:47.472Z', `hotlink send data: session=${SESSION} seq=1 bytes=12021 encoding=msgpack`),
    relay(572, '2026-11-22T13:25:47.000Z', `hotlink data rejected (not sender) session='${SESSION}' from='${AGGREGATOR}'`),
    relay(
      574,
      '2026-11-22T13:25:47.000Z',
      `hotlink data rejected (not sender) session='1ac04c62-efc5-4b7f-a7c2-b20b7d94865f' from='${AGGREGATOR}'`,
    ),
  ];
  return finding(
    'sender-lock-drop',
    { party: AGGREGATOR },
    `${AGGREGATOR} sent 2 frames (24042 bytes) on sessions that its peers had opened; the relay takes data only from the opener and dropped all of them`,
    proofs,
    {
      metrics: { frames: 2, bytes: 24_042 },
      explains: ['asymmetric-growth/0>1', 'asymmetric-growth/0>2', 'stalled-counters/run'],
      remedy: 'run clients from E5b on, where each direction has a session of its own',
      fingerprint: 'sender-lock-drop/0',
    },
  );
}

function stallSymptoms(): Finding[] {
  const growth = (to: string, index: number) =>
    finding('asymmetric-growth', { from: AGGREGATOR, to }, `${AGGREGATOR} sent 12021 bytes to ${to}, none arrived`, [
      { source: `${to}/datasites/${to}/.syftbox/hotlink_telemetry.json`, pointer: '/rx_bytes', text: '0', clock: to },
    ], { fingerprint: `asymmetric-growth/0>${index}`, foldedUnder: 'sender-lock-drop/0' }); // prettier-ignore
  return [
    growth(CLIENT1, 1),
    growth(CLIENT2, 2),
    finding(
      'stalled-counters',
      {},
      'no counter of any party moved after 13:25:49',
      [{ kind: 'computed', text: 'tx and rx of all three parties' }],
      {
        severity: 'warning',
        fingerprint: 'stalled-counters/run',
        foldedUnder: 'sender-lock-drop/0',
      },
    ),
  ];
}

/** The published stall, after the recording stall-e3-debug-c. */
export function stall(): Diagnosis {
  const parties = [party(AGGREGATOR, 0, 'E3'), party(CLIENT1, 1, 'E3'), party(CLIENT2, 2, 'E3')];
  const dropped = { hops: { sent: exact(12_021), relayed: exact(0), received: exact(0), written: exact(0) } };
  const event = (t: string, clock: string, what: string, path: string, line: number) => ({
    t: Date.parse(t),
    clock,
    what,
    source: path,
    line,
  });
  return diagnosisSchema.parse({
    ...emptyDiagnosis(),
    verdict: 'failed',
    because: `2 directions lost everything that was sent on them: ${AGGREGATOR} to ${CLIENT1} and to ${CLIENT2}, 24042 bytes, dropped at the relay.`,
    run: run(),
    parties,
    relay: { log: RELAY_LOG, version: 'S1', zone: '+10:00' },
    flows: [
      flow(AGGREGATOR, CLIENT1, 12_021, 0, dropped),
      flow(AGGREGATOR, CLIENT2, 12_021, 0, dropped),
      flow(CLIENT1, AGGREGATOR, 13, 13),
      flow(CLIENT1, CLIENT2, 0, 0),
      flow(CLIENT2, AGGREGATOR, 13, 13),
      flow(CLIENT2, CLIENT1, 0, 0),
    ],
    causes: [stallCause()],
    findings: [stallCause(), ...stallSymptoms()],
    excluded: [
      {
        rule: 'self-route',
        why: `session cfde99a0 was opened by ${CLIENT1} and accepted by ${AGGREGATOR}`,
        evidence: [rust(CLIENT1, 570, '2026-11-22T13:25:47.464Z', 'hotlink send open')],
      },
      {
        rule: 'duplicate-delivery',
        why: 'the relay wrote every frame to one connection, and 24042 bytes were sent while 0 were received',
        evidence: [relay(572, '2026-11-22T13:25:47.000Z', 'hotlink data rejected')],
      },
      {
        rule: 'lost-writer',
        why: 'both writers were mapped and never closed',
        evidence: [rust(CLIENT1, 561, '2026-11-22T13:25:47.463Z', 'hotlink tcp proxy: mapped')],
      },
      {
        rule: 'rejected-session',
        why: 'no line says permission denied',
        evidence: [{ source: RELAY_LOG, absent: true, text: 'permission denied' }],
      },
    ],
    waits: [
      {
        party: CLIENT1,
        for: [AGGREGATOR],
        since: '2026-11-22T13:25:47.466Z',
        why: 'it sent its last bytes and received nothing',
        evidence: [rust(CLIENT1, 576, '2026-11-22T13:25:47.466Z', 'hotlink send data')],
      },
      {
        party: CLIENT2,
        for: [AGGREGATOR],
        since: '2026-11-22T13:25:47.468Z',
        why: 'it sent its last bytes and received nothing',
        evidence: [rust(CLIENT2, 571, '2026-11-22T13:25:47.468Z', 'hotlink send data')],
      },
      {
        party: AGGREGATOR,
        for: [CLIENT1],
        since: '2026-11-22T13:25:47.472Z',
        why: 'it answered both clients and expects the next message',
        evidence: [rust(AGGREGATOR, 603, '2026-11-22T13:25:47.472Z', 'hotlink send data')],
      },
    ],
    clocks: [{ clock: 'relay', against: AGGREGATOR, offsetMs: { min: -472, max: 528 }, note: 'whole seconds only' }],
    missingEvidence: [
      {
        what: 'output of the programs',
        why: 'whether client1 really waits in receive_jar is not shown',
        how: 'keep the output of syqure in the sandbox',
      },
      { what: 'container state', why: '', how: '' },
    ],
    verdicts: [
      { rule: 'sender-lock-drop', verdict: 'found', reason: '2 data frames rejected with "not sender"' },
      { rule: 'self-route', verdict: 'clear', reason: 'no session was opened and accepted by the same party' },
      { rule: 'absent-application', verdict: 'clear', reason: 'a program connected to each proxy' },
      { rule: 'turn-credentials-missing', verdict: 'not-applicable', reason: 'no TURN server is configured' },
      { rule: 'unroutable-container', verdict: 'insufficient-data', reason: 'no container state in this sandbox' },
    ],
    accounting: accounting([
      source(logOf(AGGREGATOR), 4830),
      source(`${AGGREGATOR}/client-daemon.log`, 4830, { dialect: 'rust-stdout', mirrorOf: logOf(AGGREGATOR) }),
      source(`${AGGREGATOR}/datasites/${AGGREGATOR}/.syftbox/hotlink_telemetry.json`, 1, { records: 1, ignored: 0 }),
      source(logOf(CLIENT1), 4825),
      source(`${CLIENT1}/datasites/${CLIENT1}/.syftbox/hotlink_telemetry.json`, 1, { records: 1, ignored: 0 }),
      source(logOf(CLIENT2), 4826),
      source(`${CLIENT2}/datasites/${CLIENT2}/.syftbox/hotlink_telemetry.json`, 1, { records: 1, ignored: 0 }),
      source(RELAY_LOG, 670),
    ]),
    timeline: {
      counters: [],
      events: [
        event('2026-11-22T13:25:42.212Z', AGGREGATOR, 'markers written, proxies listening', logOf(AGGREGATOR), 480),
        event('2026-11-22T13:25:47.463Z', AGGREGATOR, 'program connected', logOf(AGGREGATOR), 560),
        event('2026-11-22T13:25:47.464Z', CLIENT1, 'session cfde99a0 opened for aggregator', logOf(CLIENT1), 570),
        event('2026-11-22T13:25:47.466Z', CLIENT1, 'first 13 bytes sent', logOf(CLIENT1), 576),
        event('2026-11-22T13:25:47.472Z', AGGREGATOR, '12021 bytes sent on a session that client1 opened', logOf(AGGREGATOR), 598),
        event('2026-11-22T13:25:47.000Z', 'relay', 'data rejected: not sender', RELAY_LOG, 572),
        event('2026-11-22T13:25:47.000Z', 'relay', 'data rejected: not sender', RELAY_LOG, 574),
        event('2026-11-22T13:25:49.030Z', AGGREGATOR, 'last movement of any counter', logOf(AGGREGATOR), 640),
      ],
    },
  } satisfies Diagnosis);
}

/** A finished run of two parties: nothing but what was checked. */
export function healthy(): Diagnosis {
  const rules = [
    'self-route',
    'rejected-session',
    'missing-channel',
    'lost-writer',
    'asymmetric-growth',
    'sender-lock-drop',
    'offer-race',
    'late-application',
    'frozen-link',
    'sequence-gap',
  ];
  return diagnosisSchema.parse({
    ...emptyDiagnosis(),
    verdict: 'healthy',
    because: 'everything that was sent arrived, and every step completed.',
    run: run({ finished: true, stoodStillMs: 600_000, transport: 'p2p' }),
    parties: [party('anna@lab.example', 0, 'E6'), party('bo@clinic.example', 1, 'E6')],
    relay: { log: RELAY_LOG, version: 'S2', zone: null },
    flows: [
      flow('anna@lab.example', 'bo@clinic.example', 18_875_088, 18_875_088),
      flow('bo@clinic.example', 'anna@lab.example', 17_302_164, 17_302_164),
    ],
    findings: [
      finding(
        'small-message-delay',
        { party: 'bo@clinic.example' },
        'small messages of bo@clinic.example waited 40 ms each',
        [rust('bo@clinic.example', 9, '2026-11-22T13:25:47.464Z', 'x')],
        { severity: 'info' },
      ),
    ],
    verdicts: [
      ...rules.map((rule) => ({ rule, verdict: 'clear' as const, reason: 'tested' })),
      { rule: 'strict-violation', verdict: 'not-applicable', reason: 'strict mode is off' },
    ],
    accounting: accounting([source(logOf('anna@lab.example'), 12_000), source(logOf('bo@clinic.example'), 11_004), source(RELAY_LOG, 900)]),
  } satisfies Diagnosis);
}

/** Run 29509799 of the notes, from three telemetry files alone. */
export function telemetryOnly(): Diagnosis {
  const unit = 1_572_924;
  const unseen = { hops: { sent: null, relayed: null, received: null, written: null } };
  const telemetry = (email: string) => `${email}/datasites/${email}/.syftbox/hotlink_telemetry.json`;
  const doubt = {
    ...unseen,
    state: 'in-doubt' as const,
    lost: { min: 0, max: 8 },
    note: '8 bytes of client1 are missing, the size of a length header; that they went to client2 is an assumption.',
  };
  return diagnosisSchema.parse({
    ...emptyDiagnosis(),
    verdict: 'inconclusive',
    because: '8 bytes were sent and not received when the counters were written; one snapshot cannot tell lost from in flight.',
    run: run({
      id: '29509799-05d14e57483d',
      stoodStillMs: null,
      startedAt: '2026-02-08T23:39:00.000Z',
      endedAt: null,
      transport: 'unknown',
      otherRuns: ['29509775-c103b98bec7f'],
    }),
    parties: [AGGREGATOR, CLIENT1, CLIENT2].map((email, i) =>
      party(email, i, null, { log: null, telemetry: telemetry(email), alive: null }),
    ),
    flows: [
      flow(AGGREGATOR, CLIENT1, 0, 0, unseen),
      flow(AGGREGATOR, CLIENT2, 0, 0, unseen),
      flow(CLIENT1, AGGREGATOR, unit, unit, { ...unseen, sent: { min: unit, max: unit + 8 }, state: 'in-doubt', lost: { min: 0, max: 8 } }),
      flow(CLIENT1, CLIENT2, unit, unit - 8, { ...doubt, sent: { min: unit - 8, max: unit } }),
      flow(CLIENT2, AGGREGATOR, 0, 0, unseen),
      flow(CLIENT2, CLIENT1, unit, unit, unseen),
    ],
    missingEvidence: [
      {
        what: 'a second sample of the counters',
        why: 'it would tell lost from in flight',
        how: 'copy the three files again after some seconds, or say what you saw: --note "stood still 15 min"',
      },
    ],
    verdicts: [
      { rule: 'sender-lock-drop', verdict: 'insufficient-data', reason: 'no relay log' },
      { rule: 'lost-writer', verdict: 'insufficient-data', reason: 'no client log' },
    ],
    accounting: accounting([AGGREGATOR, CLIENT1, CLIENT2].map((email) => source(telemetry(email), 1, { records: 1, ignored: 0 }))),
  } satisfies Diagnosis);
}

/** Four parties, one of them on another client; a warning, a wrong clock, lines that were not understood. */
export function degraded(): Diagnosis {
  const emails = ['anna@lab.example', 'bo@clinic.example', 'chiara@ospedale.example', 'dmitri@institute.example'];
  const [anna = '', bo = '', chiara = ''] = emails;
  const fallback = finding(
    'websocket-fallback',
    { from: chiara, to: bo },
    `${chiara} sent 1 204 of 1 300 frames over the relay, because its peer-to-peer connection to ${bo} was not up within the grace time`,
    [
      rust(
        chiara,
        2204,
        '2026-11-23T00:00:03.120Z',
        `hotlink p2p not ready, using ws fallback: session=${SESSION} path=${chiara}/shared/flows/syqure-flow/${RUN}/_mpc/2_to_1/stream.tcp.request`,
      ),
      { source: `${chiara}/datasites/${chiara}/.syftbox/hotlink_telemetry.json`, pointer: '/ws_fallbacks', text: '1204', clock: chiara },
      {
        source: RELAY_LOG,
        line: 88,
        text: '{"time":"2026-11-23T00:00:04.5Z","level":"INFO","msg":"hotlink open","session":"cfde99a0","recipients":1}',
        time: '2026-11-23T00:00:04.500Z',
        clock: 'relay',
      },
      { kind: 'told', text: 'the clinic changed its firewall on Sunday' },
    ],
    {
      severity: 'warning',
      confidence: 'likely',
      remedy: 'open UDP between the two, or configure a TURN server',
      fingerprint: 'websocket-fallback/2>1',
    },
  );
  return diagnosisSchema.parse({
    ...emptyDiagnosis(),
    verdict: 'degraded',
    because: 'everything that was sent arrived, but not the way it was meant to.',
    run: run({
      finished: false,
      stoodStillMs: 1200,
      startedAt: '2026-11-22T23:59:50.000Z',
      endedAt: '2026-11-23T00:02:10.000Z',
      transport: 'mixed',
    }),
    parties: emails.map((email, i) => party(email, i, i === 2 ? 'E5b' : 'E6')),
    relay: { log: RELAY_LOG, version: 'S2', zone: null },
    flows: emails.flatMap((from, i) =>
      emails.filter((to) => to !== from).map((to, j) => flow(from, to, 4096 * (i + 1) + j, 4096 * (i + 1) + j)),
    ),
    causes: [fallback],
    findings: [
      fallback,
      finding(
        'leftover-run',
        { party: anna },
        'markers of an older run still lie in the tree',
        [
          {
            source: `${anna}/datasites/${anna}/shared/flows/syqure-flow/29510001-000000000000/_mpc/0_to_1/stream.tcp`,
            text: '{"port":9001}',
          },
        ],
        { severity: 'warning' },
      ),
    ],
    clocks: [
      { clock: chiara, against: anna, offsetMs: { min: 61_200, max: 61_900 }, note: 'from 212 matched frames' },
      { clock: bo, against: anna, offsetMs: { min: -4, max: 9 }, note: '' },
    ],
    unexplained: [`37 bytes that ${bo} received a second time`],
    contradictions: [`telemetry of ${chiara} counts 3 packets more than its log`],
    accounting: accounting(
      [
        ...emails.map((email) => source(logOf(email), 3000)),
        source(`${chiara}/client-daemon.log`, 401, {
          records: 380,
          ignored: 8,
          rejected: 13,
          reasons: { 'no-template': 3, 'not-utf8': 10 },
          cut: true,
        }),
        source(RELAY_LOG, 900),
      ],
      3,
    ),
    verdicts: [{ rule: 'grace-tax', verdict: 'errored', reason: 'division by zero' }],
  } satisfies Diagnosis);
}

export const CASES: Readonly<Record<string, () => Diagnosis>> = { stall, healthy, telemetryOnly, degraded, emptyDiagnosis };
