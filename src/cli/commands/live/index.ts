import type { Command } from 'commander';
import type { ExitCode } from '../../exit.ts';
import { addParty } from './party.ts';
import { addProgram } from './program.ts';
import { addRelay } from './relay.ts';
import { addReproduce } from './reproduce.ts';
import { addScenarios } from './scenarios.ts';
import { addSoak } from './soak.ts';
import { addVerify } from './verify.ts';
import { addTap } from './tap.ts';
import { addUp } from './up.ts';
import { addWatch } from '../watch.ts';

export function addLive(program: Command, done: (code: ExitCode) => void): void {
  const live = program.command('live').description('a small hotlink of our own, relay and parties: reproduces a failure in seconds');
  addUp(live, done);
  addScenarios(live, done);
  addVerify(live, done);
  addReproduce(live, done);
  addSoak(live, done);
  addRelay(live, done);
  addParty(live, done);
  addProgram(live, done);
  addTap(live, done);
  addWatch(live, done, 'attach');
}
