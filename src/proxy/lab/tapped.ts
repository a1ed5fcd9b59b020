/** The tap of a run: in front of the relay, with captures in the sandbox, and with faults on messages that strike at their moment. */
import { join } from 'node:path';
import { parseFrameFault } from '../tap/faults.ts';
import type { Child, Children } from './children.ts';
import type { Moment } from './faults.ts';

/** Below the sandbox: a capture per party, which `analyze` finds like any other file. */
const CAPTURES = 'relay/captures';

export interface TimedFrameFault {
  /** As the tap takes it. */
  readonly text: string;
  /** Undefined: from the beginning. */
  readonly moment: Moment | undefined;
}

/** `drop:data:3:client1`, and with a moment as other faults have it: `freeze:client2@4`, `cut:client1@2.5s`. */
export function parseTimedFault(value: string, option: string): TimedFrameFault {
  const [, text = value, when] = /^(.+)@(\d+(?:\.\d+)?s|\d+)$/.exec(value) ?? [];
  parseFrameFault(text, option);
  if (when === undefined) return { text, moment: undefined };
  const number = Number.parseFloat(when);
  return { text, moment: when.endsWith('s') ? { afterMs: number * 1000 } : { round: number } };
}

export interface TappedOptions {
  readonly children: Children;
  readonly sandbox: string;
  readonly relayPort: number;
  readonly seed: number;
  readonly faults: readonly TimedFrameFault[];
}

export class Tapped {
  readonly port: number;
  private readonly child: Child;
  /** Those that have not struck yet. */
  private due: readonly TimedFrameFault[];

  private constructor(child: Child, faults: readonly TimedFrameFault[]) {
    this.child = child;
    this.port = Number(/:(\d+),/.exec(child.greeting)?.[1] ?? 0);
    this.due = faults.filter(({ moment }) => moment !== undefined);
  }

  static async start({ children, sandbox, relayPort, seed, faults }: TappedOptions): Promise<Tapped> {
    const early = faults.filter(({ moment }) => moment === undefined).flatMap(({ text }) => ['--frame-fault', text]);
    const args = ['tap', `http://127.0.0.1:${relayPort}`, '--capture', join(sandbox, CAPTURES), '--seed', String(seed), ...early];
    return new Tapped(await children.start('tap', args), faults);
  }

  /** A program begins this round. */
  strike(round: number): void {
    this.tell(({ moment }) => moment !== undefined && 'round' in moment && round >= moment.round);
  }

  /** Faults whose moment is a time; `pause` waits, `isOver` says that the run ended meanwhile. */
  async strikeByTime(pause: (ms: number) => Promise<void>, isOver: () => boolean): Promise<void> {
    await Promise.all(
      this.due.map(async (fault) => {
        if (fault.moment === undefined || !('afterMs' in fault.moment)) return;
        await pause(fault.moment.afterMs);
        if (!isOver()) this.tell((one) => one === fault);
      }),
    );
  }

  private tell(fits: (fault: TimedFrameFault) => boolean): void {
    for (const { text } of this.due.filter(fits)) this.child.tell(`fault add ${text}`);
    this.due = this.due.filter((fault) => !fits(fault));
  }
}
