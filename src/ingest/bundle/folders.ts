/**
 * Pseudonyms for folders: an absolute path says where its owner keeps things, and often for whom they work. What lies below a
 * party's folder are names of the run; they are evidence and stay.
 */

/** Where people put what is theirs. Folders of the system (`/usr/lib`, `/proc`) and paths of an API say nothing. */
const ROOTS = 'home|Users|root|tmp|opt|srv|mnt|media|Volumes|data|workspace|work|private';
const PART = String.raw`[^\s"'\x60:;,()<>|*?\\/=&\[\]{}]+`;
const PATH = new RegExp(String.raw`(?<![\p{L}\p{N}_.@%~-])(?:[A-Za-z]:)?(?:[\\/]{1,4}(?:${ROOTS}))(?:[\\/]{1,4}${PART})+`, 'gu');
const SEPARATOR = /([\\/]{1,4})/;
/** Two letters, pseudonyms, hidden folders, parts of the system's own paths, and whatever holds an id: runs, sessions, processes. */
const STAYS = /^(?:.{1,2}|name\d+|dir\d+|sandbox|\..*|folders|[A-Za-z]:|.*\d{5}.*|.*[0-9a-f]{8}.*)$/;
const EXTENSION = /\.(?:log|jsonl?|ya?ml|txt|sock|sh|py|rs|go|lock|toml|pid|tcp|db|request|phase)$/;

export class Folders {
  private readonly given = new Map<string, string>();
  private readonly words: ReadonlySet<string>;

  /** `words`: lower-case words that name nobody. */
  constructor(words: ReadonlySet<string>) {
    this.words = words;
  }

  readonly redact = (text: string): string => (/[\\/]/.test(text) ? text.replace(PATH, (path) => this.path(path)) : text);

  private path(path: string): string {
    const parts = path.split(SEPARATOR);
    // Of `C:\Users` and `/home` the first part is the drive or empty, the third the root itself.
    for (let at = 4; at < parts.length; at += 2) {
      const part = parts[at] ?? '';
      if (/@|%40/.test(part)) break;
      parts[at] = this.part(part);
    }
    return parts.join('');
  }

  private part(part: string): string {
    const pieces = part.split(/[-_.+]+/).filter((piece) => piece !== '' && !/^\d+$/.test(piece));
    if (STAYS.test(part) || pieces.every((piece) => this.words.has(piece.toLowerCase()))) return part;
    const known = this.given.get(part);
    if (known !== undefined) return known;
    const fake = `dir${String(this.given.size + 1).padStart(2, '0')}${EXTENSION.exec(part)?.[0] ?? ''}`;
    this.given.set(part, fake);
    return fake;
  }

  key(): readonly (readonly [string, string])[] {
    return [...this.given].map(([real, fake]) => [fake, real]);
  }
}
