import { describe, expect, it } from 'vitest';
import { withoutCommands } from '../../src/cli/output.ts';
import { renderAnnotations, renderSummary, SUMMARY_BYTES } from '../../src/report/github.ts';
import { renderMarkdown } from '../../src/report/markdown.ts';
import { renderTerminal } from '../../src/report/terminal.ts';
import { HOSTILE, poisoned, poisonedGate } from '../helpers/formats.ts';
import { gateSet, recorded } from '../helpers/gate.ts';
import { forCases, size } from '../helpers/mutate.ts';

interface Command {
  readonly level: string;
  readonly properties: Readonly<Record<string, string>>;
  readonly message: string;
}

/** As the runner documents it: `::level name=value,…::message`, with %-escapes. */
function commandsOf(text: string): Command[] {
  const lines = text.split('\n').filter((line) => line !== '');
  return lines.map((line) => {
    const match = /^::(error|warning|notice) ([^:]*)::(.*)$/.exec(line);
    if (match === null) throw new Error(`no command: ${line}`);
    const undo = (value: string): string =>
      value.replaceAll('%3A', ':').replaceAll('%2C', ',').replaceAll('%0A', '\n').replaceAll('%0D', '\r').replaceAll('%25', '%');
    const [, level = '', properties = '', message = ''] = match;
    return {
      level,
      message: undo(message),
      properties: Object.fromEntries(
        properties.split(',').map((pair) => {
          const at = pair.indexOf('=');
          return [pair.slice(0, at), undo(pair.slice(at + 1))];
        }),
      ),
    };
  });
}

describe('annotations', () => {
  it('lead to the line, say what to do, and leave out what only follows', () => {
    const commands = commandsOf(renderAnnotations([recorded('stall-e3-debug')]));
    expect(commands[0]).toMatchObject({
      level: 'error',
      properties: { file: 'client1@sandbox.local/.syftbox/logs/syftbox.log', line: '43', title: 'sender-lock-drop' },
    });
    expect(commands[0]?.message).toContain('\nDo: ');
    expect(commands.map((c) => c.properties['title'])).not.toContain('stalled-counters');
  });

  it('are those that the gate decided: limits, and no accepted finding', () => {
    const accepted = [{ fingerprint: 'turn-credentials-missing:run', reason: 'x' }];
    const commands = commandsOf(renderAnnotations(gateSet([recorded('healthy')], { policy: 'smoke', accepted })));
    expect(commands.map((c) => `${c.level} ${c.properties['title']}`)).toEqual(
      expect.arrayContaining(['error limit:fallbacks', 'error limit:p2p-sessions']),
    );
    expect(commands.map((c) => c.properties['title'])).not.toContain('turn-credentials-missing');
  });

  it('are no more than a step keeps, and the rest is counted', () => {
    const d = recorded('stall-e3-debug');
    const [cause] = d.causes;
    if (cause === undefined) throw new Error('no cause');
    const many = Array.from({ length: 30 }, (_, i) => ({
      ...cause,
      fingerprint: `sender-lock-drop:p${i}`,
      message: `${i} ${'x'.repeat(9000)}`,
    }));
    const commands = commandsOf(renderAnnotations([{ ...d, causes: many, findings: many }]));
    expect(commands).toHaveLength(10);
    expect(commands.at(-1)?.message).toBe('and 21 more of this level: see the step summary or the report');
    for (const { message } of commands) expect(message.length).toBeLessThanOrEqual(4096);
  });

  it('stay one command a line, whatever the evidence says', async () => {
    await forCases(size(60, 600), (chance) => {
      const sample = chance.pick(['stall-e3-debug', 'healthy', 'published-29509799']);
      const text = renderAnnotations([chance.below(2) === 0 ? poisoned(sample, chance) : poisonedGate(sample, chance)]);
      for (const { properties } of commandsOf(text))
        for (const name of Object.keys(properties)) expect(['file', 'line', 'title']).toContain(name);
      expect(text).not.toMatch(/##\[/);
      expect(/(?!\n)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u.test(text)).toBe(false);
    });
  });
});

describe('the step summary', () => {
  const sizeOf = (text: string): number => new TextEncoder().encode(text).length;

  it('of a run is the Markdown report', () => {
    expect(renderSummary([recorded('stall-e3-debug')])).toContain('sender\\-lock\\-drop');
  });

  it('of very many runs stays under the limit and says how many are left out', () => {
    const runs = Array.from({ length: 1000 }, () => recorded('stall-e3-debug'));
    expect(sizeOf(renderMarkdown(runs))).toBeGreaterThan(1024 * 1024);
    const text = renderSummary(runs);
    expect(sizeOf(text)).toBeLessThanOrEqual(SUMMARY_BYTES);
    const shown = text.split('\n').filter((line) => line.startsWith('## ')).length;
    expect(text).toContain(`${1000 - shown} more runs do not fit here`);
  });
});

describe('text for people on stdout of a workflow', () => {
  it('holds no line that a runner obeys', async () => {
    await forCases(size(20, 200), (chance) => {
      const d = poisonedGate('stall-e3-debug', chance);
      for (const text of [
        renderTerminal(d, { width: 80, color: false, ascii: chance.below(2) === 0, verbose: true }),
        renderMarkdown([d]),
      ]) {
        for (const line of withoutCommands(text).split(/[\r\n]/)) {
          expect(line.trimStart().startsWith('::')).toBe(false);
          expect(line).not.toContain('##[');
        }
      }
    });
  });

  it.each(HOSTILE)('%j', (text) => {
    for (const line of withoutCommands(text).split('\n')) expect(/^\s*::|##\[/.test(line)).toBe(false);
  });
});
