/** Messages of the Go client (field guide §4.6): dialect c, file and stdout. Lines about sockets and proxies share their kinds with Rust. */
import type { Template } from './template.ts';

const HOTLINK: readonly Template[] = [
  {
    kind: 'go-message',
    text: 'client received websocket message msgType={type} msgId={msg}',
    only: 'hotlink-type',
    otherwise: 'go-message',
  },
  { kind: 'daemon-start', text: 'client daemon start' },
  { kind: 'control-plane', text: 'control plane start addr={addr}' },
  { kind: 'go-hotlink-config', text: 'hotlink config {reason}' },
  { kind: 'go-invalid-payload', text: 'hotlink open invalid payload msgId={msg}' },
  { kind: 'go-invalid-payload', text: 'hotlink accept invalid payload msgId={msg}' },
  { kind: 'go-invalid-payload', text: 'hotlink reject invalid payload msgId={msg}' },
  { kind: 'go-invalid-payload', text: 'hotlink data invalid payload msgId={msg}' },
  { kind: 'go-invalid-payload', text: 'hotlink close invalid payload msgId={msg}' },
  { kind: 'go-invalid-payload', text: 'hotlink signal invalid payload msgId={msg}' },
  { kind: 'open-dir-failed', text: 'hotlink open ensure dir path={path} error={reason}' },
  { kind: 'open-ipc-failed', text: 'hotlink open ipc setup failed path={path} error={reason}' },
  { kind: 'ipc-listen-failed', text: 'hotlink ipc listen failed path={path} error={reason}' },
  { kind: 'send-accept-failed', text: 'hotlink accept send failed session={session} error={reason}' },
  { kind: 'ipc-write-failed', text: 'hotlink ipc write failed session={session} error={reason}' },
  { kind: 'ipc-wrote', text: 'hotlink ipc wrote session={session} bytes={bytes}' },
  { kind: 'ws-data-ignored', text: 'hotlink ws data ignored (quic-only)' },
  { kind: 'writer-waiting', text: 'hotlink tcp writer not ready, waiting path={path}' },
  { kind: 'writer-ready', text: 'hotlink tcp writer ready after wait path={path}' },
  { kind: 'write-skipped', text: 'hotlink tcp write skipped: no writer after retries path={path}' },
  { kind: 'write-failed', text: 'hotlink tcp write failed path={path} error={reason}' },
  { kind: 'bind-failed', text: 'hotlink tcp proxy bind failed addr={addr} error={reason}' },
  { kind: 'send-failed', text: 'hotlink send failed path={path} error={reason}' },
  { kind: 'fallback', text: 'hotlink quic not ready, using ws fallback session={session} path={path}' },
];

const QUIC: readonly Template[] = [
  { kind: 'quic-tls-failed', text: 'hotlink quic tls setup failed session={session} error={reason}' },
  { kind: 'quic-bind-failed', text: 'hotlink quic udp bind failed session={session} error={reason}' },
  { kind: 'quic-listen-failed', text: 'hotlink quic listen failed session={session} error={reason}' },
  { kind: 'quic-offer-send-failed', text: 'hotlink quic offer send failed session={session} error={reason}' },
  { kind: 'quic-handshake-failed', text: 'hotlink quic handshake failed session={session} error={reason}' },
  { kind: 'quic-read-failed', text: 'hotlink quic read failed session={session} error={reason}' },
  { kind: 'quic-error', text: 'hotlink quic error session={session} error={reason}' },
  { kind: 'quic-stun-failed', text: 'hotlink quic stun discovery failed session={session} error={reason}' },
  { kind: 'quic-signal-ignored', text: 'hotlink signal ignored session={session} kind={reason}' },
  { kind: 'quic-accept-timeout', text: 'hotlink quic accept timeout, ws fallback session={session} error={reason}' },
  { kind: 'quic-accept-failed', text: 'hotlink quic accept stream failed, ws fallback session={session} error={reason}' },
  { kind: 'quic-dial-failed', text: 'hotlink quic dial failed, ws fallback session={session} error={reason}' },
  { kind: 'quic-answer-error', text: 'hotlink quic answer error, ws fallback session={session} error={reason}' },
  { kind: 'quic-connected', text: 'hotlink quic connected session={session} addr={addr}' },
  { kind: 'quic-dialed', text: 'hotlink quic dialed session={session} addr={addr}' },
  { kind: 'quic-answer-ok', text: 'hotlink quic answer ok session={session} addr={addr}' },
];

const SOCKET: readonly Template[] = [
  { kind: 'go-receive-full', text: 'socket RECV buffer full id={msg} type={type}' },
  { kind: 'go-receive-full', text: 'socketmgr RECV buffer full. dropped id={msg} type={type}' },
  { kind: 'go-send-overflow', text: 'socketmgr SEND overflow queued id={msg} type={type} queueLen={n}' },
  { kind: 'go-send-overflow-full', text: 'socketmgr SEND overflow queue full id={msg} type={type}' },
  { kind: 'ws-connected', text: 'socketmgr client connected' },
  { kind: 'ws-disconnected', text: 'socketmgr client disconnected, will reconnect' },
  { kind: 'ws-reconnecting', text: 'socketmgr attempting reconnection' },
];

const NOISE: readonly (readonly [string, readonly string[]])[] = [
  [
    'go-socket',
    [
      'socketmgr RECV',
      'socketmgr SEND',
      'socket SEND',
      'socket RECV',
      'socketmgr ACK received',
      'socketmgr ACK/NACK delivered',
      'handle socket message',
    ],
  ],
  [
    'go-sync',
    [
      'sync',
      'full sync start',
      'full sync completed',
      'sync adaptive interval',
      'sync manifest sent',
      'received ACL manifest',
      'sync manager start',
      'sync start',
    ],
  ],
  [
    'acl-staging',
    ['acl staging manifest set', 'acl staging replacing pending manifest', 'acl staging complete', 'acl staging applied', 'acl staging'],
  ],
  [
    'file-transfer',
    [
      'file watcher',
      'watcher detected priority file',
      'file watcher start',
      'starting file watcher',
      'rebuilding journal',
      'running initial sync',
    ],
  ],
  ['latency-trace', ['latency_trace hotlink_ipc_written', 'latency_trace hotlink_ipc_read']],
  [
    'process',
    [
      'open db',
      'auth enabled',
      'authenticating with the server',
      'authenticated',
      'config found. provisioning datasite.',
      'daemon using config',
      'datasite manager start',
      'datasite start',
      'listening for websocket events',
      'priority debounce override',
      'scheduler start',
      'swagger enabled',
      'syftbox',
      'workspace',
      'sdk: auth disabled, skipping auth',
    ],
  ],
];

export const GO_CLIENT: readonly Template[] = [
  ...HOTLINK,
  ...QUIC,
  ...SOCKET,
  ...NOISE.flatMap(([family, texts]) => texts.map((text) => ({ family, text }))),
];
