/** The shortest scenario that fails in the same way: fewer faults, parties, rounds and bytes. Pure but for the runs it asks for. */
import { least, shortest } from '../util/shrink.ts';

export interface Shrinkable {
  /** `key=value`, each of which stays. */
  readonly frame: readonly string[];
  /** Each of which may go. */
  readonly steps: readonly string[];
}

/** Whether a scenario still fails as the first did; one that cannot be set up does not. */
type StillFails = (settings: string) => Promise<boolean>;

/** Settings of the frame that are made smaller, in this order, and how small. */
const SMALLEST: readonly (readonly [key: string, to: number])[] = [
  ['parties', 2],
  ['rounds', 1],
  ['bytes', 1],
];
const SIMPLEST_WORKLOAD = 'rounds';

export function settingsText({ frame, steps }: Shrinkable): string {
  return [...frame, ...steps].join(' ');
}

function withValue(frame: readonly string[], key: string, value: string | number): readonly string[] {
  return frame.map((word) => (word.startsWith(`${key}=`) ? `${key}=${value}` : word));
}

function valueOf(frame: readonly string[], key: string): string | undefined {
  return frame.find((word) => word.startsWith(`${key}=`))?.slice(key.length + 1);
}

export async function shrink(scenario: Shrinkable, stillFails: StillFails): Promise<Shrinkable> {
  const known = new Map<string, Promise<boolean>>();
  const fails = async (frame: readonly string[], steps: readonly string[]): Promise<boolean> => {
    const settings = settingsText({ frame, steps });
    const answer = known.get(settings) ?? stillFails(settings);
    known.set(settings, answer);
    return answer;
  };
  let { frame } = scenario;
  const steps = await shortest(scenario.steps, async (rest) => fails(frame, rest));
  const simple = withValue(frame, 'workload', SIMPLEST_WORKLOAD);
  if (valueOf(frame, 'workload') !== SIMPLEST_WORKLOAD && (await fails(simple, steps))) frame = simple;
  for (const [key, to] of SMALLEST) {
    const value = Number(valueOf(frame, key));
    if (!Number.isInteger(value)) continue;
    const before = frame;
    frame = withValue(before, key, await least(value, to, async (one) => fails(withValue(before, key, one), steps)));
  }
  return { frame, steps };
}
