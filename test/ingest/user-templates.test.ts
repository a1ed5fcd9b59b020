import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { parseTemplates, TemplateError } from '../../src/ingest/templates/user-templates.ts';
import {
  ask,
  CLIENT1,
  CLIENT_LOG,
  CLIENT_OUTPUT,
  makeSandbox,
  RELAY_LOG,
  relayLine,
  removeSandboxes,
  rustLine,
  stdoutLine,
} from './sandbox.ts';

afterAll(removeSandboxes);

function fault(text: string): { line: number; reason: string } | undefined {
  try {
    parseTemplates(text);
    return undefined;
  } catch (error) {
    if (!(error instanceof TemplateError)) throw error;
    return { line: error.line, reason: error.message };
  }
}

describe('a file of templates', () => {
  it('is a line for each, or a JSON list with comments, to the same effect', () => {
    const lines =
      '# mine\n\nclient my-retry hotlink retry: path={path} after {n}ms\r\nrelay my-queue hotlink queue depth session={session} depth={n!}\n';
    const json = `// mine
[ /* two */
  { "dialect": "client", "kind": "my-retry", "text": "hotlink retry: path={path} after {n}ms" }, // "quoted"
  { "dialect": "relay", "kind": "my-queue", "text": "hotlink queue depth session={session} depth={n!}" },
]`;
    const expected = [
      { group: 'client', kind: 'my-retry', text: 'hotlink retry: path={path} after {n}ms' },
      { group: 'relay', kind: 'my-queue', text: 'hotlink queue depth session={session} depth={n!}' },
    ];
    expect(parseTemplates(lines)).toEqual(expected);
    expect(parseTemplates(json)).toEqual(expected);
  });

  it.each([
    ['client a-kind hotlink {port} x', 1, /no hole \{port\}; holes are .*\{session\}/],
    ['client a-kind okay {n}\nclient b-kind hotlink {n}{seq}', 2, /between two holes/],
    ['client a-kind {n} hotlink', 1, /begins with at least 3/],
    ['client a-kind ab{n} hotlink', 1, /begins with at least 3/],
    ['client a-kind hotlink {n} of {n}', 1, /\{n\} stands twice/],
    ['\n#\nclient A_Kind hotlink x', 3, /kind is made of/],
    ['rust a-kind hotlink x', 1, /dialect is one of client, go-client, relay/],
    ['client a-kind', 1, /text is missing/],
    ['client', 1, /DIALECT KIND TEXT/],
    ['relay a-kind depth {n} now', 1, /key=\{hole\}/],
    ['client a-kind hotlink ^x', 1, /\^ stands once/],
    ['', 1, /no template/],
    ['[\n {"dialect":"client","kind":"a-kind","text":"hotlink x"},\n {"dialect":"client","kind":"b-kind"}\n]', 3, /text is missing/],
    ['[\n {"dialect":"client","kind":"a-kind","text":"hotlink x","level":1}\n]', 2, /level/],
    ['[\n {"dialect":"client",,"kind":\n', 2, /no JSON/],
    ['{"dialect":"client"}', 1, /the file is a list/],
    ['[1]', 1, /dialect is one of/],
  ])('that is wrong says where: %j', (text, line, reason) => {
    expect(fault(text)).toEqual({ line, reason: expect.stringMatching(reason) });
  });

  it('of any text is templates or a fault with a line of the file', () => {
    const piece = fc.constantFrom(
      'client ',
      'relay ',
      'a-kind ',
      'hotlink ',
      '{n}',
      '{',
      '}',
      '^',
      '¦',
      '{reason}',
      '\n',
      '[',
      ']',
      '"',
      ',',
      '//',
      '/*',
      ':',
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(piece).map((p) => p.join('')),
        ),
        (text) => {
          const line = fault(text)?.line ?? 1;
          expect(line >= 1 && line <= text.split('\n').length).toBe(true);
        },
      ),
      { numRuns: 500 },
    );
  });
});

const KINDS = 'SELECT kind, path, n, line_no FROM event ORDER BY source_id, line_no';

