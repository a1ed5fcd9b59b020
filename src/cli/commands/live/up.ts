import { existsSync, readdirSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { DoctorError } from '../../../model/errors.ts';
import type { LabResult } from '../../../proxy/lab/run.ts';
import { EXIT, type ExitCode } from '../../exit.ts';
import { print } from '../../output.ts';
import { ERAS, oneOf, switchHelp, TRANSPORTS } from './flags.ts';

/** Flags whose values are settings of `src/proxy/lab/setup.ts`: the flag's name in commander, the setting's key. */
const SETTING_FLAGS = {
  parties: 'parties',
  era: 'era',
  partyEra: 'party-era',
  switch: 'switch',
  transport: 'transport',
  partyTransport: 'party-transport',
  relayVersion: 'relay-version',
  order: 'order',
  overtaking: 'overtaking',
  lateMs: 'late-ms',
  overflow: 'overflow',
  workload: 'workload',
  program: 'program',
  rounds: 'rounds',
  bytes: 'bytes',
  volume: 'volume',
  patience: 'patience',
  fault: 'fault',
  seed: 'seed',
  debug: 'debug',
  strict: 'strict',
  p2pOnly: 'p2p-only',
  nagle: 'nagle',
  chunkBytes: 'chunk-bytes',
  graceMs: 'grace-ms',
  bufferedHigh: 'buffered-high',
  backpressureWaitMs: 'backpressure-wait-ms',
  tap: 'tap',
  frameFault: 'frame-fault',
} as const;

type SettingFlag = keyof typeof SETTING_FLAGS;

interface UpFlags extends Partial<Record<SettingFlag, string | string[] | boolean>> {
  scenario?: string;
  format: 'text' | 'json';
}

/** What was given, in the order in which settings build on each other. */
function settingsOf(flags: UpFlags): readonly (readonly [string, string])[] {
  return (Object.keys(SETTING_FLAGS) as SettingFlag[]).flatMap((flag) => {
    const value = flags[flag];
    if (value === undefined) return [];
    const values = Array.isArray(value) ? value : [value === true ? 'on' : String(value)];
    return values.map((one) => [SETTING_FLAGS[flag], one] as const);
  });
}

function describeRun(result: LabResult): string {
  const lines = result.programs.map(({ email, phase, waitingFor, error, exit }) => {
    const waits = waitingFor === null ? (exit == null ? '' : `, ended with ${exit}`) : `, waits for ${waitingFor}`;
    return `  ${email}: ${phase}${waits}${error === null || waitingFor !== null ? '' : ` (${error})`}`;
  });
  return `${lines.join('\n')}\n`;
}

async function up(sandbox: string, flags: UpFlags): Promise<ExitCode> {
  const root = resolve(sandbox);
  if (existsSync(root) && readdirSync(root).length > 0)
    throw new DoctorError('HLD_CLI_UNWRITABLE_OUTPUT', { path: sandbox, reason: 'the folder is not empty' });
  const [{ runLab }, { applySettings, DEFAULT_SETUP }, { setupOf }, { readScenario }] = await Promise.all([
    import('../../../proxy/lab/run.ts'),
    import('../../../proxy/lab/setup.ts'),
    import('../../../proxy/lab/scenarios.ts'),
    import('../../../proxy/lab/scenario-file.ts'),
  ]);
  const base = flags.scenario === undefined ? DEFAULT_SETUP : setupOf(await readScenario(flags.scenario, '--scenario'));
  const setup = applySettings(base, settingsOf(flags));
  const stop = new AbortController();
  process.removeAllListeners('SIGINT');
  let code: ExitCode = EXIT.ok;
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => {
      code = EXIT.interrupted;
      stop.abort();
    });
  const result = await runLab({
    setup,
    sandbox: root,
    command: [process.execPath, process.argv[1] ?? ''],
    slot: process.pid,
    signal: stop.signal,
    say: flags.format === 'json' ? () => undefined : (line: string) => print(`${line}\n`),
  });
  if (flags.format === 'json') print(`${JSON.stringify(result, null, 2)}\n`);
  else print(`${describeRun(result)}Next: hotlink-doctor analyze ${sandbox}\n`);
  return code;
}

function gathered(value: string, before: string[] = []): string[] {
  return [...before, value];
}

export function addUp(live: Command, done: (code: ExitCode) => void): void {
  live
    .command('up')
    .description('run relay, parties and programs once in an empty folder, and keep the sandbox')
    .argument('<sandbox>', 'a folder that is empty or not there yet')
    .option('--scenario <name>', 'a failure by its name (live scenarios lists them) or from a file; other flags change it')
    .option('--parties <n>', 'how many (3): aggregator, client1, …; or names such as client1+client2')
    .option('--era <era>', `act as clients of this era (E6): ${ERAS}`)
    .option('--party-era <party=era>', 'one party of another era; may be repeated', gathered)
    .option('--switch <[party:]name=value>', 'change one thing about clients (see live party --help); may be repeated', gathered)
    .option('--transport <transport>', `${TRANSPORTS.join(' or ')}: whether peer connections can be built (websocket: they cannot)`)
    .option('--party-transport <party=transport>', 'one party that differs; may be repeated', gathered)
    .option('--relay-version <version>', 'S0, S1 or S2 (S2); with patches of the notes: S1+G')
    .option('--order <order>', 'shared or connection: see live relay (shared)')
    .option('--overtaking <share>', 'how often a worker of the relay is late, 0 to 1 (0.05)')
    .option('--late-ms <n>', 'how late, in milliseconds; 0: a few turns of the event loop (0)')
    .option('--overflow <what>', 'drop or wait: see live relay (drop)')
    .option('--workload <name>', 'what programs do: rounds, echo, tcp-test, burst, mesh or seed-29509799 (rounds)')
    .option('--program <command>', "a command of yours that is each party's program; docs/live.md says what it finds in its environment")
    .option('--rounds <n>', 'rounds of messages after the programs have found each other (5)')
    .option('--bytes <n>', 'bytes of a message (12000)')
    .option('--volume <direction:bytes>', 'bytes of a message of one direction, such as client1>client2:100000; may be repeated', gathered)
    .option('--patience <seconds>', 'give up when nobody has moved a byte for so long (12)')
    .option(
      '--fault <name[:where[:seconds]][@when]>',
      'break something: late-app:aggregator:8, marker-missing:client1>client2, kill-client:client1@2, …; may be repeated',
      gathered,
    )
    .option('--seed <number>', 'seed of everything that is left to chance (1)')
    .option('--debug', 'debug lines of clients and relay')
    .option('--strict', 'clients may not fall back to the WebSocket')
    .option('--p2p-only', 'clients send nothing over the WebSocket')
    .option('--nagle', 'small messages to the relay wait for an acknowledgement, as those of the real client do')
    .option('--chunk-bytes <n>', 'most bytes of a program that are sent as one frame')
    .option('--grace-ms <n>', 'how long each of the first three frames of a session waits for peer to peer')
    .option('--buffered-high <n>', "bytes in the data channel's buffer above which a send waits")
    .option('--backpressure-wait-ms <n>', 'how long it waits before it counts as failed')
    .option('--tap', 'put a tap in front of the relay: a capture per party in relay/captures')
    .option(
      '--frame-fault <fault[@when]>',
      'break messages or connections through a tap: drop:data:3:client1, freeze:client2@4, …; may be repeated',
      gathered,
    )
    .option('--format <format>', 'text or json', oneOf('--format', ['text', 'json'] as const), 'text')
    .addHelpText('after', switchHelp)
    .action(async (sandbox: string, flags: UpFlags) => done(await up(sandbox, flags)));
}
