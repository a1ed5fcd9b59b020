/** ACL files of any form, with the YAML library: by itself, since nearly no file needs it. */
import { isMap, isScalar, isSeq, LineCounter, parseDocument } from 'yaml';
import type { Access } from '../util/access.ts';
import { LEVELS, type Acl, type AclRule } from './acl-rules.ts';

/** Longest text that the YAML library is given, characters: it takes seconds for some hundred thousand of them. */
const LONGEST_ANY = 64 * 1024;

/** Undefined when it is no YAML of this kind. */
export function parseAnyAcl(text: string): Acl | undefined {
  if (text.length > LONGEST_ANY) return undefined;
  const counter = new LineCounter();
  const document = parseDocument(text, { lineCounter: counter, strict: false });
  if (document.errors.length > 0 || !isMap(document.contents)) return undefined;
  const list = document.contents.get('rules', true);
  if (list !== undefined && !isSeq(list) && !(isScalar(list) && list.value === null)) return undefined;
  const rules: AclRule[] = [];
  for (const item of isSeq(list) ? list.items : []) {
    if (!isMap(item)) return undefined;
    const pattern = item.get('pattern', true);
    const access = item.get('access', true);
    if (!isScalar(pattern)) return undefined;
    const grants: { level: Access; grantee: string }[] = [];
    for (const level of LEVELS) {
      const grantees = isMap(access) ? access.get(level, true) : undefined;
      if (isSeq(grantees))
        for (const grantee of grantees.items) grants.push({ level, grantee: isScalar(grantee) ? String(grantee.value) : String(grantee) });
    }
    rules.push({ pattern: String(pattern.value), line: counter.linePos(pattern.range?.[0] ?? 0).line, grants });
  }
  return { terminal: document.get('terminal') === true, rules };
}
