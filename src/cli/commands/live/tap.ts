import { resolve } from 'node:path';
import { createInterface } from 'node:readline';
import type { Command } from 'commander';
import { DoctorError } from '../../../model/errors.ts';
import type { Tap } from '../../../proxy/tap/server.ts';
import type { ExitCode } from '../../exit.ts';
import { oneLine, print } from '../../output.ts';
import { LOOPBACK, MAX_PORT, numberIn, untilTold } from './flags.ts';

interface TapFlags {
  capture?: string;
  maxBytes: number;
  payload?: boolean;
  host: string;
  port: number;
  expose?: boolean;
  frameFault: string[];
  seed: number;
  attached?: boolean;
}

const DEFAULT_MAX_BYTES = 4 * 1024 ** 3;
const LONGEST_COMMAND = 1000;

/** `fault add …`, `fault clear`, `fault list`: what to print. */
function obey(tap: Tap, line: string): string {
  const [word = '', what = '', ...rest] = line.slice(0, LONGEST_COMMAND).trim().split(/\s+/);
  if (word === 'fault' && what === 'add' && rest.length === 1) {
    try {
      return `fault ${tap.addFault(rest[0] ?? '', 'fault add').text} is set`;
    } catch (error) {
      if (error instanceof DoctorError) return `not set: ${oneLine(error.message)}`;
      throw error;
    }
  }
  if (word === 'fault' && what === 'clear' && rest.length === 0) {
    tap.clearFaults();
    return 'no faults';
  }
  if (word === 'fault' && what === 'list' && rest.length === 0) {
    const list = tap.faults.list();
    return list.length === 0 ? 'no faults' : list.map((text) => `fault ${text}`).join('\n');
  }
  return 'not understood: fault add FAULT, fault clear, or fault list';
}

async function runTap(relay: string, flags: TapFlags): Promise<ExitCode> {
  if (!LOOPBACK.test(flags.host) && flags.expose !== true) throw new DoctorError('HLD_LIVE_NOT_LOOPBACK', { host: flags.host });
  const { Tap } = await import('../../../proxy/tap/server.ts');
  const early: string[] = [];
  let say = (line: string): void => void early.push(line);
  const tap = await Tap.start({
    host: flags.host,
    port: Math.trunc(flags.port),
    relay,
    capture: flags.capture === undefined ? undefined : resolve(flags.capture),
    maxCaptureBytes: flags.maxBytes,
    keepPayload: flags.payload === true,
    faults: flags.frameFault,
    seed: flags.seed,
    say: (line) => say(line),
  });
  say = (line) => print(`${line}\n`);
  print(`tap on ${tap.url}, in front of ${relay}${flags.capture === undefined ? '' : `, captures in ${flags.capture}`}\n`);
  for (const line of early) say(line);
  const commands = createInterface(process.stdin);
  commands.on('line', (line) => {
    if (line.trim() !== '') say(obey(tap, line));
  });
  const code = await untilTold(flags.attached === true, () => undefined);
  commands.close();
  await tap.close();
  return code;
}

export function addTap(live: Command, done: (code: ExitCode) => void): void {
  live
    .command('tap')
    .description('stand in front of a relay until Ctrl-C: passes everything on, records it, breaks what it is told to break')
    .argument('<relay-url>', 'address of the relay, such as http://127.0.0.1:8080; clients get the address of the tap in its place')
    .option('--capture <folder>', 'record what each party says, one file per party that analyze reads, without secrets')
    .option(
      '--max-bytes <n>',
      'all captures together; more is passed on and not recorded',
      numberIn('--max-bytes', 1000, 2 ** 50),
      DEFAULT_MAX_BYTES,
    )
    .option('--payload', 'keep the payload of data frames in the captures; else it is blanked')
    .option('--host <address>', 'address to listen on', '127.0.0.1')
    .option('--port <port>', 'port to listen on; 0: any free one', numberIn('--port', 0, MAX_PORT), 0)
    .option('--expose', 'allow an address that other machines reach')
    .option(
      '--frame-fault <fault>',
      'break messages or connections: drop:data:3:client1, freeze:client2, …; may be repeated (docs/live.md)',
      (value: string, before: string[]) => [...before, value],
      [],
    )
    .option('--seed <number>', 'seed of everything that is left to chance', numberIn('--seed', 0, 2 ** 32 - 1), 1)
    .option('--attached', 'end when standard input ends')
    .action(async (relay: string, flags: TapFlags) => done(await runTap(relay, flags)));
}
