import { closeSync, existsSync, mkdirSync, openSync, readdirSync, writeSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join, resolve } from 'node:path';
import type { Command } from 'commander';
import { DoctorError } from '../../model/errors.ts';
import type { BehaviourName } from '../../proxy/party/behaviour.ts';
import type { LabResult } from '../../proxy/lab/run.ts';
import { EXIT, type ExitCode } from '../exit.ts';
import { print, reasonOf } from '../output.ts';

const VERSIONS = ['S0', 'S1', 'S2'] as const;
const ORDERS = ['shared', 'connection'] as const;
const ERAS = ['E3', 'E4', 'E5a', 'E5b', 'E6'] as const satisfies readonly BehaviourName[];
const MAX_PORT = 65_535;
const MOST_PARTIES = 16;
const MOST_MESSAGE_BYTES = 64 * 1024 * 1024;
const LOOPBACK = /^(?:127(?:\.\d{1,3}){3}|localhost|::1)$/;
const EMAIL = /^[^\s@/\\]+@[^\s@/\\]+\.[^\s@/\\]+$/;

function oneOf<T extends string>(option: string, known: readonly T[]): (value: string) => T {
  return (value) => {
    const found = known.find((name) => name === value);
    if (found === undefined) throw new DoctorError('HLD_CLI_BAD_OPTION_VALUE', { option, value, expected: known.join(', ') });
    return found;
  };
}

function numberIn(option: string, least: number, most: number): (value: string) => number {
  return (value) => {
    const number = Number(value);
    if (value.trim() === '' || !(number >= least && number <= most)) {
      throw new DoctorError('HLD_CLI_BAD_OPTION_VALUE', { option, value, expected: `a number from ${least} to ${most}` });
    }
    return number;
  };
}

function several(value: string, before: string[]): string[] {
  return [...before, value];
}

/** Runs until a signal, or until standard input ends where the process belongs to another; `command` gets the lines of that. */
async function untilTold(attached: boolean, command: (word: string) => void): Promise<ExitCode> {
  // The command line's own handler would end the process before anything is put away.
  process.removeAllListeners('SIGINT');
  return new Promise((done) => {
    process.once('SIGINT', () => done(EXIT.interrupted));
    process.once('SIGTERM', () => done(EXIT.ok));
    if (!attached) return;
    process.stdin.setEncoding('utf8');
    process.stdin.on('data', (text: string) => {
      for (const word of text.split('\n').filter((line) => line !== '')) command(word);
    });
    process.stdin.on('end', () => done(EXIT.ok));
  });
}

// ---- relay

interface RelayFlags {
  host: string;
  port: number;
  expose?: boolean;
  relayVersion: (typeof VERSIONS)[number];
  order: (typeof ORDERS)[number];
  overtaking: number;
  seed: number;
  debug?: boolean;
  json?: boolean;
  zone: number;
  attached?: boolean;
}

/** Opens the relay's log as the real one does: truncated at each start. */
function openLog(sandbox: string): number {
  const directory = join(sandbox, 'relay/server/logs');
  try {
    mkdirSync(directory, { recursive: true });
    return openSync(join(directory, 'server.log'), 'w');
  } catch (cause) {
    throw new DoctorError('HLD_CLI_UNWRITABLE_OUTPUT', { path: directory, reason: reasonOf(cause) }, { cause });
  }
}

async function relay(sandbox: string, flags: RelayFlags): Promise<ExitCode> {
  if (!LOOPBACK.test(flags.host) && flags.expose !== true) throw new DoctorError('HLD_LIVE_NOT_LOOPBACK', { host: flags.host });
  const [{ Relay }, { RELAYS }] = await Promise.all([import('../../proxy/relay/server.ts'), import('../../proxy/relay/sessions.ts')]);
  const log = openLog(sandbox);
  try {
    const running = await Relay.start({
      host: flags.host,
      port: Math.trunc(flags.port),
      behaviour: RELAYS[flags.relayVersion],
      order: flags.order,
      overtaking: flags.overtaking,
      workers: availableParallelism(),
      seed: flags.seed,
      debug: flags.debug === true,
      logFormat: flags.json === true ? 'json' : 'development',
      zoneMinutes: flags.zone,
      writeLine: (line) => void writeSync(log, `${line}\n`),
      iceServers: process.env['SYFTBOX_HOTLINK_ICE_SERVERS'],
      turn: undefined,
    });
    print(`relay ${flags.relayVersion} on ${running.url}, log in ${join(sandbox, 'relay/server/logs/server.log')}\n`);
    const code = await untilTold(flags.attached === true, () => undefined);
    await running.close();
    return code;
  } finally {
    closeSync(log);
  }
}

// ---- party

interface PartyFlags {
  relay: string;
  era: BehaviourName;
  home?: string;
  debug?: boolean;
  strict?: boolean;
  p2pOnly?: boolean;
  hotlinkOff?: boolean;
  attached?: boolean;
}