describe("a user's template", () => {
  const templates = parseTemplates(
    'client my-retry hotlink retry: path={path} after {n}ms\nrelay my-queue hotlink queue depth depth={n!}\n',
  );

  it('makes events of lines that nobody knew, in both outputs of a client, behind prefixes and at the relay', async () => {
    const line = 'hotlink retry: path=a@x/p after 12ms';
    const row = { kind: 'my-retry', path: 'a@x/p', n: 12, line_no: 1 };
    for (const [path, text] of [
      [CLIENT_LOG, rustLine(line)],
      [CLIENT_OUTPUT, stdoutLine(line)],
      [`${CLIENT1}/logs/desktop.log`, `[2026-02-09T13:14:15+10:00][INFO] [STDOUT] ${stdoutLine(line)}`],
    ] as const) {
      expect(await ask(makeSandbox({ [path]: text }), KINDS, { templates })).toEqual([row]);
      expect(await ask(makeSandbox({ [path]: text }), KINDS)).toEqual([]);
    }
    const relay = relayLine('hotlink queue depth', { depth: '7' }) + relayLine('hotlink queue depth', { other: '7' });
    const json = '{"time":"2026-02-09T03:14:15Z","level":"INFO","msg":"hotlink queue depth","depth":7}\n';
    for (const text of [relay, json])
      expect(await ask(makeSandbox({ [RELAY_LOG]: text }), KINDS, { templates })).toEqual([
        { kind: 'my-queue', path: null, n: 7, line_no: 1 },
      ]);
  });

  it('takes a line from the noise, however short its beginning, and none from a built-in event', async () => {
    const mine = parseTemplates('client my-sync sync {reason}\nclient my-session hotlink session {reason}\n');
    const log =
      rustLine('sync actions: uploads=0') + rustLine('hotlink session accepted: session=0f1e2d3c') + rustLine('hotlink session of mine');
    const root = makeSandbox({ [CLIENT_LOG]: log });
    const rows = await ask(root, 'SELECT kind, reason FROM event ORDER BY line_no', { templates: mine });
    expect(rows).toEqual([
      { kind: 'my-sync', reason: 'actions: uploads=0' },
      { kind: 'session-accepted', reason: null },
      { kind: 'my-session', reason: 'of mine' },
    ]);
    expect(await ask(root, 'SELECT records, ignored, rejected FROM source', { templates: mine })).toEqual([
      { records: 3, ignored: 0, rejected: 0 },
    ]);
  });

  it('keeps no secret', async () => {
    const mine = parseTemplates('client my-line custom {reason}\n');
    const root = makeSandbox({ [CLIENT_LOG]: rustLine('custom token=abcdefgh') });
    expect(await ask(root, 'SELECT reason FROM event', { templates: mine })).toEqual([{ reason: 'token=***' }]);
  });
});

describe('--templates', () => {
  const root = makeSandbox({
    's/a@x/.syftbox/logs/syftbox.log': rustLine('hotlink retry: path=a@x/p after 12ms'),
    'good.txt': 'client my-retry hotlink retry: path={path} after {n}ms\n',
  });
  const run = (...args: string[]) => spawnSync(process.execPath, ['--import', 'tsx', 'src/cli/bin.ts', ...args], { encoding: 'utf8' });

  it('is taken by query, and a wrong file stops with file and line', () => {
    const sandbox = join(root, 's');
    const good = run('query', sandbox, 'SELECT kind, n FROM event', '--format', 'csv', '--templates', join(root, 'good.txt'));
    expect([good.stdout.trim(), good.status]).toEqual(['kind,n\r\nmy-retry,12', 0]);
    const bad = join(root, 'bad.txt');
    writeFileSync(bad, '\nclient x-y hotlink {port}\n');
    const refused = run('analyze', sandbox, '--templates', bad);
    expect(refused.status).toBe(2);
    expect(refused.stderr).toContain(`${bad}:2: there is no hole {port}`);
    expect(run('analyze', sandbox, '--templates', join(root, 'none')).stderr).toContain('HLD_CLI_BAD_OPTION_VALUE');
  });
});
