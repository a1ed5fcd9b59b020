/**
 * Messages of a capture and the kinds that the client's own lines have for them (field guide §4). `wire-upgraded` and `send-signal` have no
 * line of their own. Of files only those below `_mpc` count.
 */
import type { HotlinkMessage } from '../../protocol/message.ts';
import type { Way } from '../capture-conversation.ts';
import type { EventTemplate } from './template.ts';

type FromWire = HotlinkMessage['type'] | 'FILE_WRITE' | 'FILE_NOTIFY';

export const CAPTURE: Readonly<Record<`${FromWire} ${Way}`, EventTemplate>> = {
  'HOTLINK_OPEN to_relay': { kind: 'session-new', text: 'WebSocket HOTLINK_OPEN to_relay' },
  'HOTLINK_OPEN to_client': { kind: 'decoded-open', text: 'WebSocket HOTLINK_OPEN to_client' },
  'HOTLINK_ACCEPT to_relay': { kind: 'accept-sending', text: 'WebSocket HOTLINK_ACCEPT to_relay' },
  'HOTLINK_ACCEPT to_client': { kind: 'decoded-accept', text: 'WebSocket HOTLINK_ACCEPT to_client' },
  'HOTLINK_REJECT to_relay': { kind: 'send-reject', text: 'WebSocket HOTLINK_REJECT to_relay' },
  'HOTLINK_REJECT to_client': { kind: 'decoded-reject', text: 'WebSocket HOTLINK_REJECT to_client' },
  'HOTLINK_DATA to_relay': { kind: 'send-data', text: 'WebSocket HOTLINK_DATA to_relay' },
  'HOTLINK_DATA to_client': { kind: 'decoded-data', text: 'WebSocket HOTLINK_DATA to_client' },
  'HOTLINK_CLOSE to_relay': { kind: 'send-close', text: 'WebSocket HOTLINK_CLOSE to_relay' },
  'HOTLINK_CLOSE to_client': { kind: 'decoded-close', text: 'WebSocket HOTLINK_CLOSE to_client' },
  'HOTLINK_SIGNAL to_relay': { kind: 'send-signal', text: 'WebSocket HOTLINK_SIGNAL to_relay' },
  'HOTLINK_SIGNAL to_client': { kind: 'decoded-signal', text: 'WebSocket HOTLINK_SIGNAL to_client' },
  'FILE_WRITE to_relay': { kind: 'acl-send', text: 'WebSocket FILE_WRITE to_relay' },
  'FILE_WRITE to_client': { kind: 'decoded-file', text: 'WebSocket FILE_WRITE to_client' },
  'FILE_NOTIFY to_relay': { kind: 'acl-send', text: 'WebSocket FILE_NOTIFY to_relay' },
  'FILE_NOTIFY to_client': { kind: 'decoded-file', text: 'WebSocket FILE_NOTIFY to_client' },
};

export const HELLO: EventTemplate = { kind: 'decoded-hello', text: 'WebSocket SYSTEM to_client' };
export const UPGRADED: EventTemplate = { kind: 'wire-upgraded', text: 'HTTP 101 to_client' };
