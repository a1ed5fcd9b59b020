/** The paths under which a channel is known (field guide 8.4). Pure. */
import { channelIndices, type Marker } from '../../protocol/marker.ts';
import type { Behaviour } from './behaviour.ts';

const FRAME_FILE = 'stream.tcp.request';

export interface ChannelKeys {
  readonly canonical: string;
  readonly local: string;
  readonly ownerFrom: string;
  readonly ownerTo: string;
  readonly peerInbound: string | null;
  /** Where this party sends. */
  readonly outbound: string;
}

/** Keys of the marker at `path` (`owner/…/i_to_j/stream.tcp`) for the party `local`; undefined when the path names no channel. */
export function keysOf(path: string, marker: Pick<Marker, 'from' | 'to'>, local: string, behaviour: Behaviour): ChannelKeys | undefined {
  const parts = path.split('/').slice(0, -1);
  const directory = parts.pop() ?? '';
  const indices = channelIndices(directory);
  const { from, to } = marker;
  if (indices === undefined || from === null || to === null || parts.length === 0) return undefined;
  const [owner = '', ...middle] = parts;
  const key = (who: string, channel: string): string => [who, ...middle, channel, FRAME_FILE].join('/');
  const [small, large] = [Math.min(indices.from, indices.to), Math.max(indices.from, indices.to)];
  const sorted = `${small}_to_${large}`;
  const peer = local === from ? to : local === to ? from : null;
  const canonical = key(from < to ? from : to, sorted);
  const own = key(owner, directory);
  const mirrored = behaviour.peerInboundKey === 'swapped' ? `${indices.to}_to_${indices.from}` : directory;
  return {
    canonical,
    local: own,
    ownerFrom: key(from, sorted),
    ownerTo: key(to, sorted),
    peerInbound: peer === null || behaviour.peerInboundKey === 'none' ? null : key(peer, mirrored),
    outbound: outboundOf(behaviour, { canonical, own, remote: key(peer ?? owner, sorted) }),
  };
}

function outboundOf({ outboundKey }: Behaviour, of: { readonly canonical: string; readonly own: string; readonly remote: string }): string {
  if (outboundKey === 'canonical') return of.canonical;
  return outboundKey === 'directional' ? of.own : of.remote;
}

/** In the order in which a writer is registered under them. */
export function writerKeys(keys: ChannelKeys, { ownerKeys }: Pick<Behaviour, 'ownerKeys'>): readonly string[] {
  const owners = ownerKeys ? [keys.ownerFrom, keys.ownerTo] : [];
  return [keys.canonical, keys.local, ...owners, ...(keys.peerInbound === null ? [] : [keys.peerInbound])];
}

/** Directory of a session's path: sessions of one directory belong together. */
export function parentOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('/')));
}
