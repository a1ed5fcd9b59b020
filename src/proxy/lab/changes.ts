/** Everything that could be different about the clients and the relay of a run, one thing at a time: eras, patches, switches, relays. Pure. */
import { PATCHES, type Behaviour } from '../party/behaviour.ts';
import { ERA_NAMES, parseClient, PATCH_NAMES, switchList, switchValues } from '../party/switches.ts';
import { RELAYS } from '../relay/sessions.ts';
import { parseRelay } from '../relay/versions.ts';
import { clientsOf, relayOf } from './arguments.ts';
import { applySettings, parseSettings, type Setup } from './setup.ts';

export interface Change {
  /** `era=E5b`, `patch=E`, `adoption=p2p-only`, `relay=S2`. */
  readonly name: string;
  readonly kind: 'era' | 'patch' | 'switch' | 'relay' | 'control';
  readonly says: string;
  /** In the notation of `live verify --after`. */
  readonly settings: string;
  readonly setup: Setup;
}

export interface Changes {
  readonly changes: readonly Change[];
  /** Names of what would change nothing: clients and relay are like that. */
  readonly alreadySo: readonly string[];
}

type Idea = Omit<Change, 'setup'>;

/** The relay version behind a name; without patches. */
const RELAY_SAYS: Readonly<Record<string, string>> = {
  S0: 'a relay that passes on no signals',
  S1: 'a relay that passes on no names and takes every accept',
  S2: 'a relay that passes on names and takes one accept',
};

export function changesTo(setup: Setup): Changes {
  const changes: Change[] = [];
  const alreadySo: string[] = [];
  for (const idea of [...controls(setup), ...eras(), ...patches(setup), ...switches(setup), ...relays()]) {
    const changed = applySettings(setup, parseSettings(idea.settings, '--only'), '--only');
    if (idea.kind !== 'control' && actsAlike(changed, setup)) alreadySo.push(idea.name);
    else changes.push({ ...idea, setup: changed });
  }
  return { changes, alreadySo };
}

/** What the run was broken with, taken away: how it goes without. */
function controls({ faults, frameFaults }: Setup): readonly Idea[] {
  if (faults.length + frameFaults.length === 0) return [];
  const settings = [faults.length > 0 ? 'fault=none' : '', frameFaults.length > 0 ? 'frame-fault=none' : ''].join(' ').trim();
  return [{ name: 'nothing-broken', kind: 'control', says: 'nothing is broken on purpose', settings }];
}

function eras(): readonly Idea[] {
  return ERA_NAMES.map((era) => ({
    name: `era=${era}`,
    kind: 'era',
    says: `all clients are of ${era}`,
    settings: `era=${era} party-era=none switch=none`,
  }));
}

function patches({ era, partyEras }: Setup): readonly Idea[] {
  // Switches stand behind the patches: E3+C/burst-ms=1000.
  const patched = (text: string, name: string): string => text.replace(/^[^/]*/, (head) => `${head}+${name}`);
  return PATCH_NAMES.map((name) => ({
    name: `patch=${name}`,
    kind: 'patch',
    says: PATCHES[name].says,
    settings: [
      `era=${patched(era, name)}`,
      ...Object.entries(partyEras).map(([party, own]) => `party-era=${party}:${patched(own, name)}`),
    ].join(' '),
  }));
}

function switches(setup: Setup): readonly Idea[] {
  const before = setup.switches.map((one) => `switch=${one}`);
  return switchList().flatMap(({ name, key, says }) =>
    switchValues(key).map((value) => ({
      name: `${name}=${value}`,
      kind: 'switch' as const,
      says: `${says}: ${value}`,
      settings: [...before, `switch=${name}=${value}`].join(' '),
    })),
  );
}

function relays(): readonly Idea[] {
  return Object.keys(RELAYS).map((version) => ({
    name: `relay=${version}`,
    kind: 'relay',
    says: RELAY_SAYS[version] ?? version,
    settings: `relay=${version}`,
  }));
}

/** Nothing but names differs. */
function actsAlike(a: Setup, b: Setup): boolean {
  const clients = (setup: Setup): readonly Omit<Behaviour, 'name'>[] =>
    clientsOf(setup).map((text) => ({ ...parseClient(text).behaviour, name: '' }));
  const relay = (setup: Setup): unknown => ({ ...parseRelay(relayOf(setup)), name: '' });
  return JSON.stringify([clients(a), relay(a)]) === JSON.stringify([clients(b), relay(b)]);
}
