/** Who may do what at the relay: the access lists that it was given, walked from the root (field guide 7.8). */
import { parseAcl, type Acl } from '../../protocol/acl.ts';
import { decidingPattern, isGranted } from '../../util/access.ts';

export const ACL_FILE = 'syft.pub.yaml';

/** True, or the words with which the relay refuses. */
export type Decision = true | string;

export class Rights {
  private readonly lists = new Map<string, Acl>();

  /** Takes an access list over; false if it cannot be read, and then the one before stays. */
  async load(path: string, text: string): Promise<boolean> {
    const acl = await parseAcl(text);
    if (acl === undefined) return false;
    this.lists.set(directoryOf(path), acl);
    return true;
  }

  drop(path: string): void {
    this.lists.delete(directoryOf(path));
  }

  /** The owner may everything; else the nearest list from the root downwards decides alone, a terminal one ends the walk. */
  may(user: string, path: string, level: 'read' | 'write'): Decision {
    if (path.startsWith(user)) return true;
    const refused = `access denied for user '${user}' on path '${path}': `;
    const near = this.nearest(path);
    if (near === undefined) return `${refused}no rules available`;
    const [directory, acl] = near;
    const deciding = decidingPattern(
      acl.rules.map((rule) => rule.pattern),
      path.slice(directory.length + 1),
    );
    const grants = acl.rules.find((rule) => rule.pattern === deciding)?.grants ?? [];
    return grants.some((grant) => isGranted(grant, user, level)) || `${refused}no ${level} access`;
  }

  private nearest(path: string): readonly [string, Acl] | undefined {
    const parts = path.split('/');
    let found: readonly [string, Acl] | undefined;
    for (let depth = 1; depth < parts.length; depth++) {
      const directory = parts.slice(0, depth).join('/');
      const acl = this.lists.get(directory);
      if (acl === undefined) continue;
      found = [directory, acl];
      if (acl.terminal) break;
    }
    return found;
  }
}

function directoryOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('/')));
}
