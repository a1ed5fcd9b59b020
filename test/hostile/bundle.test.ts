/**
 * Secrets and names planted into every kind of file that ingest reads: a bundle holds no secret, and with --redact no name;
 * neither in its bytes nor in any report about it. A capture's bytes are looked at decoded as well.
 */
import { afterAll, describe, expect, it } from 'vitest';
import { FORMATS } from '../../src/cli/formats.ts';
import { bundleOf, removeScratch } from '../../tools/bundle-run.ts';
import { judgeFolder, unpacked } from '../helpers/bundle-run.ts';
import { forCases, type Chance } from '../helpers/mutate.ts';
import { chosen, KINDS, leakIn, Secrets } from '../helpers/planted.ts';
import { makeSandbox, removeSandboxes } from '../ingest/sandbox.ts';

afterAll(() => {
  removeSandboxes();
  removeScratch();
});

/** What every format says of a folder, as `analyze FOLDER --detail --format …` prints it. */
async function everyFormat(folder: string): Promise<readonly (readonly [string, string])[]> {
  const diagnosis = await judgeFolder(folder);
  const layout = { width: 132, color: false, ascii: false, verbose: true, compact: false };
  return Promise.all(FORMATS.map(async ({ name, load }) => [name, (await load())([diagnosis], layout)] as const));
}

/** Base64 within a text, decoded beside it. */
function withDecoded(text: string): string {
  return (
    text +
    [...text.matchAll(/"bytes"\s*:\s*"([A-Za-z0-9+/=]*)"/g)].map((m) => Buffer.from(m[1] ?? '', 'base64').toString('latin1')).join('\n')
  );
}

describe.each(Object.entries(KINDS))('secrets in %s', (_, { files }) => {
  it('are in no bundle', { timeout: 120_000 }, async () => {
    await forCases(1, async (chance) => {
      const secrets = new Secrets(chance);
      const all: Record<string, string> = {};
      for (const [index, shape] of chosen(chance).entries())
        for (const [path, text] of Object.entries(files(() => shape(secrets)))) all[`${index}/${path}`] = text;
      const root = makeSandbox(all);
      for (const redact of [false, true]) {
        const { archive } = await bundleOf(root, redact);
        const { root: folder, names, bytes } = unpacked(archive);
        expect(leakIn(withDecoded(`${names.join('\n')}\n${bytes}`), secrets.all)).toBeUndefined();
        for (const [format, said] of await everyFormat(folder))
          expect({ format, leak: leakIn(said, secrets.all) }).toEqual({ format, leak: undefined });
      }
    });
  });
});

/** Who and where, as programs print it. */
type Naming = (n: Names) => string;

class Names {
  readonly all: string[] = [];
  private readonly chance: Chance;

  constructor(chance: Chance) {
    this.chance = chance;
  }

  private word(): string {
    const letters = Array.from({ length: 7 }, () => this.chance.pick('bcdfghjkmnpqrstvwz'.split(''))).join('');
    this.all.push(letters);
    return letters;
  }

  readonly user = (): string => this.word();
  readonly host = (): string => `${this.word()}.${this.chance.pick(['org', 'com', 'internal', 'example.net', 'local'])}`;
  readonly email = (): string => `${this.word()}.${this.word()}@${this.host()}`;

  readonly ip = (): string => {
    const ip = ['11', ...Array.from({ length: 3 }, () => String(20 + this.chance.below(200)))].join('.');
    this.all.push(ip);
    return ip;
  };
}

const NAMINGS: Readonly<Record<string, Naming>> = {
  email: (n) => `from ${n.email()} to ${n.email()}`,
  'email in a path': (n) => `path=${n.email()}/shared/flows/f/r1/_mpc/0_to_1/stream.tcp.request`,
  'email in a query': (n) => `GET /api/v1/events?user=${encodeURIComponent(n.email())}&x=1`,
  'email in json': (n) => `{"to":"${n.email()}","n":1}`,
  'home folder': (n) => `open /home/${n.user()}/work/x: no such file`,
  'home folder of a mac': (n) => `/Users/${n.user()}/Library/x`,
  'home folder of windows': (n) => `C:\\Users\\${n.user()}\\AppData`,
  folders: (n) => `open /home/${n.user()}/${n.user()}/${n.user()}-2026/sandbox/x.log: no such file`,
  'folder of a server': (n) => `started in /srv/${n.user()}/hotlink, data_dir=/data/${n.user()}/x`,
  'folders of windows': (n) => `cannot open C:\\Users\\${n.user()}\\${n.user()}\\AppData\\x.log`,
  'a name twice': (n) => {
    const name = n.user();
    return `/home/${name}/x is owned by ${name}, says ${name.toUpperCase()}`;
  },
  variable: (n) => `USER=${n.user()} LOGNAME=${n.user()}`,
  'host in a link': (n) => `https://${n.host()}:8443/api`,
  'host that is looked up': (n) => `dial tcp: lookup ${n.host()}: no such host`,
  'host alone': (n) => `connection to ${n.host()} closed`,
  'host header': (n) => `Host: ${n.host()}`,
  'host variable': (n) => `HOSTNAME=${n.user()}`,
  address: (n) => `dial tcp ${n.ip()}:8080: connect: refused`,
  'address of a candidate': (n) => `candidate:1 1 udp 2130706431 ${n.ip()} 52011 typ host`,
};

describe.each(Object.entries(KINDS))('names in %s', (_, { files }) => {
  it('are in no bundle that is redacted, and one value has one pseudonym', { timeout: 120_000 }, async () => {
    await forCases(1, async (chance) => {
      const planted = new Names(chance);
      const all: Record<string, string> = {};
      for (const [index, naming] of Object.values(NAMINGS).entries())
        for (const [path, text] of Object.entries(files(() => naming(planted)))) all[`${index}/${path}`] = text;
      // People name folders, too.
      const owner = planted.email();
      all[`${owner}/client-daemon.log`] = `2026-02-09T03:14:15.926Z INFO daemon start datasite=${owner}\n`;
      const { archive, key } = await bundleOf(makeSandbox(all), true);
      const { root: folder, names, bytes } = unpacked(archive);
      const out = withDecoded(`${names.join('\n')}\n${bytes}`).toLowerCase();
      const found = planted.all.filter((name) => out.includes(name.toLowerCase()));
      const around = found.slice(0, 1).map((name) => out.slice(Math.max(0, out.indexOf(name) - 80), out.indexOf(name) + 60));
      expect({ found, around }).toEqual({ found: [], around: [] });
      for (const [format, said] of await everyFormat(folder))
        expect({ format, names: planted.all.filter((name) => said.toLowerCase().includes(name.toLowerCase())) }).toEqual({
          format,
          names: [],
        });
      expect(new Set(key.map(([fake]) => fake)).size).toBe(key.length);
      expect(names.some((name) => name.includes('@') && name.endsWith('/client-daemon.log'))).toBe(true);
    });
  });
});
