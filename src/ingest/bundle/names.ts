/**
 * Pseudonyms for who and where: emails, user names, home folders, hosts. The same value has the same pseudonym everywhere in a
 * bundle. Emails keep their alphabetical order, since canonical paths depend on it (field guide §8.4); loopback addresses,
 * ports, run ids and session ids stay. Names are learnt from everything that the bundle holds before the first one is replaced.
 */
import { createHash } from 'node:crypto';
import { isIPv6 } from 'node:net';
import { Folders } from './folders.ts';
import { GO_CLIENT } from '../templates/go-client.ts';
import { RELAY } from '../templates/relay.ts';
import { RUST_CLIENT } from '../templates/rust-client.ts';

const NAME = String.raw`[\p{L}\p{N}_.+-]`;
/** Before a name: no letter or digit, unless it ends an escape or a percent code. */
const BEFORE = String.raw`(?:(?<![\p{L}\p{N}_.+%\\-])|(?<=%[0-9A-Fa-f]{2})|(?<=\\[nrt])|(?<=\\)(?![nrtux]))`;
const BEFORE_WORD = String.raw`(?:(?<![\p{L}\p{N}%\\])|(?<=%[0-9A-Fa-f]{2})|(?<=\\[nrt])|(?<=\\)(?![nrtux]))`;
const EMAIL = String.raw`${BEFORE}(?<email>${NAME}+(?:@|%40)(?!sha256:)[\p{L}\p{N}](?:[\p{L}\p{N}.-]*[\p{L}\p{N}])?)`;
const HOME = String.raw`(?<home>[\\/]{1,4}(?:home|Users)[\\/]{1,4})(?<user>[^\\/\s"':;,&%]+)`;
const USER = String.raw`(?<variable>\b(?:USER|LOGNAME|USERNAME)["']?[=:]\s?["']?)(?<who>[^\s"',;&]+)`;
const HOST = String.raw`(?<where>:\/\/|\blookup |(?<![\p{L}\p{N}])(?:[Hh]ost(?:[Nn]ame)?|HOST(?:NAME)?)["']?\s?[=:]\s?["']?)(?<host>[\p{L}\p{N}](?:[\p{L}\p{N}.-]*[\p{L}\p{N}])?)(?![@\p{L}\p{N}])`;
const DOTTED = String.raw`(?<![\p{L}\p{N}.@/_-])(?<dotted>[\p{L}\p{N}][\p{L}\p{N}-]*(?:\.[\p{L}\p{N}-]+)*\.(?:com|org|net|edu|gov|io|internal|lan|corp|local))(?![\p{L}\p{N}_-]|\.\p{L})`;
const IPV4 = String.raw`(?<![\d.])(?<ip>(?:\d{1,3}\.){3}\d{1,3})(?!\.?\d)`;
const IPV6 = String.raw`(?<![\w:.])(?<ip6>(?:[0-9A-Fa-f]{0,4}:){3,7}[0-9A-Fa-f]{0,4})(?![\w:.])`;

/** Hosts that say nothing of where. */
const NO_HOST = /^(?:localhost|host\.docker\.internal|ip6-localhost)$|^\d+$/;
/** Loopback, no address at all, and the network that the runner makes (field guide 2.6). */
const NO_IP = /^(?:127\.|0\.0\.0\.0$|255\.|172\.29\.0\.)/;

/** Words of logs and paths: a name that is one of them is replaced only where nothing but a name can stand. */
const WORDS = new Set(
  [
    ...[...RUST_CLIENT, ...GO_CLIENT, ...RELAY].flatMap((template) => template.text.split(/[^A-Za-z0-9]+/)),
    ...'datasites shared flows mpc syftbox logs server relay config hotlink telemetry json log data public home users stream tcp accept'.split(
      ' ',
    ),
    ...'progress state access minio biovault desktop client daemon party step run test email user role event status root started completed'.split(
      ' ',
    ),
    ...'failed running info warn error debug true false null none some read write admin rules pattern local remote proxy session'.split(
      ' ',
    ),
  ].map((word) => word.toLowerCase()),
);
/** Accounts that a system or a package makes. */
const SYSTEM_ACCOUNT =
  /^(?:_.*|systemd.*|\d+|[A-Z]|root|daemon|bin|sys|nobody|messagebus|message|syslog|rtkit|avahi|cups|colord|polkitd|dnsmasq|sshd|ntp|chrony|mysql|redis|postgres|mongodb|nginx|www-data|minio|docker|ubuntu|gdm|kernoops|lp|uuidd|whoopsie|tss|dbus|polkit)$/;
/** Keys of JSON whose value is a host or an account. */
const HOST_KEY = /^(?:host|host_?name|domainname|machine|node_?name)$/i;
const OWNER_KEY = /^(?:user_?name|user|log_?name|owner)$/i;
/** Shorter names are words by chance. */
const SHORTEST = 3;

