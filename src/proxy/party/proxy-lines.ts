/** What the TCP side of a client says of a channel, in the words of each version (field guide 4.1). */
import type { Behaviour } from './behaviour.ts';
import type { ChannelKeys } from './keys.ts';
import { bare } from './log.ts';

type Lines = Pick<Behaviour, 'lines'>;

function isEarly({ lines }: Lines): boolean {
  return lines === 'E1' || lines === 'E1b';
}

function keyList(keys: readonly string[]): string {
  return `[${keys.map((key) => bare(key)).join(',')}]`;
}

export function markerText(
  { absolute, path }: { readonly absolute: string; readonly path: string },
  rest: string,
  keys: ChannelKeys,
  { lines }: Lines,
): string {
  const isFull = lines === 'E1b';
  const rel = isFull ? ` rel=${bare(path)}` : '';
  const both = isFull ? ` canonical_key=${bare(keys.canonical)} local_key=${bare(keys.local)}` : '';
  return `hotlink tcp proxy: marker=${bare(absolute)}${rel} ${rest}${both}`;
}

export function acceptedText(address: string, keys: ChannelKeys, behaviour: Lines): string {
  const outbound = isEarly(behaviour) ? '' : ` (outbound=${bare(keys.outbound)})`;
  return `hotlink tcp proxy: accepted on ${address} for ${bare(keys.canonical)}${outbound}`;
}

export function receivedText(bytes: number, keys: ChannelKeys, behaviour: Lines): string {
  const outbound = isEarly(behaviour) ? '' : ` outbound=${bare(keys.outbound)}`;
  return `hotlink tcp proxy: recv bytes=${bytes} channel=${bare(keys.canonical)}${outbound}`;
}

/** `known`: paths with a writer now. E1b names them, the closing one's still among them. */
export function closedText(keys: ChannelKeys, known: readonly string[], { lines }: Lines): string {
  const remaining = lines === 'E1b' ? ` remaining_keys=${keyList(known)}` : '';
  return `hotlink tcp proxy: closed channel=${bare(keys.canonical)}${remaining}`;
}

export function mappedText(
  keys: ChannelKeys,
  flags: readonly boolean[],
  known: readonly string[],
  { lines, writers }: Lines & Pick<Behaviour, 'writers'>,
): string {
  const [canonical, local] = [bare(keys.canonical), bare(keys.local)];
  const active = String(flags.some(Boolean));
  if (lines === 'E1') return `hotlink tcp proxy: writer mapped for ${canonical}`;
  if (lines === 'E1b')
    return `hotlink tcp proxy: writer mapped canonical=${canonical} local=${local} active=${active} keys=${keyList(known)}`;
  const some = (key: string | null): string => (key === null ? 'None' : `Some("${bare(key)}")`);
  const owners = `owner_from=${some(keys.ownerFrom)} owner_to=${some(keys.ownerTo)}`;
  const head = `hotlink tcp proxy: writer mapped keys channel=${canonical} local=${some(keys.local)} ${owners}`;
  if (writers !== 'standby') return `${head} active=${active}`;
  if (keys.peerInbound === null) return `${head} active(channel/local/from/to)=${flags.join('/')}`;
  return `${head} peer_inbound=${some(keys.peerInbound)} active(ch/loc/from/to/peer)=${flags.join('/')}`;
}
