/** Which file or setting provides the evidence that a rule needs. Layouts: field guide §2. */
import type { CaseFile, PartyFact } from '../facts/case-file.ts';
import { name } from './ask.ts';

interface Source {
  /** Whether a party has it. */
  readonly has: (c: CaseFile, p: PartyFact) => boolean;
  /** Where it lies, for a party's email; `EMAIL` when the party is not known. */
  readonly from: (email: string) => string;
}

/** Evidence that each party gives for itself. */
const OF_PARTY: Readonly<Record<string, Source>> = {
  'client-log': {
    has: (_, p) => p.log !== null,
    from: (email) => `add ${email}/.syftbox/logs/syftbox.log (or ${email}/client-daemon.log)`,
  },
  capture: {
    has: (_, p) => p.wire !== null,
    from: (email) =>
      `add a capture of the connection of ${email} to the relay, recorded while it ran: JSON lines with t, connection, way, bytes`,
  },
  telemetry: {
    has: (_, p) => p.telemetry !== null,
    from: (email) =>
      `add ${email}/datasites/${email}/.syftbox/hotlink_telemetry.json, which a Rust client of E1 or later writes while hotlink is on (SYFTBOX_HOTLINK=1)`,
  },
  debug: {
    has: (_, p) => p.debug,
    from: () => 'start the client with SYFTBOX_HOTLINK_DEBUG=1 and repeat the run; what was not logged cannot be had afterwards',
  },
  marker: {
    has: (c, p) => c.markers.some((m) => m.party === p.email),
    from: (email) =>
      `add ${email}/datasites/*/shared/flows/*/*/_mpc/*/stream.tcp from that party's own machine (it is never synced); the flow writes it when BV_SYQURE_TCP_PROXY=1`,
  },
  acl: {
    has: (c, p) => c.aclFiles.some((a) => a.party === p.email),
    from: (email) => `add syft.pub.yaml of ${email}'s channel directories and of the directories above them`,
  },
  progress: {
    has: (c, p) => c.progressSteps.some((s) => s.party === p.email),
    from: (email) => `add the _progress directory of ${email}'s run directory, which the runner of the flow writes`,
  },
};

/** Evidence that the whole run gives. */
const OF_RUN: Readonly<Record<string, string>> = {
  'relay-log':
    "add relay/server/logs/server.log of the same run; its line per frame needs SYFTBOX_HOTLINK_DEBUG=1 in the relay's environment",
  runner: "add what the runner printed: the flow's step logs, or its console saved to a file",
  'counter-series': 'add a second copy of every hotlink_telemetry.json, taken a minute later, or the last status line of the console',
  container: 'add the output of: docker ps -a --no-trunc, or docker inspect of the syqure containers',
  'container-load': 'add the output of: docker stats --no-stream, taken while the run stood still',
};

/** Who has it and what would provide the rest; `provide` is null when everybody has it. */
export function supplyOf(c: CaseFile, need: string, present: boolean): { readonly what: string; readonly provide: string | null } {
  const source = OF_PARTY[need];
  if (source === undefined) {
    const what = need === 'relay-log' ? (c.relay?.source.path ?? 'none') : present ? 'in this input' : 'none';
    return { what, provide: present ? null : (OF_RUN[need] ?? null) };
  }
  const have = c.parties.filter((p) => source.has(c, p));
  const lack = c.parties.filter((p) => !source.has(c, p));
  const who = (list: readonly PartyFact[]): string => list.map((p) => name(p.email, c)).join(', ');
  const what = have.length === 0 ? 'of no party' : lack.length === 0 ? `of ${who(have)}` : `of ${who(have)}; none of ${who(lack)}`;
  if (c.parties.length === 0) return { what, provide: source.from('EMAIL') };
  return { what, provide: lack.length === 0 ? null : [...new Set(lack.map((p) => source.from(p.email)))].join('; ') };
}
