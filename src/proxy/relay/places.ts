/** Where messages stand in the source of each version of the real relay: its development log prints it (field guide 3.4, 4.8). */
const PLACES = {
  'file-denied': ['server/server.go:248', 'server/server.go:250', 'server/server.go:250'],
  'file-received': ['server/server.go:254', 'server/server.go:256', 'server/server.go:256'],
  'acl-unreadable': ['server/server.go:291', 'server/server.go:293', 'server/server.go:293'],
  'acl-loaded': ['server/server.go:296', 'server/server.go:298', 'server/server.go:298'],
  'file-own': ['server/server.go:323', 'server/server.go:325', 'server/server.go:325'],
  'acl-to-all': ['server/server.go:332', 'server/server.go:334', 'server/server.go:334'],
  'file-kept-back': ['server/server.go:338', 'server/server.go:340', 'server/server.go:340'],
  'file-sent': ['server/server.go:343', 'server/server.go:345', 'server/server.go:345'],
  'manifest-refused': ['server/server.go:374', 'server/server.go:376', 'server/server.go:376'],
  'manifest-stored': ['server/server.go:380', 'server/server.go:382', 'server/server.go:382'],
  'manifest-routed': ['server/server.go:394', 'server/server.go:396', 'server/server.go:396'],
  unhandled: ['server/server.go:226', 'server/server.go:228', 'server/server.go:228'],
  'open-denied': ['server/server.go:415', 'server/server.go:417', 'server/server.go:417'],
  'target-denied': ['server/server.go:430', 'server/server.go:430', 'server/server.go:430'],
  'not-sender': ['server/server.go:504', 'server/server.go:506', 'server/server.go:546'],
  'data-relayed': ['server/server.go:560', 'server/server.go:560', 'server/server.go:560'],
  'not-participant': ['server/server.go:561', 'server/server.go:561', 'server/server.go:623'],
  'hub-started': ['ws/ws_hub.go:41', 'ws/ws_hub.go:41', 'ws/ws_hub.go:43'],
  'hub-registered': ['ws/ws_hub.go:50', 'ws/ws_hub.go:50', 'ws/ws_hub.go:52'],
  'hub-removed': ['ws/ws_hub.go:64', 'ws/ws_hub.go:64', 'ws/ws_hub.go:66'],
  'buffer-full': ['ws/ws_hub.go:184', 'ws/ws_hub.go:184', 'ws/ws_hub.go:242'],
} as const;

/** `relay`: its name; patches behind the version (`S1+G`) moved no line that we know of. */
export function placeOf(what: keyof typeof PLACES, relay: string): string {
  const version = relay.slice(0, 2);
  return PLACES[what][version === 'S0' ? 0 : version === 'S1' ? 1 : 2];
}
