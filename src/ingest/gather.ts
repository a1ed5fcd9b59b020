/** All files of an input, those in its archives included, after a first look at each. */
import { basename } from 'node:path';
import { DoctorError } from '../model/errors.ts';
import type { UnreadReason } from '../model/unread.ts';
import { isOpened } from './archive/format.ts';
import type { ArchiveOpener, OpenedInput } from './archive/open.ts';
import { byPath, placeInSandbox, sandboxesIn, type FoundFile } from './discover.ts';
import { lookAt, type Seen } from './look.ts';

/** Looks at all files; with `opener`, at what their archives hold as well, one level deep. In the order of paths. */
export async function lookAtAll(
  files: readonly FoundFile[],
  opener?: ArchiveOpener,
  check: (files: readonly FoundFile[]) => void = () => undefined,
): Promise<readonly Seen[]> {
  const looked = files.map((file) => lookAt(file));
  check(files);
  if (!looked.some((one) => one.format !== undefined)) return looked;
  const places = new Set(looked.map(({ file }) => placeOf(file)));
  const all = looked.filter((one) => one.format === undefined);
  const found = [...files];
  for (const one of looked) {
    const { file, format } = one;
    if (format === undefined) continue;
    if (opener === undefined || !isOpened(format)) {
      all.push(unopened(one));
      continue;
    }
    const { files: inside, refused } = await opener.openInside(file, format);
    all.push({ ...one, refused });
    found.push(...inside);
    check(found);
    for (const entry of inside) all.push(lookAtEntry(entry, places));
  }
  return all.toSorted((a, b) => byPath(a.file, b.file));
}

/** By what a copy of a file is known: its place in a sandbox, else its place in the input. */
function placeOf(file: FoundFile): string {
  return placeInSandbox(file.below) ?? file.below;
}

function unopened(one: Seen): Seen {
  const reason: UnreadReason = one.format !== undefined && isOpened(one.format) ? 'archive-inside-archive' : 'archive-format';
  return { ...one, refused: new Map([[reason, { count: 1, example: '' }]]) };
}

/** A file of an archive. What the input holds unpacked, or in an archive before, is not read twice; a further archive is not opened. */
function lookAtEntry(file: FoundFile, places: Set<string>): Seen {
  const place = placeOf(file);
  if (file.unread === undefined && places.has(place)) return lookAt({ ...file, unread: 'archived-copy' });
  places.add(place);
  const seen = lookAt(file);
  return seen.format === undefined ? seen : unopened(seen);
}

/** Folder under which evidence names the files of --also. */
const ALSO = 'also';

/**
 * The files of an input (a folder, a file, or an archive of these), and of what the user adds to it. Added files are named
 * `also/<name>`, those of a folder or archive `also/<name>/…`; a name that is taken gets a number. A file that is there
 * already is not read twice. An input of several sandboxes is refused: their runs must not be mixed.
 */
export async function gather(path: string, added: readonly string[], opener: ArchiveOpener): Promise<readonly Seen[]> {
  const input = await opener.discover(path);
  const refuseSeveral = (files: readonly FoundFile[]): void => {
    const parts = input.isLone ? [] : sandboxesIn(files);
    if (parts.length > 0) throw new DoctorError('HLD_INPUT_SEVERAL_SANDBOXES', { path, parts, isArchive: input.isArchive });
  };
  const all = [...(await lookAtAll(input.files, opener, refuseSeveral)), ...accountOf(path, input)];
  const real = new Set(input.files.map((file) => file.absolute));
  const taken = new Set(all.map(({ file }) => file.path.split('/').slice(0, 2).join('/')));
  for (const one of added) {
    const more = await opener.discover(one);
    const fresh = more.files.filter((file) => !real.has(file.absolute));
    if (fresh.length === 0) continue;
    for (const file of fresh) real.add(file.absolute);
    const name = freeName(`${ALSO}/${basename(more.files[0] !== undefined && more.isLone ? more.files[0].path : one) || 'root'}`, taken);
    const named = fresh.map((file): FoundFile => ({ ...file, path: more.isLone ? name : `${name}/${file.path}` }));
    all.push(...(await lookAtAll(named, opener)), ...accountOf(name, more));
  }
  return all.toSorted((a, b) => byPath(a.file, b.file));
}

function freeName(wanted: string, taken: Set<string>): string {
  let name = wanted;
  for (let number = 2; taken.has(name); number++) name = `${wanted}~${number}`;
  taken.add(name);
  return name;
}

/** An archive that is the input has an account of its own only where something stayed out of it: else it is what it holds. */
function accountOf(path: string, { refused, root }: OpenedInput): readonly Seen[] {
  if (refused.size === 0) return [];
  const name = path.startsWith(`${ALSO}/`) ? path : basename(path);
  const file: FoundFile = { path: name, absolute: '', bytes: 0, isStore: false, above: root, below: name };
  return [{ file, sniffed: { kind: 'archive', dialect: 'none' }, party: null, head: undefined, refused }];
}
