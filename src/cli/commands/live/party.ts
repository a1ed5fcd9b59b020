import { join, resolve } from 'node:path';
import type { Command } from 'commander';
import { DoctorError } from '../../../model/errors.ts';
import type { PeerStack } from '../../../proxy/webrtc/peer.ts';
import type { ExitCode } from '../../exit.ts';
import { print, reasonOf } from '../../output.ts';
import {
  addTuning,
  EMAIL,
  ERAS,
  LOGGED,
  oneOf,
  several,
  switchHelp,
  TRANSPORTS,
  tuningOfFlags,
  untilTold,
  withSwitches,
  type Transport,
  type TuningFlags,
} from './flags.ts';

interface PartyFlags extends TuningFlags {
  transport: Transport;
  relay: string;
  era: string;
  switch: string[];
  home?: string;
  debug?: boolean;
  strict?: boolean;
  p2pOnly?: boolean;
  nagle?: boolean;
  daemonLog: boolean;
  logPayload: (typeof LOGGED)[number];
  hotlinkOff?: boolean;
  attached?: boolean;
}

/** The library for peer to peer, or why there is none. */
async function loadStack(transport: Transport): Promise<{ stack: PeerStack | undefined; says: string }> {
  if (transport === 'websocket') return { stack: undefined, says: '' };
  const { loadNative } = await import('../../../proxy/webrtc/native.ts');
  try {
    const stack = await loadNative();
    return { stack, says: `, peer to peer by ${stack.name}` };
  } catch (error) {
    return { stack: undefined, says: `, WITHOUT peer to peer: node-datachannel cannot be loaded (${firstLine(reasonOf(error))})` };
  }
}

function firstLine(text: string): string {
  return text.split('\n')[0] ?? '';
}

async function party(sandbox: string, email: string, flags: PartyFlags): Promise<ExitCode> {
  if (!EMAIL.test(email))
    throw new DoctorError('HLD_CLI_BAD_OPTION_VALUE', {
      option: 'EMAIL',
      value: email,
      expected: 'an address such as client1@sandbox.local',
    });
  const [{ Party }, { parseClient }, { tuned, tuningOf }] = await Promise.all([
    import('../../../proxy/party/client.ts'),
    import('../../../proxy/party/switches.ts'),
    import('../../../proxy/party/peer-behaviour.ts'),
  ]);
  const { behaviour } = parseClient(withSwitches(flags.era, flags.switch));
  if (behaviour.quic !== 'none' && (flags.p2pOnly === true || flags.strict === true)) {
    const option = flags.strict === true ? '--strict' : '--p2p-only';
    throw new DoctorError('HLD_CLI_BAD_OPTION_VALUE', {
      option,
      value: behaviour.name,
      expected: 'a client that knows peer to peer, E3 or later: E1 has QUIC, which is not spoken here',
    });
  }
  const { stack, says } = await loadStack(flags.transport);
  const environment = behaviour.strictKeys ? tuningOf(process.env) : {};
  const running = new Party({
    email,
    home: flags.home === undefined ? join(resolve(sandbox), email) : resolve(flags.home),
    relay: flags.relay.replace(/\/$/, ''),
    behaviour: tuned(behaviour, { ...environment, ...tuningOfFlags(flags) }),
    debug: flags.debug === true,
    strict: flags.strict === true,
    p2pOnly: flags.p2pOnly === true,
    hotlink: flags.hotlinkOff !== true,
    bindAddress: '127.0.0.1',
    nagle: flags.nagle === true,
    stack,
    log: { both: flags.daemonLog, payload: flags.logPayload },
  });
  running.start();
  print(`party ${email} acts as ${behaviour.name}${says}\n`);
  const code = await untilTold(flags.attached === true, (word) => {
    if (word === 'cut') running.cutLine();
  });
  await running.close();
  return code;
}

export function addParty(live: Command, done: (code: ExitCode) => void): void {
  const command = live
    .command('party')
    .description("run one party's client until Ctrl-C; programs connect to the ports of its markers")
    .argument('<sandbox>', 'directory that holds the folders of the parties')
    .argument('<email>', 'which party')
    .requiredOption('--relay <url>', 'address of the relay')
    .option('--era <era>', `act as a client of this era: ${ERAS}`, 'E6')
    .option('--switch <name=value>', 'change one thing about it; may be repeated', several, [])
    .option('--home <folder>', "the party's folder, where it is not SANDBOX/EMAIL")
    .option('--debug', 'the lines that SYFTBOX_HOTLINK_DEBUG=1 gives')
    .option('--strict', 'any fallback to the WebSocket is an error')
    .option('--p2p-only', 'no data over the WebSocket')
    .option('--hotlink-off', 'run without hotlink')
    .option('--nagle', 'small messages to the relay wait for an acknowledgement, as those of the real client do')
    .option('--no-daemon-log', 'without client-daemon.log, which says everything a second time')
    .option(
      '--log-payload <how>',
      'values: each byte of a payload stands in the log; zeros: as many zeros, in two thirds of the room',
      oneOf('--log-payload', LOGGED),
      'values',
    )
    .option(
      '--transport <transport>',
      'websocket: as a client that cannot build a peer connection; webrtc: peers connect over loopback, and fall back as the era does',
      oneOf('--transport', TRANSPORTS),
      'websocket',
    )
    .option('--attached', 'end when standard input ends; a line "cut" cuts the connection to the relay')
    .action(async (sandbox: string, email: string, flags: PartyFlags) => done(await party(sandbox, email, flags)));
  addTuning(command);
  command.addHelpText('after', switchHelp);
}
