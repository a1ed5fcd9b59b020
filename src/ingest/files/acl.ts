/** Rows of an ACL file `syft.pub.yaml` (field guide 2.4). No clock. */
import { parseAcl } from '../../protocol/acl.ts';
import { pathParts } from '../dictionary.ts';
import { rejectedFile, wholeFile, type FilePlace, type FileRows, type TableRow } from './file-rows.ts';

/** `sourcePath` is `<party>/datasites/<owner>/…/syft.pub.yaml`, or begins below it when one party's folder is read. */
export async function readAcl(text: string, { sourceId, party, path }: FilePlace): Promise<FileRows> {
  const below = path.lastIndexOf('datasites/');
  const relative = below >= 0 ? path.slice(below + 'datasites/'.length) : path;
  const directory = relative.includes('/') ? relative.slice(0, relative.lastIndexOf('/')) : '';
  const parts = pathParts(relative);
  const owner = directory.split('/')[0] ?? '';
  const channel = directory.includes('/_mpc/') || /^\d+_to_\d+$/.test(parts.channel ?? '') ? parts.channel : null;
  const acl = await parseAcl(text);
  const file = (problem: string | null): TableRow => ({
    table: 'acl_file',
    values: [sourceId, party, owner, directory, parts.flow, parts.run, channel, problem],
  });
  if (text.trim() === '') return rejectedFile(text, 'empty-file', [file('empty')]);
  if (acl === undefined) return rejectedFile(text, 'unexpected-shape', [file('not-yaml')]);
  const rules = acl.rules.flatMap((rule, ruleNo) =>
    // A rule that grants nothing still decides for what it matches.
    (rule.grants.length > 0 ? rule.grants : [{ level: 'none', grantee: '' }]).map(({ level, grantee }): TableRow => {
      const place = [sourceId, party, owner, directory, parts.flow, parts.run, channel];
      return { table: 'acl_rule', values: [...place, acl.terminal, ruleNo, rule.line || null, rule.pattern, level, grantee] };
    }),
  );
  return wholeFile(text, [file(null), ...rules]);
}
