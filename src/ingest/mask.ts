/**
 * Secrets out of text, at the door: what is masked here can be in no table, report or bundle.
 *
 * Masked are values, not lines: the words around them are evidence. Covered (field guide §3): control-plane and client
 * tokens, authorization, cookie and Sec-Websocket-Key headers, ICE passwords and user fragments, TURN credentials, object-store
 * keys and signed links, passwords in links, and by their shape alone JSON web tokens and keys of well-known makers.
 * Every pattern takes time in proportion to the text: where it may begin again, what it scans is bounded.
 */
const MASK = '***';

/** After a name: quotes that close it, then = or :. */
const IS = String.raw`[\\"']*\s*[=:]\s*`;
/** A value: quoted, quoted within quotes, or a word. What says that nothing is there is no value. */
const VALUE = String.raw`(?:\\+"(?:(?!\\{0,4}").)+|\\+'(?:(?!\\{0,4}').)+|"(?!")(?:\\.|[^"\\])+|'(?!')[^']+|[[({]*(?!\[?set\]|Some\b|None\b|null\b)[^\s"'\\,;&)}\]]+)`;

const NAMES = [
  String.raw`(?:access|secret|api|private|signing|encryption)[-_ ]?(?:access[-_ ]?)?key(?:[-_ ]?id)?`,
  'secret',
  'passwo?r?d',
  'passphrase',
  'credential',
  'jwt',
  'signature',
  String.raw`(?<!re)turn[-_ ]?(?:user(?:name)?|pass(?:word)?)`,
  String.raw`minio_root_(?:user|password)`,
  String.raw`root(?:user|pass)`,
].join('|');

const RULES: readonly (readonly [RegExp, string])[] = [
  [new RegExp(String.raw`((?:client|access|refresh|auth|control_plane|api|bearer|id)[-_]?token${IS})Some\(${VALUE}`, 'gis'), `$1${MASK}`],
  [new RegExp(String.raw`(token${IS})${VALUE}`, 'gis'), `$1${MASK}`],
  [new RegExp(String.raw`(authorization(?:${IS}|\S{0,24}=)[\\"'[]*[\\"'])(?:\\.|[^"'\\\]\r\n])+`, 'gi'), `$1${MASK}`],
  [
    new RegExp(String.raw`(authorization(?:${IS}|\S{0,24}=)\[?(?:(?:bearer|basic|token|digest|negotiate|apikey) )?)[^\s"'\\\],]+`, 'gi'),
    `$1${MASK}`,
  ],
  [/\b(bearer\s+)[A-Za-z0-9._~+/-]{8,}=*/gi, `$1${MASK}`],
  [new RegExp(String.raw`(cookie${IS}[\\"'[]*)(?:\\.|[^"'\\\]\r\n])+`, 'gi'), `$1${MASK}`],
  [/(sec-websocket-key[\\"']*\s*[=:]\s*[\\"'[]*)[^\s"'\\\],]+/gi, `$1${MASK}`],
  [/\b(ice-(?:pwd|ufrag):)[^\s"'\\]+/gi, `$1${MASK}`],
  [/\b((?:usernameFragment|ufrag|pwd)[\\"']*\s*[=:]\s*[\\"']+)[^\s"'\\]+/gi, `$1${MASK}`],
  [/(\bufrag )\S+/g, `$1${MASK}`],
  [new RegExp(String.raw`((?:${NAMES})${IS})${VALUE}`, 'gis'), `$1${MASK}`],
  [/\b(TURN (?:user|pass(?:word)?) from server: )(?!\[set\])[^\s"'\\]+/gi, `$1${MASK}`],
  [/(\bturns?:)[^\s:@"'\\]{1,256}:[^\s@"'\\]{1,256}@/gi, `$1${MASK}@`],
  [/((?<![a-z0-9+.-])[a-z][a-z0-9+.-]*:\/\/)[^\s/:?#@"'\\]*:[^\s/?#"'\\]+@/gi, `$1${MASK}@`],
  [/(?<![\w-])eyJ[\w-]{8,}\.[\w-]{8,}(?:\.[\w-]*)?/g, MASK],
  [/\b(?:AKIA|ASIA)[0-9A-Z]{16}\b|\bgh[pousr]_[A-Za-z0-9]{30,}|\bglpat-[\w-]{20,}|\bxox[abprs]-[\w-]{10,}/g, MASK],
  [/(-----BEGIN [A-Z ]*PRIVATE KEY-----)[^-]+/g, `$1${MASK}`],
  // Environment variables, as consoles and runners print them: the whole quoted value, else the first word.
  [
    /\b((?:(?:[A-Z][A-Z0-9]*_)*(?:TOKEN|SECRET|PASSWORD|PASSWD|PASSPHRASE|CREDENTIALS?|APIKEY)|(?:[A-Z][A-Z0-9]*_)+(?:PASS|KEY|PWD|AUTH|COOKIE))(?:_[A-Z0-9]+)*=)(?!\*\*\*)("[^"]*"|'[^']*'|[^\s"',;)}\]]+)/g,
    `$1${MASK}`,
  ],
];

/** Words of which one must stand in a text for any rule to apply: most texts are ids and paths. */
const SUSPICIOUS =
  /token|authorization|bearer|cookie|websocket-key|ice-pwd|ice-ufrag|ufrag|fragment|pwd|key|secret|passw|passphrase|_pass|_auth|credential|jwt|signature|turn|root(?:user|pass)|eyJ|AKIA|ASIA|gh[pousr]_|glpat-|xox|:\/\/[^/]*@/i;

/** Characters that are looked at; of a longer text the middle is left out. Nothing keeps more of a text than that. */
const LONGEST = 64 * 1024;
const END = 16 * 1024;

const SECRET_NAME = /(?:^|_)(?:TOKEN|SECRET|PASSWORD|PASSWD|PASSPHRASE|PASS|CREDENTIALS?|APIKEY|KEY|AUTH|COOKIE)(?:_|$)|_PWD$/i;

/** Whether a variable is called like something that nobody else may know; its value is then masked whole. */
export function isSecretName(name: string): boolean {
  return SECRET_NAME.test(name);
}

/** The text with every secret value replaced by `***`. */
export function mask(text: string): string {
  if (text.length > LONGEST) return `${mask(text.slice(0, LONGEST - END))}…${mask(text.slice(-END))}`;
  if (!SUSPICIOUS.test(text)) return text;
  let out = text;
  for (const [pattern, replacement] of RULES) out = out.replace(pattern, replacement);
  return out;
}

/** A path masked component by component, so that no component goes with the secret of another. */
export function maskPath(path: string): string {
  return SUSPICIOUS.test(path) ? path.split('/').map(mask).join('/') : path;
}

/** Offset of the first character that `mask` would change, or -1: excerpts are cut there, since they quote what stands in the file. */
export function firstSecret(text: string): number {
  const masked = mask(text);
  if (masked === text) return -1;
  let at = 0;
  while (at < masked.length && masked[at] === text[at]) at++;
  return at;
}