/** One word, and no id of a container: these are called after themselves. */
function isLone(text: string): boolean {
  return /^[\p{L}\p{N}][\p{L}\p{N}._-]*$/u.test(text) && !/^[0-9a-f]{12,64}$/.test(text);
}

function escaped(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
}

function hashOf(email: string): string {
  return createHash('sha256').update(email.toLowerCase()).digest('hex').slice(0, 16);
}

function domainOf(email: string): string {
  return email.slice(email.lastIndexOf('@') + 1);
}

function localOf(email: string): string {
  return email.slice(0, email.lastIndexOf('@'));
}

/** What a sandbox calls its parties says nothing of who they are, and their numbers are evidence. */
const ROLE = /^(?:aggregator|client\d{1,2})$/;

/** Names before the @ for addresses in alphabetical order, which keep that order; those of roles stay. */
function inOrder(emails: readonly string[]): readonly string[] {
  const digits = Math.max(2, String(emails.length).length);
  const lastRole = emails.findLastIndex((email) => ROLE.test(localOf(email)));
  let before = 'a';
  return emails.map((email, index) => {
    const local = localOf(email);
    if (ROLE.test(local)) {
      before = `${local}x`;
      return local;
    }
    return `${index > lastRole ? 'user' : before}${String(index + 1).padStart(digits, '0')}`;
  });
}

/** Accounts of the system, and parties by their role. */
function isNobody(account: string): boolean {
  return SYSTEM_ACCOUNT.test(account) || ROLE.test(account);
}

type Groups = Readonly<Record<string, string | undefined>>;

export class Names {
  private readonly emails = new Set<string>();
  private readonly users = new Set<string>();
  /** Pseudonyms, by the real value. */
  private readonly given = new Map<string, string>();
  private readonly hosts = new Map<string, string>();
  private readonly counts = { user: 0, host: 0, ip: 0 };
  private pattern = new RegExp([EMAIL, HOME, USER, HOST, DOTTED, IPV4, IPV6].join('|'), 'gu');
  private literals = new Map<string, string>();
  private readonly folders = new Folders(WORDS);
  /** Absolute folder of the evidence. */
  private readonly root: string;

  constructor(root: string) {
    this.root = root;
  }

  /** Takes note of the names in a text. `key`: of a value in JSON. */
  learn(text: string, key = ''): void {
    if (isLone(text) && HOST_KEY.test(key)) this.hostOf(text);
    if (isLone(text) && OWNER_KEY.test(key) && !isNobody(text)) this.users.add(text);
    for (const { groups } of text.matchAll(this.pattern)) if (groups !== undefined) this.note(groups);
  }

  /** A folder that is called like an address is one, whatever its characters. */
  learnPath(path: string): void {
    for (const part of path.split('/')) if (/^[^@\s]+@[^@\s]+$/.test(part)) this.emails.add(part);
    this.learn(path);
  }

  /** The owner in a line of `ps` (collect: pid, ppid, user). Accounts of the system are nobody's name. */
  learnOwner(line: string): void {
    const owner = /^\s*\d+\s+\d+\s+([^\s+]+)\+?\s/.exec(line)?.[1];
    if (owner !== undefined && !isNobody(owner)) this.users.add(owner);
  }

  private note({ email, user, who, where, host, dotted }: Groups): void {
    if (email !== undefined) this.emails.add(email.replace('%40', '@'));
    const name = user ?? who;
    if (name !== undefined && !name.includes('***')) {
      if (/@|%40/.test(name)) this.emails.add(name.replace('%40', '@'));
      else this.users.add(name);
    }
    const place = (where === undefined ? undefined : host) ?? dotted;
    if (place !== undefined) this.hostOf(place);
  }

  /** All names are known: pseudonyms are given. */
  settle(): void {
    const emails = [...this.emails].toSorted((a, b) => (a < b ? -1 : a > b ? 1 : 0));
    for (const domain of [...new Set(emails.map(domainOf))].toSorted()) this.hostOf(domain);
    const names = inOrder(emails);
    emails.forEach((email, index) => {
      const fake = `${names[index]}@${this.hostOf(domainOf(email))}`;
      this.given.set(email, fake);
      this.literal(hashOf(email), hashOf(fake));
      this.literal(email, fake);
      this.bare(localOf(email), names[index] ?? '');
    });
    for (const user of [...this.users].toSorted()) this.bare(user, this.userOf(user));
    for (const [real, fake] of this.hosts) if (real.length >= SHORTEST && !WORDS.has(real)) this.literal(real, fake);
    const words = [...this.literals.keys()].toSorted((a, b) => b.length - a.length || (a < b ? -1 : 1)).map(escaped);
    const literal = String.raw`${BEFORE_WORD}(?<literal>${words.join('|')})(?![\p{L}\p{N}])`;
    const root = this.root.length > 1 ? [String.raw`(?<root>${escaped(this.root)})(?![\p{L}\p{N}_-])`] : [];
    const all = [...root, EMAIL, HOME, USER, HOST, ...(words.length > 0 ? [literal] : []), DOTTED, IPV4, IPV6];
    this.pattern = new RegExp(all.join('|'), 'giu');
  }

