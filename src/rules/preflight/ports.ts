/** Ports: one proxy each, free of the stack's own, and bound when somebody tried. */
import { name, proxyOf, ref } from '../engine/ask.ts';
import type { CaseFile } from '../facts/case-file.ts';
import { bothWays, directionsOf, markerRef, markersOfRun, sidesOf, type PreflightResult, type Side } from './channels.ts';

export function judgePortUse(c: CaseFile): PreflightResult[] {
  const sides = sidesOf(c).filter((s) => s.marker?.localPort != null);
  return [...sides.flatMap((s, i) => [...judgeTwice(c, s, sides.slice(i + 1)), ...judgeStack(c, s)]), ...judgeBinds(c)];
}

function judgeTwice(c: CaseFile, s: Side, later: readonly Side[]): PreflightResult[] {
  const { me, peer, marker } = s;
  if (marker === undefined) return [];
  return later
    .filter((o) => o.marker?.localPort === marker.localPort)
    .map((o) => {
      const same = o.me === me;
      const oneHost = same || c.stackPorts.length > 0;
      return {
        outlook: oneHost ? 'will-fail' : 'may-fail',
        check: 'port-twice',
        party: same ? me : null,
        directions: [...bothWays(me, peer), ...bothWays(o.me, o.peer)],
        message: same
          ? `${name(me, c)}'s channels with ${name(peer, c)} and ${name(o.peer, c)} are both on port ${marker.localPort ?? 0}: one of the two proxies cannot bind it`
          : `${name(me, c)} (for ${name(peer, c)}) and ${name(o.me, c)} (for ${name(o.peer, c)}) both listen on port ${marker.localPort ?? 0}: on one host one of them cannot bind it`,
        evidence: [markerRef(marker), ...(o.marker === undefined ? [] : [markerRef(o.marker)])],
        remedy: 'Give each party a base of its own (1000 apart) and each pair its offset, and write both markers anew.',
      };
    });
}

function judgeStack(c: CaseFile, { me, peer, marker }: Side): PreflightResult[] {
  const taken = c.stackPorts.find((p) => p.port === marker?.localPort);
  if (taken === undefined || marker === undefined) return [];
  return [
    {
      outlook: 'will-fail',
      check: 'port-of-the-stack',
      party: me,
      directions: bothWays(me, peer),
      message: `${name(me, c)}'s port ${taken.port} for ${name(peer, c)} is the ${taken.name}'s: its proxy cannot bind it`,
      evidence: [markerRef(marker), { source: taken.source, pointer: taken.pointer, text: `${taken.name}: ${taken.port}` }],
      remedy: 'Start the stack with random ports, or write the markers with another port base.',
    },
  ];
}

/** Not after a reconnect (the process holds its own port) and not where another run's marker has the port: that is said elsewhere. */
function judgeBinds(c: CaseFile): PreflightResult[] {
  return c.parties.flatMap((p) => {
    const second = p.managers[1]?.enabled ?? null;
    return c.events.ofParty(p.email, 'bind-failed', 'bind-timeout').flatMap((fail): PreflightResult[] => {
      const port = Number(fail.addr?.split(':').at(-1) ?? NaN);
      const named = c.markers.filter((m) => m.party === p.email && m.localPort === port);
      const mine = markersOfRun(c).find((m) => named.includes(m));
      const peer = mine === undefined ? null : mine.from === p.email ? mine.to : mine.from;
      if (second !== null && fail.line > second.line) return [];
      if (new Set(named.map((m) => m.run)).size > 1 || (peer !== null && proxyOf(p, peer)?.connected === true)) return [];
      return [
        {
          outlook: mine === undefined ? 'may-fail' : 'will-fail',
          check: 'bind-failed',
          party: p.email,
          directions: peer === null ? directionsOf(c, p.email) : bothWays(p.email, peer),
          message: `${name(p.email, c)}'s client could not bind port ${Number.isNaN(port) ? '' : port} for ${name(peer, c)}, and it does not try again`,
          evidence: [...ref(fail), ...(mine === undefined ? [] : [markerRef(mine)])],
          remedy: `See who listens on the port (ss -ltnp), stop it or choose another port base, then restart ${p.email}'s client.`,
        },
      ];
    });
  });
}
