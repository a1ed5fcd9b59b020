/** Which version of the client a party runs, from what it wrote (field guide §4.8). One line of proof each. */
import type { Era, Ref } from './case-file.ts';
import type { EventLog } from './events.ts';
import type { Source, Telemetry } from './load-files.ts';

export function eraOf(
  party: string,
  log: Source | null,
  telemetry: Telemetry | null,
  events: EventLog,
): { readonly value: Era | null; readonly proof: readonly Ref[] } {
  const of = (...kinds: string[]) => events.ofParty(party, ...kinds);
  if (log?.dialect.startsWith('go-') === true)
    return {
      value: 'Go',
      proof: of('go-hotlink-config')
        .slice(0, 1)
        .map((event) => ({ event })),
    };
  if (telemetry?.hasBenchStrict === true)
    return {
      value: 'E6',
      proof: [{ source: telemetry.source, pointer: '/bench_strict', text: `bench_strict: ${String(telemetry.strict)}` }],
    };
  if (telemetry?.hasQuicKeys === true)
    return { value: 'E1', proof: [{ source: telemetry.source, pointer: '/quic_offers', text: 'quic_offers' }] };
  const config = of('hotlink-config')[0];
  if (config !== undefined) return { value: 'E1', proof: [{ event: config }] };
  const short = of('accept-timeout').find((e) => e.n === 1);
  if (short !== undefined) return { value: 'E6', proof: [{ event: short }] };
  const flags = eraByFlags(party, events);
  if (flags !== undefined) return flags;
  const seen = of('decoded-open');
  const anonymous = seen.find((e) => e.user === null);
  if (anonymous !== undefined) return { value: 'E3', proof: [{ event: anonymous }] };
  const own = of('session-new');
  const onOther = own.find((e) => e.owner !== null && e.owner !== party);
  const ice = of('ice-servers')[0];
  if (onOther !== undefined)
    return ice !== undefined || seen.length > 0 ? { value: 'E4', proof: [{ event: onOther }] } : { value: null, proof: [] };
  if (isSix(telemetry) !== false && tookGrace(party, events))
    return {
      value: 'E6',
      proof: of('fallback')
        .slice(0, 1)
        .map((event) => ({ event })),
    };
  // A larger email that opens on its own namespace uses directional keys (E5a on); without bench_strict, or falling back at once, it is not E6.
  const directional = own.find((e) => e.owner === party);
  const notSix = isOlder(telemetry, of('fallback').length > 0);
  if (directional !== undefined && notSix && isLarger(party, events)) return { value: 'E5', proof: [{ event: directional }] };
  return { value: null, proof: [] };
}

/** A file of E3 to E5 lists its sessions; without a file a fallback says that it is none of E6. */
function isOlder(telemetry: Telemetry | null, fellBack: boolean): boolean {
  return telemetry?.cites === null ? telemetry.hasLive : fellBack;
}

/** The writer-mapping line of debug logs names the era by its flags (field guide 8.4). */
function eraByFlags(party: string, events: EventLog): { value: Era; proof: readonly Ref[] } | undefined {
  for (const e of events.ofParty(party, 'writer-mapped')) {
    if (/active\(channel\/local\/from\/to\)=/.test(e.reason ?? '')) return { value: 'E4', proof: [{ event: e }] };
    const flags = /active\(ch\/loc\/from\/to\/peer\)=(\w+)\/(\w+)\/(\w+)\/(\w+)\/(\w+)/.exec(e.reason ?? '');
    if (flags === null) continue;
    const code = flags
      .slice(1, 6)
      .map((f) => (f === 'true' ? 't' : 'f'))
      .join('');
    if (code === 'tfftf' || code === 'tttft') return { value: 'E5a', proof: [{ event: e }] };
    if (code === 'tfftt' || code === 'tttff') return { value: 'E5b', proof: [{ event: e }] };
  }
  return undefined;
}

/** E6 says so in telemetry; a file of that shape without its key is of an earlier version. null when no file tells. */
export function isSix(telemetry: Telemetry | null): boolean | null {
  return telemetry?.hasLive === true ? telemetry.hasBenchStrict : null;
}

/** A party whose email is the larger one of some pair would open on the other's namespace before E5. */
function isLarger(party: string, events: EventLog): boolean {
  return events
    .ofParty(party, 'session-new')
    .some((e) => events.session(e.sid ?? '', 'decoded-open', 'accept-sending').some((o) => o.party !== null && o.party < party));
}

const GRACE_US = 1_300_000;

/** E6 waits 1.5 s between the accept and the first frame over the WebSocket; earlier eras fall back at once. */
function tookGrace(party: string, events: EventLog): boolean {
  return events.ofParty(party, 'fallback').some((f) => {
    const accepted = events.session(f.sid ?? '', 'session-accepted').find((a) => a.party === party);
    return accepted?.ownT != null && f.ownT !== null && f.ownT - accepted.ownT > GRACE_US;
  });
}
