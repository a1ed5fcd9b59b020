/**
 * Secrets of every known shape planted into every kind of file that ingest reads: none may come out anywhere.
 *
 * A new kind of file is one entry of KINDS, a new shape of secret one entry of SHAPES. The secrets are new in each run; a
 * failure says the seed (`HLD_FUZZ_SEED` repeats it).
 */
import { copyFileSync, cpSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { excerptReader, saveExcerpts } from '../../src/ingest/excerpts.ts';
import { loadInput } from '../../src/ingest/load.ts';
import { mask } from '../../src/ingest/mask.ts';
import type { Diagnosis } from '../../src/model/diagnosis.ts';
import { renderJson } from '../../src/report/json.ts';
import { renderTerminal } from '../../src/report/terminal.ts';
import { diagnose } from '../../src/rules/diagnose.ts';
import { sql } from '../../src/store/sql.ts';
import { Store } from '../../src/store/store.ts';
import { runBin } from '../helpers/bin.ts';
import { filesLike, sampleCases } from '../helpers/cases.ts';
import { forCases } from '../helpers/mutate.ts';
import { chosen, KINDS, leakIn, Secrets, SHAPES } from '../helpers/planted.ts';
import { makeSandbox, removeSandboxes } from '../ingest/sandbox.ts';

/** Judges a sandbox as `analyze --db FILE --format json --format text --verbose` does. */
async function analyzed(
  root: string,
  database: string,
): Promise<{ json: string; text: string; sources: Diagnosis['accounting']['sources'] }> {
  const store = await Store.create(database);
  try {
    await loadInput(root, store, {});
    await saveExcerpts(root, store);
    const d = await diagnose(store.query, excerptReader(root, store), {});
    return {
      json: renderJson(d),
      text: renderTerminal(d, { width: 132, color: true, ascii: false, verbose: true }),
      sources: d.accounting.sources,
    };
  } finally {
    store.close();
  }
}

/** All texts of the tables, one a line. */
async function everyText(file: string): Promise<string> {
  const store = await Store.openSaved(file);
  try {
    const columns = await store.query(
      sql`SELECT table_name AS name, column_name AS part FROM information_schema.columns WHERE data_type = 'VARCHAR' AND table_schema = 'main' ORDER BY 1, 2`,
    );
    expect(columns.length).toBeGreaterThan(60);
    const texts: string[] = [];
    for (const { name, part } of columns) {
      const { rows } = await store.runUserSql(`SELECT DISTINCT "${part}" FROM "${name}" WHERE "${part}" IS NOT NULL`);
      for (const [value] of rows) texts.push(`${name}.${part}: ${value}`);
    }
    return texts.join('\n');
  } finally {
    store.close();
  }
}

const scratch = mkdtempSync(join(tmpdir(), 'hld-secrets-'));
afterAll(() => {
  removeSandboxes();
  rmSync(scratch, { recursive: true });
});

describe.each(Object.entries(KINDS))('secrets in %s', (name, { kind, files }) => {
  it('come out nowhere', { timeout: 60_000 }, async () => {
    await forCases(1, async (chance) => {
      const secrets = new Secrets(chance);
      const all: Record<string, string> = {};
      const paths: string[] = [];
      for (const [index, shape] of chosen(chance).entries()) {
        for (const [path, text] of Object.entries(files(() => shape(secrets)))) {
          all[`${index}/${path}`] = text;
          paths.push(`${index}/${path}`);
        }
      }
      const root = makeSandbox(all);
      const database = join(scratch, `${name.replaceAll(/\W/g, '-')}.duckdb`);
      const { json: document, text, sources } = await analyzed(root, database);
      const raw = [database, `${database}.wal`].filter((file) => existsSync(file)).map((file) => readFileSync(file, 'latin1'));
      // Opening a database may write to it.
      const copy = join(scratch, 'copy.duckdb');
      copyFileSync(database, copy);
      const texts = await everyText(copy);
      rmSync(copy);
      const places = { json: document, text, tables: texts, database: raw.join('\n') };
      for (const [place, out] of Object.entries(places))
        expect({ place, leak: leakIn(out, secrets.all) }).toEqual({ place, leak: undefined });
      const kinds = sources.filter(({ source }) => paths.includes(source)).map((source) => source.kind);
      expect({ kind, isRead: kinds.includes(kind) }).toEqual({ kind, isRead: true });
    });
  });
});

describe('the command', () => {
  it('prints and writes no secret, whatever it is asked for', { timeout: 60_000 }, async () => {
    await forCases(1, async (chance) => {
      const secrets = new Secrets(chance);
      const shapes = Object.values(SHAPES);
      const say = (): string => chance.pick(shapes)(secrets);
      const root = makeSandbox(Object.assign({}, ...Object.values(KINDS).map(({ files }) => files(say))));
      const [database, report] = [join(scratch, 'command.duckdb'), join(scratch, 'report.txt')];
      const runs = [
        runBin(['analyze', root, '--verbose', '--format', 'json', '--format', `text=${report}`, '--db', database]),
        runBin(['query', database, 'SELECT * FROM source_rejection', '--format', 'csv']),
      ];
      const out = runs.map(({ stdout, stderr }) => stdout + stderr);
      expect({ codes: runs.map(({ code }) => code) }).toEqual({ codes: [0, 0] });
      const files = [report, database].map((file) => readFileSync(file, 'latin1'));
      expect(leakIn([...out, ...files].join('\n'), secrets.all)).toBeUndefined();
    });
  });
});

describe('a secret in a name', () => {
  it('of a folder or a file is masked, and the file is quoted all the same', { timeout: 60_000 }, async () => {
    await forCases(1, async (chance) => {
      const secrets = new Secrets(chance);
      const [sample] = sampleCases().filter((c) => c.name === 'late-application');
      const root = join(makeSandbox({}), `run token=${secrets.word()}`);
      cpSync(sample?.sandbox ?? '', join(root, `upload token=${secrets.word()}`), { recursive: true });
      const { code, stdout, stderr } = runBin(['analyze', root, '--format', 'json', '--format', 'text']);
      expect({ code, leak: leakIn(stdout + stderr, secrets.all) }).toEqual({ code: 0, leak: undefined });
      const diagnosis = JSON.parse(stdout.slice(0, stdout.indexOf('\n}\n') + 2)) as {
        causes: { evidence: { source?: string; text: string }[] }[];
      };
      const quotes = diagnosis.causes
        .flatMap((cause) => cause.evidence)
        .filter(({ source }) => source?.startsWith('upload token=***/') === true);
      expect(quotes.some((quote) => quote.text.includes('hotlink'))).toBe(true);
    });
  });

  it('is masked in errors and in notes', { timeout: 60_000 }, async () => {
    await forCases(1, (chance) => {
      const secrets = new Secrets(chance);
      const gone = runBin(['analyze', `/nowhere/token=${secrets.word()}/x`]);
      expect(gone.code).toBe(2);
      const noted = runBin(['analyze', 'samples/healthy/sandbox', '--note', `password=${secrets.word()} and it stood still`]);
      expect(leakIn(gone.stderr + noted.stdout + noted.stderr, secrets.all)).toBeUndefined();
    });
  });
});

describe('masking', () => {
  it('changes nothing that the samples say of sessions, paths, people and programs', () => {
    const changed: string[] = [];
    for (const { sandbox } of sampleCases()) {
      for (const file of filesLike(sandbox, /\.(log|json|phase|tcp)$/)) {
        if (basename(file) === 'config.json') continue;
        for (const line of readFileSync(file, 'utf8').split('\n')) {
          const text = line.slice(0, 8192);
          if (mask(text) !== text) changed.push(mask(text));
        }
      }
    }
    // What is masked there are handshakes and the control plane's token, nothing else.
    expect(changed.filter((text) => !/token|Sec-Websocket-Key|ice-ufrag|ufrag|TURN/i.test(text))).toEqual([]);
  });

  it.each([
    'hotlink session new: session=0f1e2d3c-0000-4000-8000-000000000001 path=a@x/shared/flows/f/29510000-abcdefabcdef/_mpc/1_to_2/stream.tcp.request',
    'watcher path=a@x/syft.pub.yaml etag=217734f5fef2c11adcf49fa5b948b8e3 key=a%40x%2F.syftbox%2Fhotlink_telemetry.json',
    'syft://client1@sandbox.local/app_data/x?user=client2@sandbox.local',
    'http://127.0.0.1:8080/api/v1/events?user=client1@sandbox.local',
    'return user: none', 'token: ""', 'token=', 'token: None', 'token: null', 'TURN pass from server: [set]', 'password: [set]',
    'turn:turn.example.org:3478', 'peer key mismatch: seq=3', 'keyboard: de', 'secretary=bob', 'tokens=3 keys=4',
  ])('leaves alone: %s', (text) => {
    expect(mask(text)).toBe(text);
  }); // prettier-ignore

  it('takes time in proportion to the text', () => {
    for (const word of [
      'a.',
      'authorization-',
      'token',
      '\\',
      'token=\\"\\',
      '://',
      '://a:',
      'turn:',
      'eyJ-',
      'password ',
      "token='",
      'cookie:',
      '"',
      ' ',
      'x@',
    ]) {
      const text = word.repeat(Math.ceil(4_000_000 / word.length));
      const started = performance.now();
      mask(`${text} token=x`);
      expect({ word, isFast: performance.now() - started < 1500 }).toEqual({ word, isFast: true });
    }
  });

  it('is the same when it is done twice', async () => {
    await forCases(50, (chance) => {
      const secrets = new Secrets(chance);
      const text = Array.from({ length: 5 }, () => chance.pick(Object.values(SHAPES))(secrets)).join(chance.pick([' ', ', ', '\n', ' | ']));
      expect(mask(mask(text))).toBe(mask(text));
    });
  });
});
