/**
 * What a machine says of itself at a moment: processes, TCP sockets, the system. Command lines are kept only of processes that may have a part in a run,
 * and masked: those of others are nobody's business here and often hold secrets.
 */
import { existsSync, readdirSync, readFileSync, statfsSync } from 'node:fs';
import { arch, availableParallelism, freemem, loadavg, platform, release, totalmem, uptime } from 'node:os';
import { mask } from '../ingest/mask.ts';
import { runTool } from './tool.ts';

const TIMEOUT_MS = 5000;
const RELEVANT = /syft|hotlink|syqure|sequre|codon|biovault|minio|coturn|turnserver|\bbv\b|sbdev/i;
const LONGEST_ARGS = 1000;

export interface Taken {
  /** undefined: it could not be had. */
  readonly text: string | undefined;
  readonly problem: string;
}

const PS_COLUMNS = ['pid', 'ppid', 'user', 'stat', 'etime', 'time', 'pcpu', 'rss', 'args'];
const PS_LINE = /^(\s*(?:\S+\s+){8})(.*)$/;

/** `isOurs`: whether a command line belongs to what is collected, beside the well-known names. */
export async function processes(isOurs: (args: string) => boolean): Promise<Taken> {
  const ran = await runTool('ps', ['-ww', '-e', '-o', PS_COLUMNS.join(',')], TIMEOUT_MS);
  if (ran.code === 0) return { text: `${shortenArgs(ran.out, isOurs).join('\n')}\n`, problem: '' };
  const own = processesOfProc(isOurs);
  return own === undefined ? { text: undefined, problem: `ps: ${ran.problem}` } : { text: own, problem: '' };
}

/** Lines of ps, with the command lines of strangers cut to the program. The first line names the columns. */
export function shortenArgs(out: string, isOurs: (args: string) => boolean): readonly string[] {
  return out
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line, index) => {
      const m = index === 0 ? null : PS_LINE.exec(line);
      return m === null ? line : `${m[1] ?? ''}${shownArgs(m[2] ?? '', isOurs)}`;
    });
}

function shownArgs(args: string, isOurs: (args: string) => boolean): string {
  if (RELEVANT.test(args) || isOurs(args)) return mask(args).slice(0, LONGEST_ARGS).toWellFormed();
  const [program = ''] = args.split(' ');
  return args.startsWith('[') ? args : program;
}

/** The same of a machine without ps, where the system shows processes as files. */
function processesOfProc(isOurs: (args: string) => boolean): string | undefined {
  try {
    const lines = readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .flatMap((pid) => {
        try {
          const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
          const [state = '', parent = ''] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
          const args = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
          return [
            `${pid} ${parent} ${state} ${shownArgs(args === '' ? `[${stat.slice(stat.indexOf('(') + 1, stat.lastIndexOf(')'))}]` : args, isOurs)}`,
          ];
        } catch {
          // It ended while we looked.
          return [];
        }
      });
    return `pid ppid stat args\n${lines.join('\n')}\n`;
  } catch {
    return undefined;
  }
}

/** Sockets with their processes, as `ss` prints them; else from the files of the system, else from netstat. */
export async function sockets(): Promise<Taken> {
  const ran = platform() === 'linux' ? await runTool('ss', ['-t', '-a', '-n', '-p'], TIMEOUT_MS) : undefined;
  if (ran?.code === 0) return { text: ran.out, problem: '' };
  const tables = ['/proc/net/tcp', '/proc/net/tcp6'].flatMap((path) => {
    try {
      return [readFileSync(path, 'utf8')];
    } catch {
      return [];
    }
  });
  if (tables.length > 0)
    return { text: `${['state local peer inode', ...tables.flatMap((table) => socketsOfTable(table))].join('\n')}\n`, problem: '' };
  const netstat = await runTool('netstat', ['-a', '-n', '-p', 'tcp'], TIMEOUT_MS);
  if (netstat.code === 0) return { text: netstat.out, problem: '' };
  return { text: undefined, problem: `${ran === undefined ? '' : `ss: ${ran.problem}; `}netstat: ${netstat.problem}` };
}

/** By number, as the kernel has them. */
const TCP_STATES = [
  '',
  'ESTAB',
  'SYN-SENT',
  'SYN-RECV',
  'FIN-WAIT-1',
  'FIN-WAIT-2',
  'TIME-WAIT',
  'CLOSE',
  'CLOSE-WAIT',
  'LAST-ACK',
  'LISTEN',
  'CLOSING',
];

/** Lines of `/proc/net/tcp` and `tcp6` in words. */
export function socketsOfTable(table: string): readonly string[] {
  return table.split('\n').flatMap((line) => {
    const m = /^\s*\d+: ([0-9A-F]+):([0-9A-F]{4}) ([0-9A-F]+):([0-9A-F]{4}) ([0-9A-F]{2})(?:\s+\S+){4}\s+\S+\s+(\d+)/.exec(line);
    if (m === null) return [];
    const [, local = '', localPort = '', peer = '', peerPort = '', state = '', inode = ''] = m;
    const place = (address: string, port: string): string => `${addressOf(address)}:${Number.parseInt(port, 16)}`;
    return [`${TCP_STATES[Number.parseInt(state, 16)] ?? state} ${place(local, localPort)} ${place(peer, peerPort)} ${inode}`];
  });
}

/** Words of four bytes, the last byte of each first. */
function addressOf(hex: string): string {
  const bytes = (hex.match(/.{8}/g) ?? []).flatMap((word) => (word.match(/../g) ?? []).toReversed());
  if (bytes.length === 4) return bytes.map((byte) => Number.parseInt(byte, 16)).join('.');
  const groups = Array.from({ length: bytes.length / 2 }, (_, i) => `${bytes[2 * i] ?? ''}${bytes[2 * i + 1] ?? ''}`.toLowerCase());
  return `[${groups.map((group) => group.replace(/^0{1,3}/, '')).join(':')}]`;
}

/** The system around a run, as far as it may have a part in a failure. */
export function systemFacts(root: string): Readonly<Record<string, unknown>> {
  return {
    platform: platform(),
    release: release(),
    arch: arch(),
    processors: availableParallelism(),
    memoryBytes: totalmem(),
    freeMemoryBytes: freemem(),
    load: loadavg(),
    uptimeSeconds: Math.round(uptime()),
    timeZone: Intl.DateTimeFormat().resolvedOptions().timeZone,
    zoneMinutes: -new Date().getTimezoneOffset(),
    disk: diskOf(root),
    linuxRelease: firstOf('/etc/os-release', /^PRETTY_NAME="?([^"\n]*)/m),
    isContainer: firstOf('/proc/1/cgroup', /(docker|kubepods|containerd)/) !== null || existsSync('/.dockerenv'),
  };
}

function diskOf(root: string): { readonly bytes: number; readonly freeBytes: number } | null {
  try {
    const { blocks, bavail, bsize } = statfsSync(root);
    return { bytes: blocks * bsize, freeBytes: bavail * bsize };
  } catch {
    return null;
  }
}

function firstOf(path: string, pattern: RegExp): string | null {
  try {
    return pattern.exec(readFileSync(path, 'utf8'))?.[1] ?? null;
  } catch {
    return null;
  }
}
