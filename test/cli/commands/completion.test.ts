import { spawnSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { runBin } from '../../helpers/bin.ts';

function has(program: string): boolean {
  return spawnSync('which', [program]).status === 0;
}

function feed(program: string, args: readonly string[], input: string): { status: number | null; stdout: string; stderr: string } {
  const { status, stdout, stderr } = spawnSync(program, args, { input, encoding: 'utf8' });
  return { status, stdout, stderr };
}

/** What bash offers for a line whose last word is being typed. */
function offered(script: string, ...words: readonly string[]): string[] {
  const line = ['hotlink-doctor', ...words];
  const ask = `${script}\nCOMP_WORDS=(${line.map((w) => `'${w}'`).join(' ')}); COMP_CWORD=${line.length - 1}; _hotlink_doctor; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { stdout, status } = spawnSync('bash', ['-c', ask], { encoding: 'utf8' });
  expect(status).toBe(0);
  return stdout.split('\n').filter((word) => word !== '');
}

/** Every command that the help lists, with what stands below it. */
function commands(): string[] {
  const names = [
    ...(runBin(['--help'])
      .stdout.split('Commands:')[1]
      ?.matchAll(/^ {2}([a-z][a-z-]*) /gm) ?? []),
  ].map((m) => m[1] ?? '');
  return names.filter((name) => name !== 'help');
}

describe('completion', () => {
  test('bash offers commands, options and words of options', { timeout: 60_000 }, () => {
    const { stdout: script, code } = runBin(['completion', 'bash']);
    expect(code).toBe(0);
    expect(offered(script, '').toSorted()).toEqual(commands().toSorted());
    expect(offered(script, 'ga')).toEqual(['gate']);
    expect(offered(script, 'baseline', '')).toEqual(['create', 'prune', 'show']);
    expect(offered(script, 'gate', '--pol')).toEqual(['--policy']);
    expect(offered(script, 'baseline', 'create', 'sandbox', '--rea')).toEqual(['--reason']);
    expect(offered(script, 'gate', 'sandbox', '--format', 's')).toEqual(['sarif']);
    expect(offered(script, 'schema', '')).toEqual(expect.arrayContaining(['diagnosis', 'policy', 'baseline']));
    expect(offered(script, 'analyze', 'sandbox', '--fail-on', 'inc')).toEqual(['inconclusive']);
    expect(offered(script, 'gate', 'sandbox', '--fail-on', '')).toEqual(['error', 'warning', 'info']);
    expect(offered(script, 'query', 'sandbox', 'sql', '--format', '')).toEqual(['table', 'json', 'ndjson', 'csv']);
    expect(offered(script, 'diff', 'a', 'b', '--format', '')).toEqual(['text', 'json']);
    expect(offered(script, 'bundle', 'sandbox', '--re')).toEqual(['--redact']);
    expect(offered(script, 'why-not', 'late-')).toContain('late-application');
    expect(offered(script, 'explain', 'HLD_GATE_')).toContain('HLD_GATE_BAD_POLICY');
    expect(offered(script, 'live', 'up', 'lab', '--scenario', 'reorder')).toEqual(['reorder-lock']);
    expect(offered(script, 'live', 'party', 'lab', 'x', '--era', 'E5')).toEqual(['E5a', 'E5b']);
    // A file: left to the shell.
    expect(offered(script, 'gate', 'sandbox', '--baseline', 'x')).toEqual([]);
    expect(offered(script, 'analyze', 'samp')).toEqual([]);
  });

  test('formats that are offered are those that a command takes', { timeout: 60_000 }, () => {
    const script = runBin(['completion', 'bash']).stdout;
    for (const line of [
      'query x y',
      'rules',
      'trace x a b',
      'why-not r x',
      'preflight x',
      'watch x',
      'diff a b',
      'live up x',
      'live attach x',
      'live scenarios',
      'live verify x',
      'live soak',
      'live reproduce x',
    ]) {
      const words = line.split(' ');
      const { stderr } = runBin([...words, '--format', 'nonsense']);
      expect({ line, taken: /: it takes ([^;\n]*)/.exec(stderr)?.[1]?.split(', ') }).toEqual({
        line,
        taken: offered(script, ...words, '--format', ''),
      });
    }
  });

  test.each(['zsh', 'fish'])('%s names every command and every option of gate', (shell) => {
    const { stdout, code } = runBin(['completion', shell]);
    expect(code).toBe(0);
    for (const command of commands()) expect(stdout).toMatch(new RegExp(`\\b${command}\\b`));
    for (const option of ['policy', 'baseline', 'against', 'today']) expect(stdout).toMatch(new RegExp(`(?:--|-l )${option}\\b`));
    // Quotes of descriptions do not end ours.
    const unescaped = stdout.replaceAll(shell === 'fish' ? /\\['\\]/g : /'\\''/g, '');
    const odd = unescaped.split('\n').filter((line) => (line.match(/'/g) ?? []).length % 2 === 1);
    expect(odd).toEqual([]);
  });

  test.runIf(has('zsh'))('zsh accepts its script', () => {
    expect(feed('zsh', ['-n'], runBin(['completion', 'zsh']).stdout)).toMatchObject({
      status: 0,
      stderr: '',
    });
  });

  test.runIf(has('fish'))('fish accepts its script', () => {
    expect(feed('fish', ['-n'], runBin(['completion', 'fish']).stdout)).toMatchObject({
      status: 0,
      stderr: '',
    });
  });

  test('another shell is refused with those that there are', () => {
    const { code, stderr } = runBin(['completion', 'tcsh']);
    expect(code).toBe(2);
    expect(stderr).toContain('bash, zsh, fish');
    expect(runBin(['completion', 'bsh']).stderr).toContain('did you mean bash?');
    expect(runBin(['schema', 'polcy']).stderr).toContain('did you mean policy?');
  });
});

describe('the man page', () => {
  const page = runBin(['man']).stdout;

  test('has every command and the exit codes, in plain ASCII', () => {
    for (const command of commands())
      expect(page).toContain(`.SS hotlink\\-doctor ${command.replaceAll('-', String.raw`\-`)}`.slice(0, 20));
    expect(page).toContain(String.raw`\-\-baseline <file>`);
    for (const code of [0, 1, 2, 3, 4, 130]) expect(page).toContain(`\\fB${code}\\fR`);
    expect(page).toMatch(/^[\n\x20-\x7e]*$/);
  });

  test.runIf(has('groff'))('groff finds no fault in it', () => {
    const { stdout, stderr, status } = feed('groff', ['-man', '-Tutf8', '-ww'], page);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout.replaceAll(/.\u0008|\u001b\[\d*m/g, '')).toContain('--against');
  });
});
