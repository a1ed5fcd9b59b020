/** What an ACL file says, whoever reads it. */
import type { Access } from '../util/access.ts';

export interface AclRule {
  readonly pattern: string;
  /** Line of the pattern; 0 when unknown. */
  readonly line: number;
  readonly grants: readonly { readonly level: Access; readonly grantee: string }[];
}

export interface Acl {
  readonly terminal: boolean;
  readonly rules: readonly AclRule[];
}

export const LEVELS: readonly Access[] = ['admin', 'write', 'read'];
