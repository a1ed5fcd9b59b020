import { existsSync, readdirSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { DoctorError } from '../../../model/errors.ts';
import type { LabResult } from '../../../proxy/lab/run.ts';
import type { BehaviourName } from '../../../proxy/party/behaviour.ts';
import { EXIT, type ExitCode } from '../../exit.ts';
import { print } from '../../output.ts';
import {
  addTuning,
  ERAS,
  MOST_MESSAGE_BYTES,
  MOST_PARTIES,
  numberIn,
  oneOf,
  several,
  VERSIONS,
  ORDERS,
  OVERFLOWS,
  TRANSPORTS,
  tuningArgs,
  type Transport,
  type TuningFlags,
} from './flags.ts';

interface UpFlags extends TuningFlags {
  transport: Transport;
  partyTransport: string[];
  parties: number;
  era: BehaviourName;
  partyEra: string[];
  relayVersion: (typeof VERSIONS)[number];
  order: (typeof ORDERS)[number];
  overtaking: number;
  lateMs: number;
  overflow: (typeof OVERFLOWS)[number];
  rounds: number;
  bytes: number;
  patience: number;
  fault: string[];
  seed: number;
  debug?: boolean;
  strict?: boolean;
  p2pOnly?: boolean;
  nagle?: boolean;
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

/** `client1=websocket` for each party that differs: arguments of its client. */
function transportArgs(emails: readonly string[], { transport, partyTransport }: UpFlags): string[][] {
  const args = emails.map(() => ['--transport', transport as string]);
  for (const value of partyTransport) {
    const [name = '', wished = ''] = value.split('=');
    const index = emails.findIndex((email) => email === name || email.split('@')[0] === name);
    const known = TRANSPORTS.find((one) => one === wished);
    if (index < 0 || known === undefined)
      throw new DoctorError('HLD_CLI_BAD_OPTION_VALUE', {
        option: '--party-transport',
        value,
        expected: `PARTY=TRANSPORT, ${TRANSPORTS.join(' or ')}`,
      });
    args[index] = ['--transport', known];
  }
  return args;
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
    import('../../../proxy/lab/run.ts'),
    import('../../../proxy/lab/layout.ts'),
    import('../../../proxy/lab/faults.ts'),
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
      '--late-ms',
      String(flags.lateMs),
      '--overflow',
      flags.overflow,
      '--seed',
      String(flags.seed),
      ...(flags.debug === true ? ['--debug'] : []),
    ],
    partyArgs: [
      ...(flags.debug === true ? ['--debug'] : []),
      ...(flags.strict === true ? ['--strict'] : []),
      ...(flags.p2pOnly === true ? ['--p2p-only'] : []),
      ...(flags.nagle === true ? ['--nagle'] : []),
      ...tuningArgs(flags),
    ],
    ownPartyArgs: transportArgs(emails, flags),
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

export function addUp(live: Command, done: (code: ExitCode) => void): void {
  const command = live
    .command('up')
    .description('run relay, parties and programs once in an empty folder, and keep the sandbox')
    .argument('<sandbox>', 'a folder that is empty or not there yet')
    .option('--parties <n>', 'aggregator, client1, …', numberIn('--parties', 2, MOST_PARTIES), 3)
    .option('--era <era>', `act as clients of this era: ${ERAS.join(', ')}`, oneOf('--era', ERAS), 'E6')
    .option('--party-era <party=era>', 'one party of another era; may be repeated', several, [])
    .option('--relay-version <version>', 'S0, S1 or S2', oneOf('--relay-version', VERSIONS), 'S2')
    .option('--order <order>', 'shared or connection: see live relay', oneOf('--order', ORDERS), 'shared')
    .option('--overtaking <share>', 'how often a worker of the relay is late, 0 to 1', numberIn('--overtaking', 0, 1), 0.05)
    .option('--late-ms <n>', 'how late, in milliseconds; 0: a few turns of the event loop', numberIn('--late-ms', 0, 1000), 0)
    .option('--overflow <what>', 'drop or wait: see live relay', oneOf('--overflow', OVERFLOWS), 'drop')
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
    .option(
      '--transport <transport>',
      'websocket: clients cannot build a peer connection; webrtc: they connect over loopback',
      oneOf('--transport', TRANSPORTS),
      'websocket',
    )
    .option('--nagle', 'small messages to the relay wait for an acknowledgement, as those of the real client do')
    .option('--party-transport <party=transport>', 'one party that differs; may be repeated', several, [])
    .option('--format <format>', 'text or json', oneOf('--format', ['text', 'json'] as const), 'text')
    .action(async (sandbox: string, flags: UpFlags) => done(await up(sandbox, flags)));
  addTuning(command);
}