async function party(sandbox: string, email: string, flags: PartyFlags): Promise<ExitCode> {
  if (!EMAIL.test(email))
    throw new DoctorError('HLD_CLI_BAD_OPTION_VALUE', {
      option: 'EMAIL',
      value: email,
      expected: 'an address such as client1@sandbox.local',
    });
  const [{ Party }, { BEHAVIOURS }] = await Promise.all([import('../../proxy/party/client.ts'), import('../../proxy/party/behaviour.ts')]);
  const running = new Party({
    email,
    home: flags.home === undefined ? join(resolve(sandbox), email) : resolve(flags.home),
    relay: flags.relay.replace(/\/$/, ''),
    behaviour: BEHAVIOURS[flags.era],
    debug: flags.debug === true,
    strict: flags.strict === true,
    p2pOnly: flags.p2pOnly === true,
    hotlink: flags.hotlinkOff !== true,
    bindAddress: '127.0.0.1',
  });
  running.start();
  print(`party ${email} acts as ${flags.era}\n`);
  const code = await untilTold(flags.attached === true, (word) => {
    if (word === 'cut') running.cutLine();
  });
  await running.close();
  return code;
}

// ---- up

interface UpFlags {
  parties: number;
  era: BehaviourName;
  partyEra: string[];
  relayVersion: (typeof VERSIONS)[number];
  order: (typeof ORDERS)[number];
  overtaking: number;
  rounds: number;
  bytes: number;
  patience: number;
  fault: string[];
  seed: number;
  debug?: boolean;
  strict?: boolean;
  p2pOnly?: boolean;
  format: 'text' | 'json';
}

/** `client1=E3` for each party that differs. */
function erasOf(emails: readonly string[], era: BehaviourName, others: readonly string[]): BehaviourName[] {
  const eras = emails.map(() => era);
  for (const value of others) {
    const [name = '', wished = ''] = value.split('=');
    const index = emails.findIndex((email) => email === name || email.split('@')[0] === name);
    const known = ERAS.find((one) => one === wished);
    if (index < 0 || known === undefined)
      throw new DoctorError('HLD_CLI_BAD_OPTION_VALUE', {
        option: '--party-era',
        value,
        expected: `PARTY=ERA, an era of ${ERAS.join(', ')}`,
      });
    eras[index] = known;
  }
  return eras;
}

function describeRun(result: LabResult): string {
  const lines = result.programs.map(({ email, phase, waitingFor, error }) => {
    const waits = waitingFor === null ? '' : `, waits for ${waitingFor}`;
    return `  ${email}: ${phase}${waits}${error === null || waitingFor !== null ? '' : ` (${error})`}`;
  });
  return `${lines.join('\n')}\n`;
}

async function up(sandbox: string, flags: UpFlags): Promise<ExitCode> {
  const root = resolve(sandbox);
  if (existsSync(root) && readdirSync(root).length > 0)
    throw new DoctorError('HLD_CLI_UNWRITABLE_OUTPUT', { path: sandbox, reason: 'the folder is not empty' });
  const [{ runLab }, { partyEmails }, { parseFault }] = await Promise.all([
    import('../../proxy/lab/run.ts'),
    import('../../proxy/lab/layout.ts'),
    import('../../proxy/lab/faults.ts'),
  ]);
  const emails = partyEmails(Math.trunc(flags.parties));
  const stop = new AbortController();
  process.removeAllListeners('SIGINT');
  let code: ExitCode = EXIT.ok;
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => {
      code = EXIT.interrupted;
      stop.abort();
    });
  const say = flags.format === 'json' ? () => undefined : (line: string) => print(`${line}\n`);
  const result = await runLab({
    sandbox: root,
    emails,
    behaviours: erasOf(emails, flags.era, flags.partyEra),
    relayArgs: [
      '--relay-version',
      flags.relayVersion,
      '--order',
      flags.order,
      '--overtaking',
      String(flags.overtaking),
      '--seed',
      String(flags.seed),
      ...(flags.debug === true ? ['--debug'] : []),
    ],
    partyArgs: [
      ...(flags.debug === true ? ['--debug'] : []),
      ...(flags.strict === true ? ['--strict'] : []),
      ...(flags.p2pOnly === true ? ['--p2p-only'] : []),
    ],
    workload: { rounds: Math.trunc(flags.rounds), bytes: Math.trunc(flags.bytes), seed: flags.seed },
    faults: flags.fault.map((value) => parseFault(value, emails)),
    patienceMs: flags.patience * 1000,
    command: [process.execPath, process.argv[1] ?? ''],
    slot: process.pid,
    signal: stop.signal,
    say,
  });
  if (flags.format === 'json') print(`${JSON.stringify(result, null, 2)}\n`);
  else print(`${describeRun(result)}Next: hotlink-doctor analyze ${sandbox}\n`);
  return code;
}

