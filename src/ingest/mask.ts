/**
 * Secrets out of text, at the door: what is masked here can be in no table, report or bundle.
 *
 * Masked are values, not lines: the words around them are evidence. Covered (field guide §3): control-plane and client
 * tokens, authorization and Sec-Websocket-Key headers, ICE passwords and user fragments, TURN credentials, object-store keys.
 */
const MASK = '***';

const RULES: readonly (readonly [RegExp, string])[] = [
  [
    /\b((?:client_|access_|refresh_|auth_|control_plane_|api_)?token[\\"']*\s*[=:]\s*[\\"']*)(?![\\"'\s,)}\]]|Some\b|None\b)[^\s"'\\,;&)}\]]+/gi,
    `$1${MASK}`,
  ],
  [/\b(authorization(?:[\\"']*\s*[=:]\s*|\S*=)[\\"'[]*(?:bearer |basic )?)[^\s"'\\\],]+/gi, `$1${MASK}`],
  [/\b(bearer\s+)[A-Za-z0-9._~+/-]{8,}=*/gi, `$1${MASK}`],
  [/(sec-websocket-key[\\"']*\s*[=:]\s*[\\"'[]*)[^\s"'\\\],]+/gi, `$1${MASK}`],
  [/\b(ice-(?:pwd|ufrag):)[^\s"'\\]+/gi, `$1${MASK}`],
  [/\b((?:usernameFragment|ufrag|pwd)[\\"']*\s*[=:]\s*[\\"']+)[^\s"'\\]+/gi, `$1${MASK}`],
  [/(\bufrag )\S+/g, `$1${MASK}`],
  [
    /\b((?:access_key|secret_key|secret|password|passwd|credential|TURN_PASS|turn[-_ ]?pass(?:word)?)[\\"']*\s*[=:]\s*[\\"']*)(?!\[set\])[^\s"'\\,;)}\]]+/gi,
    `$1${MASK}`,
  ],
  [/\b(TURN (?:user|pass(?:word)?) from server: )(?!\[set\])[^\s"'\\]+/gi, `$1${MASK}`],
  [/(\bturns?:)[^\s:@"'\\]+:[^\s:@"'\\]+@/gi, `$1${MASK}@`],
  [/(\b[a-z][a-z0-9+.-]*:\/\/)[^\s/:@"'\\]+:[^\s/@"'\\]+@/gi, `$1${MASK}@`],
];

/** Words of which one must stand in a text for any rule to apply: most texts are ids and paths. */
const SUSPICIOUS =
  /token|authorization|bearer|websocket-key|ice-pwd|ice-ufrag|ufrag|fragment|pwd|_key|secret|passw|credential|turn|:\/\/[^/]*@/i;

/** The text with every secret value replaced by `***`. */
export function mask(text: string): string {
  if (!SUSPICIOUS.test(text)) return text;
  let out = text;
  for (const [pattern, replacement] of RULES) out = out.replace(pattern, replacement);
  return out;
}

/** Offset of the first character that `mask` would change, or -1: excerpts are cut there, since they quote what stands in the file. */
export function firstSecret(text: string): number {
  const masked = mask(text);
  if (masked === text) return -1;
  let at = 0;
  while (at < masked.length && masked[at] === text[at]) at++;
  return at;
}
