/** What a failure that the lab can make is: how it is set up, in which versions of the client it shows, and what `analyze` then says first. */
export interface Expected {
  /** Rule that names the first cause. */
  readonly cause: string;
  /** `client1`, `client1>client2`, `run`; `*`: it varies from run to run. */
  readonly where: string;
  /** Whether the programs get to their end. */
  readonly completes: boolean;
}

export interface Scenario {
  readonly name: string;
  readonly shows: string;
  /** Failure catalogue (field guide 9). */
  readonly failures: string;
  /** The first is what it runs with. */
  readonly eras: readonly string[];
  /** Beyond the era, in the notation of `live verify`. */
  readonly settings: string;
  readonly expects: Expected;
  /** Settings that make it go away; null: no version does. */
  readonly cure: string | null;
}

/** Clients that take no part in the failure themselves: it shows in each of these. The first waits for no peer connection. */
export const ANY: readonly string[] = ['E5b', 'E6'];

export function stalls(cause: string, where: string): Expected {
  return { cause, where, completes: false };
}

export function completes(cause: string, where: string): Expected {
  return { cause, where, completes: true };
}