  private literal(real: string, fake: string): void {
    if (!this.literals.has(real.toLowerCase())) this.literals.set(real.toLowerCase(), fake);
  }

  private bare(real: string, fake: string): void {
    if (real.length >= SHORTEST && !WORDS.has(real.toLowerCase()) && !/^\d+$/.test(real)) this.literal(real, fake);
    if (!this.given.has(real)) this.given.set(real, fake);
  }

  /** The text with every name replaced. `key`: of a value in JSON; what somebody called a folder stands under `sandbox`. */
  readonly redact = (text: string, key = ''): string => {
    if (key === 'sandbox' && !text.includes('@')) return 'sandbox';
    const lone = this.loneName(text, key);
    return lone ?? this.folders.redact(this.renamed(text));
  };

  /** A value that is a name by its key, as JSON has it. */
  private loneName(text: string, key: string): string | undefined {
    if (!isLone(text)) return undefined;
    if (HOST_KEY.test(key)) return this.hostOf(text);
    return OWNER_KEY.test(key) && !isNobody(text) ? this.userOf(text) : undefined;
  }

  private readonly renamed = (text: string): string =>
    text.replace(this.pattern, (...match: unknown[]): string => this.replacement(match[0] as string, match.at(-1) as Groups));

  private replacement(all: string, g: Groups): string {
    if (g['root'] !== undefined) return '/sandbox';
    if (g['email'] !== undefined) return this.emailOf(g['email']);
    if (g['home'] !== undefined) return g['home'] + this.userOf(g['user'] ?? '');
    if (g['variable'] !== undefined) {
      // Names of variables are capital; `user=` says an address.
      const isVariable = /^(?:USER|LOGNAME|USERNAME)/.test(g['variable']) && !/@|%40/.test(g['who'] ?? '');
      return g['variable'] + (isVariable ? this.userOf(g['who'] ?? '') : this.redact(g['who'] ?? ''));
    }
    if (g['where'] !== undefined) return g['where'] + this.placeOf(g['host'] ?? '');
    if (g['literal'] !== undefined) return this.literals.get(g['literal'].toLowerCase()) ?? all;
    if (g['dotted'] !== undefined) return this.hostOf(g['dotted']);
    return this.addressOf(all);
  }

  private emailOf(text: string): string {
    const email = text.replace('%40', '@');
    const fake = this.given.get(email) ?? `user00@${this.hostOf(domainOf(email))}`;
    return text.includes('%40') ? fake.replace('@', '%40') : fake;
  }

  private userOf(name: string): string {
    const known = this.given.get(name) ?? this.literals.get(name.toLowerCase());
    if (known !== undefined) return known;
    if (name.includes('***')) return name;
    const fake = `name${String(++this.counts.user).padStart(2, '0')}`;
    this.given.set(name, fake);
    return fake;
  }

  private placeOf(host: string): string {
    return /^(?:\d{1,3}\.){3}\d{1,3}$/.test(host) ? this.addressOf(host) : this.hostOf(host);
  }

  private hostOf(host: string): string {
    const name = host.toLowerCase();
    if (/^(?:\d{1,3}\.){3}\d{1,3}$/.test(name)) return this.addressOf(name);
    if (NO_HOST.test(name) || (!name.includes('.') && WORDS.has(name))) return host;
    const known = this.hosts.get(name);
    if (known !== undefined) return known;
    const fake = `host${String(++this.counts.host).padStart(2, '0')}.example`;
    this.hosts.set(name, fake);
    return fake;
  }

  /** An address of the same class: private ones stay private. */
  private addressOf(address: string): string {
    if (address.includes(':') ? !isIPv6(address) || !/\d/.test(address) : NO_IP.test(address)) return address;
    const known = this.given.get(address);
    if (known !== undefined) return known;
    const n = ++this.counts.ip;
    const tail = `${(n >> 8) & 255}.${n & 255}`;
    const fake = address.includes(':')
      ? `2001:db8::${n.toString(16)}`
      : address.startsWith('10.')
        ? `10.255.${tail}`
        : address.startsWith('192.168.')
          ? `192.168.${tail}`
          : /^172\.(?:1[6-9]|2\d|3[01])\./.test(address)
            ? `172.31.${tail}`
            : `198.18.${tail}`;
    this.given.set(address, fake);
    return fake;
  }

  /** What stands for what, for the one who made the bundle: pseudonym, real value; in the order of the pseudonyms. */
  key(): readonly (readonly [string, string])[] {
    const seen = new Map<string, string>();
    for (const [real, fake] of [...this.given, ...this.hosts]) if (real !== fake && !seen.has(fake)) seen.set(fake, real);
    return [...seen, ...this.folders.key()].toSorted(([a], [b]) => (a < b ? -1 : 1));
  }
}
