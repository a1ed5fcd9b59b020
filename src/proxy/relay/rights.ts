/** Who may do what at the relay: the access lists that it was given, walked from the root (field guide 7.8). */
import { parseAcl, type Acl } from '../../protocol/acl.ts';
import { decidingPattern, isGranted, patternFor, type Access } from '../../util/access.ts';

export const ACL_FILE = 'syft.pub.yaml';

export function isAclFile(path: string): boolean {
  return path === ACL_FILE || path.endsWith(`/${ACL_FILE}`);
}

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

  drop(path: string): boolean {
    return this.lists.delete(directoryOf(path));
  }

  /**
   * The owner may everything; else the nearest list from the root downwards decides alone, a terminal one ends the walk. Who writes an
   * access list must be admin.
   */
  may(user: string, path: string, level: Access): Decision {
    if (path.startsWith(user)) return true;
    const needed: Access = level === 'write' && isAclFile(path) ? 'admin' : level;
    const near = this.nearest(path);
    const none = 'error getting rule: no rules available';
    if (near === undefined) return none;
    const [directory, acl] = near;
    const rules = acl.rules.map((rule) => ({ ...rule, pattern: patternFor(rule.pattern, user) }));
    const deciding = decidingPattern(
      rules.map((rule) => rule.pattern),
      path.slice(directory.length + 1),
    );
    const grants = rules.find((rule) => rule.pattern === deciding)?.grants ?? [];
    if (grants.some((grant) => isGranted(grant, user, needed))) return true;
    return `access denied for user '${user}' on path '${path}': no ${needed} access`;
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
