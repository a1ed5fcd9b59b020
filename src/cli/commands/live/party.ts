import { join, resolve } from 'node:path';
import type { Command } from 'commander';
import { DoctorError } from '../../../model/errors.ts';
import type { BehaviourName } from '../../../proxy/party/behaviour.ts';
import type { ExitCode } from '../../exit.ts';
import { print } from '../../output.ts';
import { EMAIL, ERAS, oneOf, untilTold } from './flags.ts';

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
  const [{ Party }, { BEHAVIOURS }] = await Promise.all([
    import('../../../proxy/party/client.ts'),
    import('../../../proxy/party/behaviour.ts'),
  ]);
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

export function addParty(live: Command, done: (code: ExitCode) => void): void {
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
