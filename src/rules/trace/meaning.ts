/** The two sentences that a trace ends in: whether anything was attempted, and what the first break means. */
import { name } from '../engine/ask.ts';
import type { Ref } from '../facts/case-file.ts';
import type { Link, View } from './view.ts';

export interface Attempt {
  readonly answer: 'yes' | 'no' | 'unknown';
  readonly says: string;
  readonly evidence: readonly Ref[];
}

export const LINK = {
  ownMarker: 'marker of the sender',
  peerMarker: 'marker of the receiver',
  listener: 'proxy listens',
  program: 'program connected',
  bytes: 'bytes from the program',
  opened: 'session opened',
  relayTook: 'relay took the open',
  openArrived: 'open reached the other side',
  accepted: 'accepted',
  acceptArrived: 'accept reached the opener',
  sent: 'frames sent',
  relayed: 'relay took and wrote',
  decoded: 'frames decoded',
  written: 'written to the program',
  delivered: 'delivered',
} as const;

/** From what the client of the sender shows of its program: a byte that came, none although it would show, or nothing. */
export function attempted(v: View, links: readonly Link[]): Attempt {
  const who = name(v.from, v.c);
  const at = (link: string): Link | undefined => links.find((l) => l.link === link);
  const proof = [at(LINK.bytes), at(LINK.sent)].find((l) => l?.state === 'seen');
  if (proof !== undefined)
    return { answer: 'yes', says: `${who}'s program gave its client bytes for ${name(v.to, v.c)}`, evidence: proof.evidence.slice(0, 1) };
  const bytes = at(LINK.bytes);
  if (bytes?.state !== 'absent') {
    const why = (bytes?.says ?? '').replace(/^no line could show it: /, '');
    return { answer: 'unknown', says: `it cannot be known: ${why === '' ? 'nothing here shows it' : why}`, evidence: [] };
  }
  const deaf =
    at(LINK.listener)?.state === 'absent' ? `; whether the program dialled and found nobody, no line of the client could show` : '';
  return { answer: 'no', says: `no byte for ${name(v.to, v.c)} ever came to ${who}'s client${deaf}`, evidence: bytes.evidence };
}

/** What a break at this link means for the one who waits at the receiving end. */
export function meaningOf(v: View, links: readonly Link[], breaksAt: string | null): string {
  const [from, to] = [name(v.from, v.c), name(v.to, v.c)];
  if (breaksAt === null) {
    const open = links.filter((l) => l.state === 'unknowable').length;
    if (open === 0) return `Every link is seen: this direction worked, so what ${to} waits for does not fail here.`;
    return `No link is shown broken, and ${open} of ${links.length} cannot be judged from this input: it neither clears nor convicts this direction.`;
  }
  return MEANINGS[breaksAt]?.(from, to) ?? `The direction breaks at: ${breaksAt}.`;
}

const MEANINGS: Readonly<Record<string, (from: string, to: string) => string>> = {
  [LINK.ownMarker]: (from) =>
    `${from}'s client does not know this channel and opens no port for it: ${from}'s program finds nobody there, and the transport was never asked.`,
  [LINK.peerMarker]: (from, to) => `${to}'s client does not know this channel: whatever ${from} sends finds no writer there.`,
  [LINK.listener]: (from) =>
    `${from}'s program had no port of its client to dial, or dials something else that holds it: the transport was never asked.`,
  [LINK.program]: (from) => `The transport is ready and waits: ${from}'s program never came to its port.`,
  [LINK.bytes]: (from, to) =>
    `The transport was never asked: ${from}'s program is silent towards ${to}, because it waits for something itself or has nothing to say (which is no fault).`,
  [LINK.opened]: (from) => `${from}'s client opened no session for this direction, so nothing could leave it.`,
  [LINK.relayTook]: (from, to) =>
    `The relay did not hand ${from}'s open to ${to}, so nobody can accept: look at the access list of the channel and at ${to}'s connection; what ${from} sends all the same is discarded.`,
  [LINK.openArrived]: (from, to) =>
    `${to}'s client never saw the open: look at the access list of the channel and at ${to}'s connection; what ${from} sends all the same is discarded.`,
  [LINK.accepted]: (from, to) => `${to} did not accept the session, so the relay passes none of ${from}'s frames on.`,
  [LINK.acceptArrived]: (from) => `${from}'s client got no accept: what it sends before one goes to nobody.`,
  [LINK.sent]: (from) => `A session stands, and ${from}'s client sent nothing into it.`,
  [LINK.relayed]: (from, to) =>
    `${from}'s frames left and ended at the relay: ${to}'s program waits for bytes that nobody will send again.`,
  [LINK.decoded]: (from, to) =>
    `${from}'s frames did not come out of ${to}'s connection: look at what the relay wrote to it, and whether its client still reads.`,
  [LINK.written]: (from, to) =>
    `${from}'s frames reached ${to}'s client and not its program: everything behind the dropped frame is parked for good.`,
  [LINK.delivered]: (from, to) => `Not all that ${from} sent reached ${to}'s program, and no single link shows where it stayed.`,
};
