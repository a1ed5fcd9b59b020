import { closeSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import type { Command } from 'commander';
import { DoctorError } from '../../../model/errors.ts';
import type { ExitCode } from '../../exit.ts';
import { print, reasonOf } from '../../output.ts';
import { LOOPBACK, MAX_PORT, numberIn, oneOf, ORDERS, OVERFLOWS, untilTold } from './flags.ts';

interface RelayFlags {
  host: string;
  port: number;
  expose?: boolean;
  relayVersion: string;
  order: (typeof ORDERS)[number];
  overtaking: number;
  lateMs: number;
  overflow: (typeof OVERFLOWS)[number];
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
  const [{ Relay }, { parseRelay }, { AccessFiles }] = await Promise.all([
    import('../../../proxy/relay/server.ts'),
    import('../../../proxy/relay/versions.ts'),
    import('../../../proxy/relay/access-log.ts'),
  ]);
  const behaviour = parseRelay(flags.relayVersion);
  const log = openLog(sandbox);
  const accesses = new AccessFiles(join(sandbox, 'relay/server/logs/access'));
  try {
    const running = await Relay.start({
      host: flags.host,
      port: Math.trunc(flags.port),
      behaviour,
      order: flags.order,
      overtaking: flags.overtaking,
      lateMs: flags.lateMs,
      overflow: flags.overflow,
      workers: availableParallelism(),
      seed: flags.seed,
      debug: flags.debug === true,
      logFormat: flags.json === true ? 'json' : 'development',
      zoneMinutes: flags.zone,
      writeLine: (line) => void writeSync(log, `${line}\n`),
      writeAccess: accesses.write,
      iceServers: process.env['SYFTBOX_HOTLINK_ICE_SERVERS'],
      turn: undefined,
    });
    print(`relay ${behaviour.name} on ${running.url}, log in ${join(sandbox, 'relay/server/logs/server.log')}\n`);
    const code = await untilTold(flags.attached === true, () => undefined);
    await running.close();
    return code;
  } finally {
    accesses.close();
    closeSync(log);
  }
}

export function addRelay(live: Command, done: (code: ExitCode) => void): void {
  live
    .command('relay')
    .description('run the relay until Ctrl-C; its log is one that analyze reads')
    .argument('<sandbox>', 'directory in which relay/server/logs/server.log is written')
    .option('--host <address>', 'address to listen on', '127.0.0.1')
    .option('--port <port>', 'port to listen on; 0: any free one', numberIn('--port', 0, MAX_PORT), 0)
    .option('--expose', 'allow an address that other machines reach')
    .option('--relay-version <version>', 'act as this version of the relay: S0, S1 or S2; with patches of the notes: S1+G, S1+frm', 'S2')
    .option(
      '--order <order>',
      'shared: messages of a connection can overtake each other, as in the real relay; connection: they cannot',
      oneOf('--order', ORDERS),
      'shared',
    )
    .option('--overtaking <share>', 'how often a worker is late, 0 to 1', numberIn('--overtaking', 0, 1), 0.05)
    .option('--late-ms <n>', 'how late, in milliseconds; 0: a few turns of the event loop', numberIn('--late-ms', 0, 1000), 0)
    .option(
      '--overflow <what>',
      'when a client sends faster than the relay takes it. drop: messages are lost, as in the real relay; wait: the client has to wait',
      oneOf('--overflow', OVERFLOWS),
      'drop',
    )
    .option('--seed <number>', 'seed of everything that is left to chance', numberIn('--seed', 0, 2 ** 32 - 1), 1)
    .option('--debug', 'a line for frames that are relayed, as SYFTBOX_HOTLINK_DEBUG=1 gives')
    .option('--json', 'the log of a relay in production: JSON lines')
    .option('--zone <minutes>', "minutes that the log's local time is ahead of UTC", numberIn('--zone', -840, 840), 0)
    .option('--attached', 'end when standard input ends')
    .action(async (sandbox: string, flags: RelayFlags) => done(await relay(sandbox, flags)));
}
