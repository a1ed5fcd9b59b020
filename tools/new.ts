/** `npm run new -- rule <id>`: the files of a new rule, its failing test among them, and the index. */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { loadRules, writeParts } from './check-parts.ts';
import { camel, repository } from './make-index.ts';

function ruleText(id: string): string {
  return `/**
 * TODO: why this pattern in the lines means that fact in the world, and where it stops being true.
 */
import { defineRule, type Draft } from './engine/rule.ts';
import { firstTime, harm, name, ref } from './engine/ask.ts';

export const ${camel(id)} = defineRule({
  meta: {
    id: '${id}',
    title: 'TODO: the fault as a sentence without full stop',
    severity: 'error',
    failures: [],
    needs: ['client-log'],
    proves: 'TODO',
    notEvidence: {
      'todo-look-alike': 'TODO: what fits the same lines, and why it is not this.',
    },
    blindTo: 'TODO',
    remedy: 'TODO',
    explains: [],
  },
  judge: (c, steps) =>
    steps
      .of('parties', c.parties)
      .that('with a log', (p) => p.log !== null)
      // TODO: the kinds of events are in src/ingest/templates; what else a case holds is in facts/case-file.ts.
      .to('TODO: what a row has to be, in words that why-not shows', (p) => {
        const first = c.events.ofParty(p.email, 'session-new').slice(0, 0)[0];
        return first === undefined ? null : { p, first };
      })
      .rows.map(
        ({ p, first }): Draft => ({
          subject: { party: p.email },
          severity: harm(c, false),
          confidence: 'likely',
          message: \`\${name(p.email, c)} TODO\`,
          evidence: ref(first),
          ...firstTime([first]),
        }),
      ),
});
`;
}

function testText(id: string): string {
  const rule = camel(id);
  return `import { describe, expect, test } from 'vitest';
import { ${rule} } from '../../src/rules/${id}.ts';

describe('${id}', () => {
  test('fires', () => {
    expect.fail('cut a fixture that must fire from a recording, or write lines in the real format');
  });

  test.each(Object.keys(${rule}.meta.notEvidence))('is quiet on %s', (lookAlike) => {
    expect.fail(\`write the quiet fixture of \${lookAlike}\`);
  });

  test('says insufficient-data without its evidence', () => {
    expect.fail('write a fixture without what the rule needs');
  });
});
`;
}

/** Writes rule and test; returns their paths. The page and the index follow from the rule file. */
export function newRule(root: string, id: string): string[] {
  if (!/^[a-z]+(-[a-z]+)+$/.test(id) || id.startsWith('no-')) {
    throw new Error(`'${id}' is no id for a rule: name the sick state in lower case words with dashes, such as silent-application`);
  }
  const files = { [`src/rules/${id}.ts`]: ruleText(id), [`test/rules/${id}.test.ts`]: testText(id) };
  for (const path of Object.keys(files)) if (existsSync(join(root, path))) throw new Error(`${path} is there already`);
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  return Object.keys(files);
}

async function main(): Promise<void> {
  const [what, id] = process.argv.slice(2);
  if (what !== 'rule' || id === undefined) {
    console.error('usage: npm run new -- rule <id>');
    process.exitCode = 2;
    return;
  }
  try {
    const files = newRule(repository, id);
    writeParts(repository, await loadRules(repository));
    for (const file of [...files, `docs/rules/${id}.md`]) console.log(file);
    console.log('The test fails until it is written; npm run parts says what else is missing.');
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error));
    process.exitCode = 2;
  }
}

if (process.argv[1]?.endsWith('new.ts') === true) await main();
