/** Messages of the relay (field guide §4.7): dialects d (development, coloured) and e (JSON). */
import type { Template } from './template.ts';

const HUB: readonly Template[] = [
  { kind: 'relay-start', text: 'server config' },
  { kind: 'relay-workers', text: 'message handlers start workers={n}' },
  { kind: 'auth-disabled', text: 'auth middleware disabled' },
  { kind: 'hub-started', text: 'wshub started' },
  { kind: 'relay-stop', text: 'context cancelled, starting shutdown' },
  { kind: 'hub-registered', text: 'wshub registered connId={conn} user={user} active={n}' },
  { kind: 'hub-removed', text: 'wshub removed connId={conn} user={user} active={n}' },
  { kind: 'client-closed', text: 'wsclient closed connId={conn}' },
  { kind: 'reader-shutdown', text: 'wsclient reader shutdown connId={conn}' },
  { kind: 'writer-shutdown', text: 'wsclient writer shutdown connId={conn}' },
  { kind: 'reader-buffer-full', text: 'wsclient reader buffer full connId={conn}' },
  { kind: 'send-buffer-full', text: 'wshub send buffer full connId={conn} user={user}' },
  { kind: 'reader-error', text: 'wsclient reader error={reason} connId={conn}' },
  { kind: 'relay-decode-error', text: 'wsclient reader decode error={reason} connId={conn}' },
  {
    kind: 'relay-received',
    text: 'server received websocket message msgType={type} msgId={msg} connId={conn} from={user}',
    only: 'hotlink-type',
    otherwise: 'relay-message',
  },
  { kind: 'relay-write-error', text: 'wsclient writer connId={conn} msgId={msg} msgType={type} error={reason!}' },
  {
    kind: 'relay-written',
    text: 'wsclient writer connId={conn} msgId={msg} msgType={type}',
    only: 'hotlink-type',
    otherwise: 'relay-message',
  },
  { kind: 'unhandled-message', text: 'unhandled message msgType={type}' },
];

const HOTLINK: readonly Template[] = [
  {
    kind: 'open-denied',
    text: 'hotlink open permission denied hotlink.id={msg} hotlink.session={session} hotlink.from={user} hotlink.path={path} error={reason}',
  },
  {
    kind: 'open-target-denied',
    text: 'hotlink open target not permitted hotlink.id={msg} hotlink.session={session} hotlink.from={user} hotlink.path={path} to={to} error={reason}',
  },
  { kind: 'data-not-sender', text: 'hotlink data rejected (not sender) session={session} from={user}' },
  { kind: 'signal-not-participant', text: 'hotlink signal rejected (not participant) session={session} from={user}' },
  {
    kind: 'relay-data',
    text: 'hotlink data relay session={session} from={user} path={path} seq={seq} bytes={bytes} recipients={n} to={to}',
  },
  { kind: 'relay-invalid-payload', text: 'hotlink open invalid payload msgId={msg}' },
  { kind: 'relay-invalid-payload', text: 'hotlink accept invalid payload msgId={msg}' },
  { kind: 'relay-invalid-payload', text: 'hotlink reject invalid payload msgId={msg}' },
  { kind: 'relay-invalid-payload', text: 'hotlink data invalid payload msgId={msg}' },
  { kind: 'relay-invalid-payload', text: 'hotlink close invalid payload msgId={msg}' },
  { kind: 'relay-invalid-payload', text: 'hotlink signal invalid payload msgId={msg}' },
];

const FILES: readonly Template[] = [
  {
    kind: 'acl-loaded',
    text: 'ws file write ACL loaded synchronously wsmsg.id={msg} wsmsg.connId={conn} wsmsg.from={user} wsmsg.path={path}',
  },
  {
    kind: 'file-denied',
    text: 'wsmsg handler permission denied wsmsg.id={msg} wsmsg.from={user} wsmsg.path={path} to={to} error={reason}',
  },
  { kind: 'blob-rejected', text: 'blob_download_rejected path={path} user={user} error={reason}' },
  { kind: 'blob-rejected', text: 'blob_upload_rejected path={path} user={user} error={reason}' },
  {
    kind: 'acl-unreadable',
    text: 'ws file write ACL parse error wsmsg.id={msg} wsmsg.connId={conn} wsmsg.from={user} wsmsg.path={path} error={reason}',
  },
  { kind: 'acl-unreadable', text: 'ruleset parse error path={path} error={reason}' },
];

const NOISE: readonly (readonly [string, readonly string[]])[] = [
  ['wsclient-start', ['wsclient start']],
  ['latency-trace', ['latency_trace hotlink_server_received', 'latency_trace server_received', 'latency_trace server_uploaded']],
  ['relay-index', ['update index', 'acl loaded from blob change', 'updated rule set', 'removed rule set']],
  [
    'relay-datasite',
    ['new datasite detected, adding to subdomain mapping', 'reloading vanity domain configurations', 'loaded datasite subdomain mappings'],
  ],
  ['relay-notify', ['broadcasted file notify to new clients']],
  [
    'relay-file',
    [
      'wsmsg handler skip self',
      'wsmsg handler ACL bypass',
      'wsmsg handler broadcast',
      'wsmsg handler recieved',
      'wsmsg handler received',
      'wsmsg manifest stored',
      'wsmsg manifest routed',
      'wsmsg manifest rejected - not owner',
    ],
  ],
  [
    'relay-startup',
    [
      'open db',
      'syftbox server start',
      'server start http',
      'blob service start',
      'blob indexer started',
      'blob indexer update result',
      'acl service start',
      'acl list',
      'acl fetch',
      'acl build',
      'no ACL rulesets found',
      'datasite service start',
    ],
  ],
  [
    'relay-shutdown',
    [
      'blob indexer stopped',
      'wshub stopped',
      'wshub killed',
      'wshub shutdown',
      'http server stopped',
      'blob service shutdown',
      'datasite service shutdown',
      'services stopped',
      'database closed',
      'syftbox server stop',
      'Bye!',
    ],
  ],
];

export const RELAY: readonly Template[] = [
  ...HUB,
  ...HOTLINK,
  ...FILES,
  ...NOISE.flatMap(([family, texts]) => texts.map((text) => ({ family, text }))),
  { family: 'http', text: 'Incoming request', parse: 'request' },
  // A request that failed: with the words of who refused it, one line for each, or with the status alone.
  { family: 'http', text: 'Error #', parse: 'request', goesOn: true },
  { family: 'http', text: 'HTTP error: ', parse: 'request', goesOn: true },
  // Lines of the web framework and of the object store's client between those of the relay: known by their beginning.
  { family: 'relay-foreign', text: '\u0000' },
];
