import { rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import * as fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import {
  CLIENT1,
  CLIENT2,
  CLIENT_LOG,
  CLIENT_OUTPUT,
  FLOW,
  ask,
  makeSandbox,
  RELAY_LOG,
  relayLine,
  removeSandboxes,
  requestLine,
  RUN,
  rustLine,
  SESSION,
  stdoutLine,
  STREAM,
  withLoaded,
} from './sandbox.ts';

afterAll(removeSandboxes);

const ACCOUNT = 'SELECT path, kind, dialect, lines, records, continuation, ignored, rejected, cut FROM source ORDER BY path';

describe('any file', () => {
  it('is accounted for line by line, whatever its bytes and name', async () => {
    const name = fc.constantFrom(
      CLIENT_LOG,
      CLIENT_OUTPUT,
      RELAY_LOG,
      'relay/state.json',
      `${CLIENT1}/datasites/${CLIENT1}/.syftbox/hotlink_telemetry.json`,
      'a/1_to_2/stream.tcp',
      'a/syft.pub.yaml',
      `${CLIENT1}/x/_progress/progress.json`,
      'x/_progress/state.json',
      'x.phase',
      'access/access_20260209.log',
      'y.bin',
    );
    const line = fc.oneof(
      fc.constantFrom(
        rustLine('hotlink session accepted: session=0f1e2d3c'),
        stdoutLine('daemon start'),
        relayLine('wshub started'),
        '{"a":1}\n',
        '\n',
        'rules:\n',
        '- pattern: x\n',
      ),
      fc.string(),
      fc.uint8Array({ maxLength: 40 }).map((b) => Buffer.from(b).toString('latin1')),
    );
    await fc.assert(
      fc.asyncProperty(name, fc.array(line, { maxLength: 8 }), async (path, lines) => {
        const bytes = Buffer.from(lines.join(''), 'latin1');
        const root = makeSandbox({ [path]: bytes });
        const [row] = await ask(root, ACCOUNT);
        const physical = bytes.toString('latin1').split('\n').length - (bytes.length === 0 || bytes.at(-1) === 10 ? 1 : 0);
        expect(Number(row?.['records']) + Number(row?.['continuation']) + Number(row?.['ignored']) + Number(row?.['rejected'])).toBe(
          Number(row?.['lines']),
        );
        expect(row?.['lines']).toBe(physical);
        rmSync(root, { recursive: true });
      }),
      { numRuns: 40 },
    );
  }, 60_000);

  it('that nobody knows is listed as unknown, an archive as one: text, packed, binary, empty', async () => {
    const root = makeSandbox({ 'a.txt': 'hello\nworld', 'b.log.gz': gzipSync('time=…'), 'c.bin': Buffer.from([0, 1, 2, 10]), 'd.log': '' });
    const rows = await ask(root, ACCOUNT);
    expect(rows.map((row) => [row['path'], row['kind'], row['lines']])).toEqual([
      ['a.txt', 'unknown', 2],
      ['b.log.gz', 'archive', 0],
      ['c.bin', 'unknown', 1],
      ['d.log', 'unknown', 0],
    ]);
  });

  it('outside the sandbox is not reached through a link', async () => {
    const outside = makeSandbox({ 'syftbox.log': rustLine(`hotlink session accepted: session=${SESSION}`) });
    const root = makeSandbox({ 'a.txt': 'x' });
    symlinkSync(join(outside, 'syftbox.log'), join(root, 'syftbox.log'));
    symlinkSync(outside, join(root, 'folder'));
    expect(await ask(root, 'SELECT path, s.lines, reason FROM source AS s JOIN source_rejection USING (source_id)')).toEqual([
      { path: 'a.txt', lines: 1, reason: 'unrecognised-file' },
      { path: 'folder', lines: 0, reason: 'link-outside' },
      { path: 'syftbox.log', lines: 0, reason: 'link-outside' },
    ]);
    expect(await ask(root, 'SELECT * FROM log_event')).toEqual([]);
  });

  it('can be named alone', async () => {
    const root = makeSandbox({ [CLIENT_LOG]: rustLine(`hotlink session accepted: session=${SESSION}`) });
    const rows = await ask(join(root, CLIENT_LOG), 'SELECT source, party, kind, session FROM event');
    expect(rows).toEqual([{ source: 'syftbox.log', party: CLIENT1, kind: 'session-accepted', session: SESSION }]);
  });

  it('is known by what it holds', async () => {
    const root = makeSandbox({
      'renamed.txt': rustLine('daemon start version=0.1.0 config=/a log=/b'),
      'other.log': relayLine('wshub started'),
    });
    expect((await ask(root, 'SELECT path, dialect FROM source ORDER BY path')).map((row) => row['dialect'])).toEqual([
      'relay-dev',
      'rust-file',
    ]);
  });
});

describe("a client's two outputs", () => {
  const accepted = `hotlink session accepted: session=${SESSION}`;
  const count =
    'SELECT s.path, m.path AS mirror, s.records, (SELECT count(*) FROM event AS e WHERE e.source_id = s.source_id) AS events FROM source AS s LEFT JOIN source AS m ON m.source_id = s.mirror_of ORDER BY s.path';

  it('count once: of equals the log file is judged', async () => {
    const root = makeSandbox({ [CLIENT_LOG]: rustLine(accepted), [CLIENT_OUTPUT]: stdoutLine(accepted) });
    expect(await ask(root, count)).toEqual([
      { path: CLIENT_LOG, mirror: null, records: 1, events: 1 },
      { path: CLIENT_OUTPUT, mirror: CLIENT_LOG, records: 1, events: 0 },
    ]);
  });

  it('of which one goes on longer: that one is judged', async () => {
    const root = makeSandbox({
      [CLIENT_LOG]: rustLine(accepted),
      [CLIENT_OUTPUT]: stdoutLine(accepted) + stdoutLine(accepted, '2026-02-09T03:14:16.000Z'),
    });
    expect((await ask(root, count)).map((row) => [row['mirror'], row['events']])).toEqual([
      [CLIENT_OUTPUT, 0],
      [null, 2],
    ]);
  });

  it('of which the one that looked shorter says more: the first guess is put right', async () => {
    const hole = rustLine(accepted) + rustLine('sync actions: uploads=0', '2026-02-09T03:14:20.000Z');
    const root = makeSandbox({
      [CLIENT_LOG]: hole,
      [CLIENT_OUTPUT]: stdoutLine(accepted).repeat(3) + stdoutLine('sync actions: uploads=0', '2026-02-09T03:14:19.000Z'),
    });
    expect((await ask(root, count)).map((row) => [row['mirror'], row['records'], row['events']])).toEqual([
      [CLIENT_OUTPUT, 1, 0],
      [null, 3, 3],
    ]);
  });

  it('of which one is missing: the other is judged', async () => {
    const root = makeSandbox({ [CLIENT_OUTPUT]: stdoutLine(accepted) });
    expect(await ask(root, count)).toEqual([{ path: CLIENT_OUTPUT, mirror: null, records: 1, events: 1 }]);
  });
});

describe("the relay's zone", () => {
  const utc = '2026-02-09T12:00:00.250Z';
  const local = (minutes: number): string => new Date(Date.parse(utc) + minutes * 60_000).toISOString().slice(0, 19).replace('T', ' ');
  const log = (minutes: number): string =>
    relayLine('wshub started', {}, local(minutes)) + requestLine(utc, local(minutes)) + requestLine(utc, local(minutes));
  const QUESTION =
    "SELECT zone_minutes, zone_source, (SELECT epoch_ms(ts_us // 1000)::VARCHAR FROM event) AS at, (SELECT first_us FROM family WHERE family = 'healthz') AS beat FROM source";

  it.each([-300, -30, 0, 330, 600, 765])('of %i minutes is what the request lines say', async (minutes) => {
    const [row] = await ask(makeSandbox({ [RELAY_LOG]: log(minutes) }), QUESTION);
    expect(row).toEqual({
      zone_minutes: minutes,
      zone_source: 'requests',
      at: '2026-02-09 12:00:00',
      beat: Date.parse('2026-02-09T12:00:00Z') * 1000,
    });
  });

  it('told by the user wins', async () => {
    const [row] = await ask(makeSandbox({ [RELAY_LOG]: log(600) }), QUESTION, { relayZoneMinutes: 0 });
    expect(row).toMatchObject({ zone_minutes: 0, zone_source: 'told', at: '2026-02-09 22:00:00' });
  });

  it('is not known without requests', async () => {
    const [row] = await ask(makeSandbox({ [RELAY_LOG]: relayLine('wshub started', {}, '2026-02-09 22:00:00') }), QUESTION);
    expect(row).toMatchObject({ zone_minutes: null, zone_source: null, at: '2026-02-09 22:00:00' });
  });

  it('that only later requests tell moves the lines above', async () => {
    const filler = relayLine('update index', {}, local(330)).repeat(1200);
    const [row] = await ask(
      makeSandbox({ [RELAY_LOG]: relayLine('wshub started', {}, local(330)) + filler + requestLine(utc, local(330)) }),
      QUESTION,
    );
    expect(row).toMatchObject({ zone_minutes: 330, at: '2026-02-09 12:00:00', beat: Date.parse('2026-02-09T12:00:00Z') * 1000 });
  });
});

describe('a heartbeat', () => {
  it('that pauses is a silence', async () => {
    const beat = (second: number): string =>
      rustLine('sync actions: uploads=0', `2026-02-09T03:14:${String(second).padStart(2, '0')}.000Z`);
    const root = makeSandbox({ [CLIENT_LOG]: beat(1) + beat(2) + beat(9) + beat(10) });
    expect(await ask(root, 'SELECT family, from_line, to_line, (to_us - from_us) // 1000000 AS seconds FROM silence')).toEqual([
      { family: 'sync-pass', from_line: 2, to_line: 3, seconds: 7 },
    ]);
  });
});

describe('telemetry', () => {
  const path = `${CLIENT1}/datasites/${CLIENT1}/.syftbox/hotlink_telemetry.json`;
  const common = {
    mode: 'hotlink_p2p',
    started_ms: 1000,
    updated_ms: 2000,
    tx_packets: 3,
    tx_bytes: 30,
    tx_ws_packets: 3,
    rx_packets: 1,
    rx_bytes: 8,
    ws_fallbacks: 1,
  };
  const live = {
    inbound: 1,
    outbound_accepted: 1,
    outbound_pending: 0,
    webrtc_connected: 2,
    tcp_proxies: 1,
    proxies: [{ port: 10003, from: CLIENT1, to: CLIENT2, connected: true }],
    sessions_in: [{ sid: 'a1b2c3d4', peer: CLIENT2, channel: '2_to_1', webrtc: 'connected' }],
    sessions_out: [{ sid: '0f1e2d3c', peer: CLIENT1, channel: '1_to_2', status: 'accepted', seq: 42, webrtc: 'none' }],
  };
  const eras = {
    E1: { ...common, mode: 'hotlink_quic_pref', tx_quic_packets: 2, quic_offers: 1 },
    E2: { ...common, tx_p2p_packets: 0, p2p_offers: 1 },
    E4: { ...common, tx_p2p_packets: 0, p2p_offers: 1, live, webrtc_connected: 2 },
    E6: { ...common, tx_p2p_packets: 0, live, webrtc_connected: 2, bench_strict: false, strict_violations: 0 },
  };

  it.each(Object.entries(eras))('of %s keeps what is there, and absent is not zero', async (era, file) => {
    const root = makeSandbox({ [path]: JSON.stringify(file) });
    const [row] = await ask(root, 'SELECT * FROM telemetry');
    expect(row).toMatchObject({
      party: CLIENT1,
      tx_bytes: 30,
      rx_bytes: 8,
      started_us: 1_000_000,
      has_live: era === 'E4' || era === 'E6',
      has_bench_strict: era === 'E6',
      has_quic_keys: era === 'E1',
    });
    expect(row?.['tx_quic']).toBe(era === 'E1' ? 2 : null);
    expect(row?.['tx_p2p']).toBe(era === 'E1' ? null : 0);
    expect(row?.['live_inbound']).toBe(era === 'E4' || era === 'E6' ? 1 : null);
  });

  it('lists sessions and proxies with pointers', async () => {
    const root = makeSandbox({ [path]: JSON.stringify(eras.E6) });
    expect(await ask(root, 'SELECT pointer, direction, sid, peer, status, seq FROM telemetry_session ORDER BY pointer')).toEqual([
      { pointer: '/live/sessions_in/0', direction: 'in', sid: 'a1b2c3d4', peer: CLIENT2, status: null, seq: null },
      { pointer: '/live/sessions_out/0', direction: 'out', sid: '0f1e2d3c', peer: CLIENT1, status: 'accepted', seq: 42 },
    ]);
    expect(await ask(root, 'SELECT pointer, port, connected FROM telemetry_proxy')).toEqual([
      { pointer: '/live/proxies/0', port: 10003, connected: true },
    ]);
  });

  it.each([
    ['', 'empty-file', 0],
    ['   ', 'empty-file', 1],
    [JSON.stringify(eras.E6).slice(0, 200), 'cut-line', 1],
    ['{"a":}', 'not-json', 1],
    ['{"a":1}', 'unexpected-shape', 1],
  ])('of %j is a rejection', async (text, reason, lines) => {
    const root = makeSandbox({ [path]: text });
    expect(
      await ask(root, 'SELECT reason, r.lines, s.lines AS all_lines FROM source_rejection AS r JOIN source AS s USING (source_id)'),
    ).toEqual([{ reason, lines, all_lines: lines }]);
    expect(await ask(root, 'SELECT * FROM telemetry')).toEqual([]);
  });

  it('with figures that nobody can hold keeps the others', async () => {
    const root = makeSandbox({
      [path]: JSON.stringify({
        ...eras.E6,
        started_ms: 9e15,
        tx_bytes: 1e300,
        live: { ...live, proxies: [{ port: 5e9, from: 1, to: null, connected: 'x' }] },
      }),
    });
    expect(await ask(root, 'SELECT started_us, updated_us, tx_bytes, rx_bytes FROM telemetry')).toEqual([
      { started_us: null, updated_us: 2_000_000, tx_bytes: null, rx_bytes: 8 },
    ]);
    expect(await ask(root, 'SELECT port, connected FROM telemetry_proxy')).toEqual([{ port: null, connected: null }]);
  });

  it('that file sync copied from another party is not that of this one', async () => {
    const root = makeSandbox({ [`${CLIENT1}/datasites/${CLIENT2}/.syftbox/hotlink_telemetry.json`]: JSON.stringify(eras.E6) });
    expect(await ask(root, 'SELECT * FROM telemetry')).toEqual([]);
  });
});

describe('a marker', () => {
  const at = (content: string, directory = '1_to_2'): string =>
    makeSandbox({ [`${CLIENT1}/datasites/${CLIENT1}/${FLOW}/_mpc/${directory}/stream.tcp`]: content });
  const good = { from: CLIENT1, to: CLIENT2, port: 9003, ports: { [CLIENT1]: 10003, [CLIENT2]: 11003 } };

  it('says who, where and which port', async () => {
    expect(await ask(at(JSON.stringify(good)), 'SELECT * EXCLUDE (source_id, ports) FROM marker')).toEqual([
      {
        party: CLIENT1,
        owner: CLIENT1,
        flow: 'syqure-flow',
        run: RUN,
        channel: '1_to_2',
        from_index: 1,
        to_index: 2,
        from_email: CLIENT1,
        to_email: CLIENT2,
        port: 9003,
        local_port: 10003,
        problem: null,
      },
    ]);
  });

  it.each([
    [JSON.stringify({ ...good, ports: undefined }), null, 9003],
    [JSON.stringify({ ...good, global_base: 9000, party_count: 3 }), null, 10003],
    ['', 'empty', null],
    ['{"from"', 'not-json', null],
    ['9003', 'no-from', null],
    ['127.0.0.1:9003', 'no-from', null],
    [JSON.stringify({ ...good, from: ' ' }), 'no-from', null],
    [JSON.stringify({ ...good, to: undefined }), 'no-to', null],
    [JSON.stringify({ from: CLIENT1, to: CLIENT2 }), 'no-port', null],
    [JSON.stringify({ ...good, ports: { [CLIENT2]: 11003 } }), 'no-local-port', null],
    [JSON.stringify({ ...good, port: 70000, ports: undefined }), 'no-port', null],
  ])('%s has the problem %s', async (content, problem, localPort) => {
    expect(await ask(at(content), 'SELECT problem, local_port FROM marker')).toEqual([{ problem, local_port: localPort }]);
  });

  it('in a directory of another name is none', async () => {
    expect(await ask(at(JSON.stringify(good), 'one_to_two'), 'SELECT problem, channel FROM marker')).toEqual([
      { problem: 'bad-directory', channel: 'one_to_two' },
    ]);
  });
});

describe('an ACL', () => {
  const at = (content: string): string => makeSandbox({ [`${CLIENT1}/datasites/${CLIENT1}/${FLOW}/_mpc/1_to_2/syft.pub.yaml`]: content });
  const rules = 'SELECT rule_no, line_no, pattern, level, grantee, terminal, channel FROM acl_rule ORDER BY rule_no, level, grantee';
  const usual =
    'terminal: false\nrules:\n- pattern: "**"\n  access:\n    admin: []\n    read: [client1@sandbox.local, "client2@sandbox.local"]\n    write:\n    - client1@sandbox.local\n';
  const odd = '{terminal: true, rules: [{pattern: "**", access: {read: ["*"], write: [client1@sandbox.local]}}]}';

  it('gives a row per grant', async () => {
    expect(await ask(at(usual), rules)).toEqual([
      { rule_no: 0, line_no: 3, pattern: '**', level: 'read', grantee: CLIENT1, terminal: false, channel: '1_to_2' },
      { rule_no: 0, line_no: 3, pattern: '**', level: 'read', grantee: CLIENT2, terminal: false, channel: '1_to_2' },
      { rule_no: 0, line_no: 3, pattern: '**', level: 'write', grantee: CLIENT1, terminal: false, channel: '1_to_2' },
    ]);
  });

  it('of unusual shape is read by the YAML library', async () => {
    expect((await ask(at(odd), rules)).map((row) => [row['level'], row['grantee'], row['terminal']])).toEqual([
      ['read', '*', true],
      ['write', CLIENT1, true],
    ]);
  });

  it.each([
    ['', 'empty'],
    ['rules: [', 'not-yaml'],
    ['just text', 'not-yaml'],
    [usual, null],
  ])('%j has the problem %s', async (content, problem) => {
    expect(await ask(at(content), 'SELECT problem, run, owner FROM acl_file')).toEqual([{ problem, run: RUN, owner: CLIENT1 }]);
  });
});

describe('progress', () => {
  const folder = `${CLIENT1}/datasites/${CLIENT1}/${FLOW}`;
  const question =
    'SELECT origin, step, event, status, line_no, ts_us, message FROM progress_event ORDER BY origin, line_no, step NULLS FIRST';

  it('of the command line: state and events', async () => {
    const state = {
      datasite: CLIENT1,
      flow_name: 'f',
      run_id: RUN,
      started_at: '2026-02-09T03:14:15Z',
      steps: { 'a/b': { status: 'failed', error: 'broken' } },
    };
    const events = [
      '{"timestamp":"2026-02-09T03:14:15Z","event":"step_started","step":"a","message":"m"}',
      'null',
      '{"x":1}',
      '',
      '{"cut',
    ].join('\n');
    const root = makeSandbox({
      [`${folder}/_progress/state.json`]: JSON.stringify(state, null, 2),
      [`${folder}/_progress/progress.json`]: events,
    });
    expect(await ask(root, question)).toEqual([
      {
        origin: 'progress',
        step: 'a',
        event: 'step_started',
        status: null,
        line_no: 1,
        ts_us: Date.parse('2026-02-09T03:14:15Z') * 1000,
        message: 'm',
      },
      { origin: 'state', step: null, event: 'in_progress', status: 'in_progress', line_no: null, ts_us: null, message: null },
      { origin: 'state', step: 'a/b', event: 'failed', status: 'failed', line_no: null, ts_us: null, message: 'broken' },
    ]);
    expect(await ask(root, 'SELECT pointer FROM progress_event WHERE step IS NOT NULL AND line_no IS NULL')).toEqual([
      { pointer: '/steps/a~1b' },
    ]);
    expect(await ask(root, 'SELECT reason, r.lines, first_line FROM source_rejection AS r ORDER BY reason')).toEqual([
      { reason: 'cut-line', lines: 1, first_line: 5 },
      { reason: 'unexpected-shape', lines: 2, first_line: 2 },
    ]);
  });

  it('of Desktop: log, roles, state', async () => {
    const root = makeSandbox({
      [`${folder}/_progress/log.jsonl`]: '{"timestamp":"2026-02-09T03:14:15Z","event":"joined","step_id":null,"role":"client1"}\n',
      [`${folder}/_progress/client1_secure.json`]: '{"step_id":"secure","role":"client1","status":"Completed","timestamp":1770606855}',
      [`${folder}/_progress/state.json`]:
        '{"updated_at":"2026-02-09T03:14:16Z","role":"client1","event":"step_completed","step_id":"secure","status":"Completed"}',
      [`${folder}/counts.phase`]: 'start:before_mpc\n\ndone pid=1\n',
    });
    expect((await ask(root, question)).map((row) => [row['origin'], row['step'], row['event'], row['ts_us']])).toEqual([
      ['log', null, 'joined', 1770606855000000],
      ['role', 'secure', 'Completed', 1770606855000000],
      ['state', 'secure', 'step_completed', 1770606856000000],
    ]);
    expect(await ask(root, 'SELECT line_no, text FROM phase ORDER BY line_no')).toEqual([
      { line_no: 1, text: 'start:before_mpc' },
      { line_no: 3, text: 'done pid=1' },
    ]);
  });
});

describe("the relay's small files", () => {
  it('say who is there and who is heard of', async () => {
    const access = (extra: object): string =>
      `${JSON.stringify({ timestamp: '2026-02-09 03:14:15.926 UTC', path: `${CLIENT1}/.syftbox/hotlink_telemetry.json`, access_type: 'write', user: CLIENT1, user_agent: 'syftbox-rs/0.1', allowed: true, ...extra })}\n`;
    const root = makeSandbox({
      'relay/state.json': JSON.stringify({
        root: '/x',
        server: { pid: 1 },
        minio: {},
        clients: [
          { email: CLIENT1, pid: 0, port: 7938, bin_path: '' },
          { email: CLIENT2, pid: 7, port: 7939, bin_path: '/b' },
        ],
        created: '2026-02-09T03:14:15Z',
      }),
      [`relay/server/logs/access/${CLIENT1}/access_20260209.log`]:
        access({}) + access({ timestamp: '2026-02-09 03:14:20.926 UTC' }) + access({ path: 'a', allowed: false }) + 'garbage\n',
    });
    expect(await ask(root, 'SELECT email, embedded FROM stack_client ORDER BY email')).toEqual([
      { email: CLIENT1, embedded: true },
      { email: CLIENT2, embedded: false },
    ]);
    expect(
      await ask(
        root,
        'SELECT own_telemetry, allowed, lines, first_line, last_line, (last_us - first_us) // 1000000 AS seconds FROM access ORDER BY lines DESC',
      ),
    ).toEqual([
      { own_telemetry: true, allowed: true, lines: 2, first_line: 1, last_line: 2, seconds: 5 },
      { own_telemetry: false, allowed: false, lines: 1, first_line: 3, last_line: 3, seconds: 0 },
    ]);
  });
});

describe('a log in JSON', () => {
  const path = RELAY_LOG;
  const line = (object: object): string => `${JSON.stringify({ time: '2026-02-09T13:14:15.9265+10:00', level: 'WARN', ...object })}\n`;

  it('has nested groups, numbered types and its own zone', async () => {
    const root = makeSandbox({
      [path]:
        line({
          msg: 'hotlink open permission denied',
          hotlink: { id: '5c0b', session: SESSION, from: CLIENT2, path: STREAM },
          error: 'access denied',
        }) +
        line({ msg: 'server received websocket message', msgType: 12, msgId: 'abc', connId: 'c1', from: CLIENT1 }) +
        line({ msg: 'wsclient writer', connId: 'c1', msgId: 'abc', msgType: 14 }) +
        line({ msg: 'wsclient writer', connId: 'c1', msgId: 'abc', msgType: 2 }) +
        line({
          msg: 'hotlink data relay',
          session: SESSION,
          from: CLIENT1,
          path: STREAM,
          seq: 1,
          bytes: 8,
          recipients: 2,
          to: ['a@c1', 'b@c2'],
        }),
    });
    const at = Date.parse('2026-02-09T03:14:15.926Z') * 1000 + 500;
    expect(
      await ask(
        root,
        'SELECT line_no, ts_us, kind, session, path, user_email, msg_id, msg_type, reason, to_email, bytes, n FROM event ORDER BY line_no',
      ),
    ).toEqual([
      {
        line_no: 1,
        ts_us: at,
        kind: 'open-denied',
        session: SESSION,
        path: STREAM,
        user_email: CLIENT2,
        msg_id: '5c0b',
        msg_type: null,
        reason: 'access denied',
        to_email: null,
        bytes: null,
        n: null,
      },
      {
        line_no: 2,
        ts_us: at,
        kind: 'relay-received',
        session: null,
        path: null,
        user_email: CLIENT1,
        msg_id: 'abc',
        msg_type: 'HOTLINK_DATA',
        reason: null,
        to_email: null,
        bytes: null,
        n: null,
      },
      {
        line_no: 3,
        ts_us: at,
        kind: 'relay-written',
        session: null,
        path: null,
        user_email: null,
        msg_id: 'abc',
        msg_type: 'HOTLINK_SIGNAL',
        reason: null,
        to_email: null,
        bytes: null,
        n: null,
      },
      {
        line_no: 5,
        ts_us: at,
        kind: 'relay-data',
        session: SESSION,
        path: STREAM,
        user_email: CLIENT1,
        msg_id: null,
        msg_type: null,
        reason: null,
        to_email: 'a@c1 b@c2',
        bytes: 8,
        n: 2,
      },
    ]);
  });
});

describe('a last line without newline', () => {
  it('that lacks nothing is a record, and half of one is not', async () => {
    const whole = relayLine('hotlink data rejected (not sender)', { session: `'${SESSION}'`, from: `'${CLIENT2}'` }).slice(0, -1);
    for (const [file, line, records] of [
      [RELAY_LOG, whole, 1],
      [RELAY_LOG, whole.slice(0, -4), 0],
      [CLIENT_OUTPUT, stdoutLine(`hotlink session accepted: session=${SESSION}`).slice(0, -1), 1],
      [CLIENT_OUTPUT, stdoutLine(`hotlink session accepted: session=${SESSION}`).slice(0, -3), 0],
      [CLIENT_OUTPUT, stdoutLine(`hotlink session new: session=0f1e2d3c path=${STREAM}`).slice(0, -1), 1],
      [CLIENT_LOG, rustLine(`hotlink session new: session=0f1e2d3c path=${STREAM}`).slice(0, -1), 1],
      [CLIENT_LOG, rustLine(`hotlink session new: session=0f1e2d3c path=${STREAM}`).slice(0, -2), 0],
    ] as const) {
      const root = makeSandbox({ [file]: line });
      expect({ line, account: await ask(root, 'SELECT records, rejected, cut FROM source') }).toEqual({
        line,
        account: [{ records, rejected: 1 - records, cut: true }],
      });
    }
  });
});

describe('progress of loading', () => {
  it('ends at the whole', async () => {
    const root = makeSandbox({ [CLIENT_LOG]: rustLine('x').repeat(100), [CLIENT_OUTPUT]: stdoutLine('x').repeat(100) });
    writeFileSync(join(root, 'more'), 'x');
    const seen: [number, number][] = [];
    await withLoaded(root, async () => {}, { onProgress: (done, total) => seen.push([done, total]) });
    const [last] = seen.slice(-1);
    expect(last?.[0]).toBe(last?.[1]);
  });
});
