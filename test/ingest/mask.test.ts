import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { excerptReader, saveExcerpts } from '../../src/ingest/excerpts.ts';
import { firstSecret, mask } from '../../src/ingest/mask.ts';
import { sql } from '../../src/store/sql.ts';
import {
  CLIENT1,
  CLIENT_LOG,
  CLIENT_OUTPUT,
  FLOW,
  makeSandbox,
  RELAY_LOG,
  relayLine,
  removeSandboxes,
  rustLine,
  SESSION,
  stdoutLine,
  withLoaded,
} from './sandbox.ts';

afterAll(removeSandboxes);

const SECRET = 'S3cr3tV4lue0123456789';

/** Everywhere a secret can stand in a client's messages (field guide §3). */
const MESSAGES = [
  `control plane starting" requested_addr=127.0.0.1:7938 token=${SECRET}`,
  `hotlink TURN user from server: ${SECRET}`,
  `hotlink TURN pass from server: ${SECRET}`,
  `hotlink ICE servers from server: stun:stun.example.org,turn:${SECRET}:${SECRET}@turn.example.org:3478`,
  `hotlink ws connect error: client_token=${SECRET}`,
  `sync error: request failed: Authorization: Bearer ${SECRET}`,
  `sync error: bad header authorization="Basic ${SECRET}"`,
  `ws connect error: Sec-Websocket-Key: ${SECRET}`,
  `ws send error: http://${SECRET}:${SECRET}@127.0.0.1/x`,
  `ping failed: access_key=${SECRET} secret_key=${SECRET}`,
  `ws message decoded type=HotlinkSignal(HotlinkSignal { session_id: "${SESSION}", kind: "sdp_offer", addrs: [], token: "a=ice-ufrag:${SECRET}\\r\\na=ice-pwd:${SECRET}", error: "" })`,
  `ws message decoded type=HotlinkSignal(HotlinkSignal { session_id: "${SESSION}", kind: "ice_candidate", addrs: [], token: "{\\"candidate\\":\\"candidate:1 1 udp 1 10.0.0.1 1 typ host ufrag ${SECRET}\\",\\"usernameFragment\\":\\"${SECRET}\\"}", error: "" })`,
  `hotlink webrtc error: session=${SESSION} error=turn password=${SECRET}`,
  `hotlink of tomorrow: token=${SECRET}`,
  `something else altogether with password: ${SECRET}`,
];

function asFileLine(message: string): string {
  const [words = '', rest] = message.split('" ');
  return rest === undefined ? rustLine(message) : rustLine(words).replace(/\n$/, ` ${rest}\n`);
}

const root = makeSandbox({
  [CLIENT_LOG]: MESSAGES.map(asFileLine).join(''),
  [CLIENT_OUTPUT]:
    MESSAGES.map((m) => stdoutLine(m.replace('" ', ' '))).join('') +
    stdoutLine('hotlink enabled: webrtc p2p + ws fallback + tcp proxy', '2026-02-09T03:20:00.000Z'),
  [`${CLIENT1}/.syftbox/config.json`]: JSON.stringify({ email: CLIENT1, client_token: SECRET }),
  [`${CLIENT1}/datasites/${CLIENT1}/${FLOW}/_progress/state.json`]: JSON.stringify({
    status: 'failed',
    steps: { a: { status: 'failed', error: `token=${SECRET}` } },
  }),
  [`${CLIENT1}/datasites/${CLIENT1}/${FLOW}/result.phase`]: `start:before_mpc\npassword=${SECRET}\n`,
  'relay/server/config.yaml': `blob:\n  access_key: ${SECRET}\n  secret_key: ${SECRET}\n`,
  'relay/minio/logs/minio.log': `RootPass: ${SECRET}\n`,
  'notes.txt': `token=${SECRET}\n`,
  [RELAY_LOG]:
    relayLine('server config', { 'config.blob.access_key': `'${SECRET}'` }) +
    relayLine('wsclient reader', { error: `"bad token=${SECRET}"`, connId: "'8f14e45f'" }) +
    relayLine('Incoming request', {
      'http.request.path': "'/api/v1/events'",
      'http.request.query': "'user=a'",
      'http.request.header.Sec-Websocket-Key': `[${SECRET}]`,
      'http.request.header.Authorization': `["Bearer ${SECRET}"]`,
    }) +
    relayLine('hotlink of tomorrow', { token: `'${SECRET}'` }),
});

const TEXT_COLUMNS = sql`SELECT table_name AS name, column_name AS part FROM information_schema.columns WHERE data_type = 'VARCHAR' AND table_schema = 'main' ORDER BY 1, 2`;

describe('secrets', () => {
  it('reach no text of the database, saved excerpts included, and no excerpt', async () => {
    await withLoaded(root, async (rows, store) => {
      await saveExcerpts(root, store);
      const shown: string[] = [];
      for (const from of [root, undefined]) {
        const reader = excerptReader(from, store);
        for (const source of await rows('SELECT source_id, lines FROM source'))
          for (let line = 1; line <= Number(source['lines']); line++)
            shown.push((await reader.line(Number(source['source_id']), line)) ?? '');
      }
      expect(shown.join('\n')).not.toContain(SECRET);
      expect(shown.join('\n')).toContain('control plane starting');
      const columns = await store.query(TEXT_COLUMNS);
      expect(columns.length).toBeGreaterThan(60);
      for (const { name, part } of columns) {
        const held = await rows(`SELECT count(*) AS n FROM "${name}" WHERE "${part}" LIKE '%${SECRET}%'`);
        expect({ name, part, held }).toEqual({ name, part, held: [{ n: 0 }] });
      }
    });
  });

  it('stand in nothing that a stored file names', () => {
    expect(join(root, 'x')).not.toContain(SECRET);
  });

  it.each(MESSAGES.filter((m) => !m.startsWith('hotlink TURN')))('are masked in %s', (message) => {
    const escaped = message.replace(/[\\"]/g, '\\$&');
    for (const text of [message, escaped]) {
      expect(mask(text)).not.toContain(SECRET);
      expect(text.slice(0, firstSecret(text))).not.toContain(SECRET);
    }
  });

  it('are not seen where there are none', () => {
    for (const text of [
      'hotlink session new: session=0f1e2d3c path=a@x/b',
      'token: ""',
      'token: None',
      'turn pass from server: [set]',
      'sync error: 401',
    ])
      expect(mask(text)).toBe(text);
  });
});