function addRelay(live: Command, done: (code: ExitCode) => void): void {
  live
    .command('relay')
    .description('run the relay until Ctrl-C; its log is one that analyze reads')
    .argument('<sandbox>', 'directory in which relay/server/logs/server.log is written')
    .option('--host <address>', 'address to listen on', '127.0.0.1')
    .option('--port <port>', 'port to listen on; 0: any free one', numberIn('--port', 0, MAX_PORT), 0)
    .option('--expose', 'allow an address that other machines reach')
    .option('--relay-version <version>', 'act as this version of the relay: S0, S1 or S2', oneOf('--relay-version', VERSIONS), 'S2')
    .option(
      '--order <order>',
      'shared: messages of a connection can overtake each other, as in the real relay; connection: they cannot',
      oneOf('--order', ORDERS),
      'shared',
    )
    .option('--overtaking <share>', 'how often a worker is late, 0 to 1', numberIn('--overtaking', 0, 1), 0.05)
    .option('--seed <number>', 'seed of everything that is left to chance', numberIn('--seed', 0, 2 ** 32 - 1), 1)
    .option('--debug', 'a line for frames that are relayed, as SYFTBOX_HOTLINK_DEBUG=1 gives')
    .option('--json', 'the log of a relay in production: JSON lines')
    .option('--zone <minutes>', "minutes that the log's local time is ahead of UTC", numberIn('--zone', -840, 840), 0)
    .option('--attached', 'end when standard input ends')
    .action(async (sandbox: string, flags: RelayFlags) => done(await relay(sandbox, flags)));
}

function addParty(live: Command, done: (code: ExitCode) => void): void {
  live
    .command('party')
    .description("run one party's client until Ctrl-C; programs connect to the ports of its markers")
    .argument('<sandbox>', 'directory that holds the folders of the parties')
    .argument('<email>', 'which party')
    .requiredOption('--relay <url>', 'address of the relay')
    .option('--era <era>', `act as a client of this era: ${ERAS.join(', ')}`, oneOf('--era', ERAS), 'E6')
    .option('--home <folder>', "the party's folder, where it is not SANDBOX/EMAIL")
    .option('--debug', 'the lines that SYFTBOX_HOTLINK_DEBUG=1 gives')
    .option('--strict', 'any fallback to the WebSocket is an error')
    .option('--p2p-only', 'no data over the WebSocket')
    .option('--hotlink-off', 'run without hotlink')
    .option('--attached', 'end when standard input ends; a line "cut" cuts the connection to the relay')
    .action(async (sandbox: string, email: string, flags: PartyFlags) => done(await party(sandbox, email, flags)));
}

function addUp(live: Command, done: (code: ExitCode) => void): void {
  live
    .command('up')
    .description('run relay, parties and programs once in an empty folder, and keep the sandbox')
    .argument('<sandbox>', 'a folder that is empty or not there yet')
    .option('--parties <n>', 'aggregator, client1, …', numberIn('--parties', 2, MOST_PARTIES), 3)
    .option('--era <era>', `act as clients of this era: ${ERAS.join(', ')}`, oneOf('--era', ERAS), 'E6')
    .option('--party-era <party=era>', 'one party of another era; may be repeated', several, [])
    .option('--relay-version <version>', 'S0, S1 or S2', oneOf('--relay-version', VERSIONS), 'S2')
    .option('--order <order>', 'shared or connection: see live relay', oneOf('--order', ORDERS), 'shared')
    .option('--overtaking <share>', 'how often a worker of the relay is late, 0 to 1', numberIn('--overtaking', 0, 1), 0.05)
    .option('--rounds <n>', 'rounds of messages after the programs have found each other', numberIn('--rounds', 0, 10_000), 5)
    .option('--bytes <n>', 'bytes of a message', numberIn('--bytes', 0, MOST_MESSAGE_BYTES), 12_000)
    .option('--patience <seconds>', 'give up when nobody has moved a byte for so long', numberIn('--patience', 1, 3600), 12)
    .option(
      '--fault <name[:where[:seconds]]>',
      'break something: late-app:aggregator:8, marker-missing:client1>client2, relay-restart, …; may be repeated',
      several,
      [],
    )
    .option('--seed <number>', 'seed of everything that is left to chance', numberIn('--seed', 0, 2 ** 32 - 1), 1)
    .option('--debug', 'debug lines of clients and relay')
    .option('--strict', 'clients may not fall back to the WebSocket')
    .option('--p2p-only', 'clients send nothing over the WebSocket')
    .option('--format <format>', 'text or json', oneOf('--format', ['text', 'json'] as const), 'text')
    .action(async (sandbox: string, flags: UpFlags) => done(await up(sandbox, flags)));
}

export function addLive(program: Command, done: (code: ExitCode) => void): void {
  const live = program.command('live').description('a small hotlink of our own, relay and parties: reproduces a failure in seconds');
  addUp(live, done);
  addRelay(live, done);
  addParty(live, done);
}
