/**
 * Messages of the Rust client, all eras (field guide §4.1–4.5): dialects a (syftbox.log), b (stdout) and b inside
 * desktop.log. Of messages with the same beginning the first row that fits wins.
 */
import type { Template } from './template.ts';
import { RUST_TRANSPORT } from './rust-transport.ts';

const START: readonly Template[] = [
  { kind: 'daemon-start', text: 'daemon start version={reason} config={path} log={key}' },
  { kind: 'control-plane', text: 'control plane starting¦ requested_addr={addr} token={}' },
  { kind: 'control-plane', text: 'control plane bound to requested port¦ addr={addr} attempt={n}' },
  { kind: 'control-plane', text: 'control plane started successfully¦ bound_addr={addr}' },
  { kind: 'hotlink-config', text: 'hotlink config: {reason}' },
  { kind: 'hotlink-config', text: 'WARN: ^SYFTBOX_HOTLINK_QUIC_ONLY=1 but {reason}' },
  { kind: 'hotlink-enabled', text: 'hotlink enabled: {reason}' },
  { kind: 'ice-servers', text: 'hotlink ICE servers from server: {reason}' },
  { kind: 'turn-user', text: 'hotlink TURN user from server: {}' },
  { kind: 'turn-pass', text: 'hotlink TURN pass from server: {}' },
];

const IPC: readonly Template[] = [
  { kind: 'ipc-discovery', text: 'hotlink discovery: starting reader for {path}' },
  { kind: 'ipc-accepted', text: 'hotlink ipc accepted: {path}' },
  { kind: 'ipc-frame', text: 'hotlink ipc frame: path={path} bytes={bytes}' },
  { kind: 'ipc-send', text: 'hotlink send: path={path} etag={}' },
  { kind: 'ipc-listen-failed', text: 'hotlink ipc listen failed: {reason}' },
  { kind: 'ipc-read-failed', text: 'hotlink ipc read failed: {reason}' },
  { kind: 'ipc-write-failed', text: 'hotlink ipc write failed: {reason}' },
  { kind: 'ipc-accept-retry', text: 'hotlink ipc accept retry: {path}' },
  { kind: 'ipc-marker-ready', text: 'hotlink open ipc marker ready: {path}' },
  { kind: 'ipc-listener-failed', text: 'hotlink ensure listener failed: {reason}' },
  { kind: 'ipc-accept-marker', text: 'hotlink accept marker present: {path}' },
  { kind: 'ipc-accept-marker', text: 'hotlink accept marker found after wait: {path}' },
  { kind: 'best-effort', text: 'hotlink best effort: path={path} bytes={bytes} {reason}' },
  { kind: 'best-effort', text: 'hotlink best effort (ordered): path={path} bytes={bytes} {reason}' },
  { kind: 'best-effort-skipped', text: 'hotlink best effort skipped: path={path} bytes={bytes}' },
  { kind: 'best-effort-skipped', text: 'hotlink best effort (ordered) skipped: path={path} bytes={bytes}' },
  { kind: 'best-effort-task', text: 'hotlink best effort spawn send' },
  { kind: 'best-effort-task', text: 'hotlink send task started' },
  { kind: 'send-failed', text: 'hotlink send failed: {reason}' },
];

const PROXY: readonly Template[] = [
  { kind: 'proxy-starting', text: 'hotlink tcp proxy: starting for {path}' },
  { kind: 'proxy-port-unreadable', text: 'hotlink tcp proxy: failed to read port {path}: {reason}' },
  {
    kind: 'proxy-marker',
    text: 'hotlink tcp proxy: marker={path} rel={} from={user}({}) to={to}({}) port={n} bind={addr} canonical_key={key} local_key={reason}',
  },
  { kind: 'proxy-marker', text: 'hotlink tcp proxy: marker={path} from={user}({}) to={to}({}) port={n} bind={addr}' },
  { kind: 'bind-failed', text: 'hotlink tcp proxy: bind failed {addr}: {reason}' },
  { kind: 'bind-retry', text: 'hotlink tcp proxy: bind retry {addr}: {reason}' },
  { kind: 'bind-timeout', text: 'hotlink tcp proxy: bind timeout {addr} after {n}s: {reason}' },
  { kind: 'app-connected', text: 'hotlink tcp proxy: accepted on {addr} for {path} (outbound={key})' },
  { kind: 'app-connected', text: 'hotlink tcp proxy: accepted on {addr} for {path}' },
  { kind: 'writer-mapped', text: 'hotlink tcp proxy: writer mapped for {path}' },
  { kind: 'writer-mapped', text: 'hotlink tcp proxy: writer mapped canonical={path} ^local={reason}' },
  { kind: 'writer-mapped', text: 'hotlink tcp proxy: writer mapped keys channel={path} ^local={reason}' },
  { kind: 'app-bytes', text: 'hotlink tcp proxy: recv bytes={bytes} channel={path} outbound={key}' },
  { kind: 'app-bytes', text: 'hotlink tcp proxy: recv bytes={bytes} channel={path}' },
  { kind: 'app-send-failed', text: 'hotlink tcp proxy: send failed (continuing): {reason}' },
  { kind: 'app-send-failed', text: 'hotlink tcp proxy: send failed: {reason}' },
  { kind: 'chunk-reduced', text: 'hotlink tcp proxy: reducing send chunk size to {n} after oversized packet error' },
  { kind: 'app-closed', text: 'hotlink tcp proxy: closed channel={path} remaining_keys=[{reason}]' },
  { kind: 'app-closed', text: 'hotlink tcp proxy: closed channel={path}' },
  { kind: 'standby-promoted', text: 'hotlink tcp writer promoted standby key={path}' },
  { kind: 'tcp-dump', text: 'hotlink tcp dump: dir={reason} channel={path} seq={seq} bytes={bytes} {}' },
  { kind: 'tcp-dump', text: 'hotlink tcp dump: dir={reason} channel={path} seq=- bytes={bytes} {}' },
];

/** Everything else that a Rust client prints (field guide 3.8): by the beginning of the message. */
const NOISE: readonly Template[] = [
  { family: 'acl-grace', text: 'acl staging grace ' },
  { family: 'acl-staging', text: 'acl staging ' },
  { family: 'acl-staging', text: 'acl manifest received ' },
  { family: 'sync-pass', text: 'scan_remote: ' },
  { family: 'sync-pass', text: 'sync reconcile start: ' },
  { family: 'sync-pass', text: 'sync actions: ' },
  { family: 'file-transfer', text: 'sync ' },
  { family: 'file-transfer', text: 'ws_file_write' },
  { family: 'file-transfer', text: 'ws_acl_file ' },
  { family: 'file-transfer', text: 'commit_staged' },
  { family: 'file-transfer', text: 'priority send ' },
  { family: 'process', text: 'control plane ' },
  { family: 'process', text: 'daemon ' },
  // Lines of the desktop program and its SDK around those of the client: known by their brackets, not by their text.
  { family: 'desktop', text: '\u0000' },
  { family: 'decoded-other', text: 'ws message decoded type=Http(' },
  { family: 'decoded-other', text: 'ws message decoded type=ACLManifest(' },
  { family: 'decoded-other', text: 'ws message decoded type=FileDelete(' },
];

export const RUST_CLIENT: readonly Template[] = [...START, ...IPC, ...PROXY, ...RUST_TRANSPORT, ...NOISE];
