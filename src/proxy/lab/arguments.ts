/** A setup as arguments of `live relay` and `live party`. */
import { parseClient } from '../party/switches.ts';
import { RELAY_PATCHES } from '../relay/versions.ts';
import { isParty, type Setup } from './setup.ts';

/** How the client of each party acts, in their order. */
export function clientsOf({ parties, era, partyEras, switches }: Setup): readonly string[] {
  return parties.map((email) => {
    const own = switches.flatMap((one) => {
      const at = one.indexOf(':');
      return at < 0 ? [one] : isParty(email, one.slice(0, at)) ? [one.slice(at + 1)] : [];
    });
    return [valueFor(email, partyEras) ?? era, ...own].join('/');
  });
}

function valueFor<T>(email: string, byName: Readonly<Record<string, T>>): T | undefined {
  return Object.entries(byName).find(([name]) => isParty(email, name))?.[1];
}

/** The relay as asked for, with what the clients' patches need of it. */
export function relayOf(setup: Setup): string {
  const patches: readonly string[] = clientsOf(setup).flatMap((text) => parseClient(text).patches);
  const needed = Object.keys(RELAY_PATCHES).filter((name) => patches.includes(name));
  return [...new Set([...setup.relayVersion.split('+'), ...needed])].join('+');
}

/** By party numbers. */
export function volumesOf(volumes: Setup['volumes'], emails: readonly string[]): ReadonlyMap<string, number> {
  const index = (name = ''): number => emails.findIndex((email) => isParty(email, name));
  return new Map(
    Object.entries(volumes).map(([direction, bytes]) => {
      const [from, to] = direction.split('>');
      return [`${index(from)}>${index(to)}`, bytes];
    }),
  );
}

export function relayArgs(setup: Setup): readonly string[] {
  const { order, overtaking, lateMs, overflow, seed, debug } = setup;
  const chance = ['--overtaking', String(overtaking), '--late-ms', String(lateMs), '--overflow', overflow, '--seed', String(seed)];
  return ['--relay-version', relayOf(setup), '--order', order, ...chance, ...(debug ? ['--debug'] : [])];
}

/** Of the client of one party. */
export function partyArgs(setup: Setup, email: string): readonly string[] {
  const { debug, strict, p2pOnly, nagle, transport, partyTransports, tuning: values } = setup;
  const words = { '--debug': debug, '--strict': strict, '--p2p-only': p2pOnly, '--nagle': nagle };
  return [
    ...Object.entries(words).flatMap(([word, isOn]) => (isOn ? [word] : [])),
    ...Object.entries(values).flatMap(([name, value]) => [`--${name}`, String(value)]),
    '--transport',
    valueFor(email, partyTransports) ?? transport,
  ];
}
