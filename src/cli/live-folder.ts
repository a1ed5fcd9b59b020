/** The folder of a running system, for the commands that follow or freeze one. */
import { realpathSync, statSync } from 'node:fs';
import { basename, dirname, join, relative, resolve, sep } from 'node:path';
import { DoctorError } from '../model/errors.ts';
import { reasonOf } from './output.ts';

/** The folder of a running system, without links on the way. */
export function runningFolder(sandbox: string): string {
  let isFolder: boolean;
  try {
    isFolder = statSync(sandbox).isDirectory();
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') throw new DoctorError('HLD_INPUT_NO_SUCH_PATH', { path: sandbox }, { cause });
    throw new DoctorError('HLD_INPUT_UNREADABLE', { path: sandbox, reason: reasonOf(cause) }, { cause });
  }
  if (!isFolder) throw new DoctorError('HLD_WATCH_NOT_A_FOLDER', { path: sandbox });
  return realpathSync(sandbox);
}

/** A path that is the folder or lies in it; both without links. */
export function isInside(path: string, folder: string): boolean {
  const way = relative(folder, path);
  return way === '' || (way !== '..' && !way.startsWith(`..${sep}`) && !way.startsWith(sep));
}

/** The path without links, as far as it is there. */
function realOf(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    const above = dirname(path);
    return above === path ? path : join(realOf(above), basename(path));
  }
}

/** A record inside of what it records would record itself. */
export function refuseInside(option: string, target: string, root: string): void {
  const path = realOf(resolve(target));
  if (isInside(path, root) || isInside(root, path))
    throw new DoctorError('HLD_CLI_BAD_OPTION_VALUE', {
      option,
      value: target,
      expected: 'a folder outside of the sandbox, and not above it',
    });
}
