/** docs/errors.md has a section for each code of src/model/errors.ts: what it means, how it looks, what to do. */
import { ERRORS } from '../../src/model/errors.ts';

const DO = 'What to do: ';

export interface ErrorSection {
  readonly code: string;
  /** As it is typed; empty where there is no example. */
  readonly command: string;
  /** What the tool prints. */
  readonly printed: string;
  readonly means: string;
  readonly advice: string;
}

export function errorSections(page: string): readonly ErrorSection[] {
  return page
    .split(/^(?=## )/m)
    .filter((text) => text.startsWith('## '))
    .map((text) => {
      const [, code = '', body = ''] = /^## (.+)\n([^]*)$/.exec(text) ?? [];
      const example = /```console\n\$ (.+)\n([^]*?)```\n/.exec(body);
      const at = body.indexOf(`\n${DO}`);
      return {
        code,
        command: example?.[1] ?? '',
        printed: example?.[2] ?? '',
        means: body.slice(0, example?.index ?? Math.max(0, at)).trim(),
        advice: at < 0 ? '' : body.slice(at + 1 + DO.length).trim(),
      };
    });
}

export function errorFaults(page: string, codes: readonly string[] = Object.keys(ERRORS)): string[] {
  const sections = errorSections(page);
  const faults = codes.filter((code) => !sections.some((s) => s.code === code)).map((code) => `${code}: no section`);
  for (const { code, command, printed, means, advice } of sections) {
    if (!codes.includes(code)) faults.push(`${code}: there is no such code`);
    if (means === '') faults.push(`${code}: what does it mean?`);
    if (!command.includes('hotlink-doctor ') || !printed.startsWith('hotlink-doctor: ')) faults.push(`${code}: no example`);
    else if (!printed.endsWith(`\n  ${code}: hotlink-doctor explain ${code}\n`)) faults.push(`${code}: the example ends without its code`);
    if (advice === '') faults.push(`${code}: no '${DO.trim()}'`);
  }
  const order = codes.filter((code) => sections.some((s) => s.code === code));
  if (sections.some((s, i) => codes.includes(s.code) && s.code !== order[i]))
    faults.push('the sections are in another order than the codes');
  return faults;
}
