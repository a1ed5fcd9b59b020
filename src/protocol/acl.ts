/**
 * ACL files `syft.pub.yaml` (field guide 2.4, 7.8): who may read, write and administer what below a directory. Written by
 * clients, runners and tests; synced to everybody; the relay decides by them. Holds emails, no secret.
 *
 *     terminal: false
 *     rules:
 *     - pattern: "**"
 *       access:
 *         read: [client1@sandbox.local]
 *         write: []
 *
 * Nearly all files have this shape and are read by hand; for any other the YAML library is loaded.
 */
import type { Access } from '../util/access.ts';
import { LEVELS, type Acl } from './acl-rules.ts';

export type { Acl } from './acl-rules.ts';

function scalar(text: string): string | undefined {
  const quoted = /^"([^"\\]*)"$|^'([^']*)'$/.exec(text);
  if (quoted !== null) return quoted[1] ?? quoted[2] ?? '';
  return /^[A-Za-z0-9./_][^#:,[\]{}&|>'"%`]*$/.test(text) && !text.startsWith('{') ? text.trim() : undefined;
}

function flowList(text: string): string[] | undefined {
  const inside = /^\[(.*)\]$/.exec(text)?.[1];
  if (inside === undefined) return undefined;
  if (inside.trim() === '') return [];
  const items = inside.split(',').map((item) => scalar(item.trim()));
  return items.every((item) => item !== undefined) ? items : undefined;
}

function asLevel(name: string): Access | undefined {
  return LEVELS.find((level) => level === name);
}

/** Reads the usual shape; undefined when the file has another one. */
// oxlint-disable-next-line complexity -- one branch per form of line, as the format has them
function parseUsualAcl(text: string): Acl | undefined {
  let terminal = false;
  const rules: { pattern: string; line: number; grants: { level: Access; grantee: string }[] }[] = [];
  let level: Access | undefined;
  for (const [index, raw] of text.split(/\r?\n/).entries()) {
    const line = raw.trim();
    if (line === '' || line.startsWith('#') || line === 'rules:' || line === 'access:' || line === 'rules: []') continue;
    const top = /^terminal: (true|false)$/.exec(line);
    const pattern = /^(?:- )?pattern: (.+)$/.exec(line);
    const access = /^([a-z]+):(?: (.+))?$/.exec(line);
    const item = /^- (.+)$/.exec(line);
    const rule = rules.at(-1);
    if (top !== null) terminal = top[1] === 'true';
    else if (pattern !== null && line.startsWith('- ')) {
      const value = scalar(pattern[1] ?? '');
      if (value === undefined) return undefined;
      rules.push({ pattern: value, line: index + 1, grants: [] });
      level = undefined;
    } else if (access !== null && rule !== undefined && asLevel(access[1] ?? '') !== undefined) {
      level = asLevel(access[1] ?? '');
      const list = access[2] === undefined ? [] : flowList(access[2]);
      if (list === undefined || level === undefined) return undefined;
      for (const grantee of list) rule.grants.push({ level, grantee });
    } else if (item !== null && rule !== undefined && level !== undefined) {
      const grantee = scalar(item[1] ?? '');
      if (grantee === undefined) return undefined;
      rule.grants.push({ level, grantee });
    } else return undefined;
  }
  return { terminal, rules };
}

/** Reads an ACL file; undefined when it is no YAML of this kind. An empty file is none either. */
export async function parseAcl(text: string): Promise<Acl | undefined> {
  return parseUsualAcl(text) ?? (await import('./acl-yaml.ts')).parseAnyAcl(text);
}
