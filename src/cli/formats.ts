/** Every format of a report, in one table; `analyze`, `gate` and `report` take them alike. */
import { appendFileSync } from 'node:fs';
import type { Diagnosis } from '../model/diagnosis.ts';
import { DoctorError } from '../model/errors.ts';
import { nearest } from '../util/suggest.ts';
import type { LayoutOptions } from './layout.ts';
import { print, reasonOf, terminalWidth, wantsColor, writeOutput } from './output.ts';

/** How text is laid out; formats for programs ignore it. */
export interface FormatLayout {
  readonly width: number;
  readonly color: boolean;
  readonly ascii: boolean;
  readonly verbose: boolean;
  /** A document a line, where there may be several. */
  readonly compact: boolean;
}

/** Pure: the same documents and layout give the same text. */
type Render = (diagnoses: readonly Diagnosis[], layout: FormatLayout) => string;

interface Format {
  readonly name: string;
  readonly about: string;
  /** Its lines are workflow commands that a GitHub runner is meant to obey. */
  readonly isCommands?: true;
  /** Draws one run, from the part of its document that only pages need. */
  readonly isPage?: true;
  /** Variable with the file that it is added to when it is given no file of its own. */
  readonly appendTo?: string;
  /** Loaded when it is used. */
  readonly load: () => Promise<Render>;
}

/** One entry each. Each renders all documents of one command line; of several inputs it gets all at the end. */
export const FORMATS: readonly Format[] = [
  {
    name: 'text',
    about: 'for people',
    load: async () => {
      const [{ renderTerminal }, { renderGate }] = await Promise.all([import('../report/terminal.ts'), import('../report/gate.ts')]);
      return (diagnoses, layout) => {
        // Of several gated runs nobody reads all reports: each tells what decided.
        const render = diagnoses.length > 1 && diagnoses.every((d) => d.gate !== undefined) ? renderGate : renderTerminal;
        return diagnoses.map((d) => render(d, layout)).join('\n');
      };
    },
  },
  {
    name: 'json',
    about: 'the whole diagnosis',
    load: async () => {
      const { renderJson } = await import('../report/json.ts');
      return (diagnoses, { compact }) => diagnoses.map((d) => renderJson(d, compact ? 0 : 2)).join('');
    },
  },
  {
    name: 'html',
    about: 'a page of one file, for people; one run',
    isPage: true,
    load: async () => {
      const [{ renderHtml }, { loadPageAssets }] = await Promise.all([import('../report/html/page.ts'), import('./html-assets.ts')]);
      const assets = loadPageAssets();
      return (diagnoses) => diagnoses.map((d) => renderHtml(d, assets)).join('');
    },
  },
  {
    name: 'markdown',
    about: 'for an issue or a comment',
    load: async () => {
      const { renderMarkdown } = await import('../report/markdown.ts');
      return (diagnoses) => renderMarkdown(diagnoses);
    },
  },
  {
    name: 'sarif',
    about: 'SARIF 2.1.0, for code scanning',
    load: async () => {
      const { renderSarif } = await import('../report/sarif.ts');
      return (diagnoses) => renderSarif(diagnoses);
    },
  },
  {
    name: 'junit',
    about: 'JUnit XML, for test reports',
    load: async () => {
      const { renderJunit } = await import('../report/junit.ts');
      return (diagnoses) => renderJunit(diagnoses);
    },
  },
  {
    name: 'github',
    about: 'annotations of a GitHub workflow',
    isCommands: true,
    load: async () => {
      const { renderAnnotations } = await import('../report/github.ts');
      return (diagnoses) => renderAnnotations(diagnoses);
    },
  },
  {
    name: 'github-summary',
    about: 'step summary of a GitHub workflow; without a file it is added to $GITHUB_STEP_SUMMARY',
    appendTo: 'GITHUB_STEP_SUMMARY',
    load: async () => {
      const { renderSummary } = await import('../report/github.ts');
      return (diagnoses) => renderSummary(diagnoses);
    },
  },
  {
    name: 'ndjson',
    about: 'one fact a line',
    load: async () => {
      const { renderNdjson } = await import('../report/ndjson.ts');
      return (diagnoses) => renderNdjson(diagnoses);
    },
  },
];

export interface Target {
  readonly format: Format;
  /** undefined: stdout. */
  readonly file?: string;
}

export interface FormatOptions extends LayoutOptions {
  format?: Target[];
  quiet?: boolean;
  verbose?: boolean;
  /** With the part of the documents that only pages need. */
  detail?: boolean;
}

/** For --detail. */
export const DETAIL_HELP = 'with series over time, frames and more context in the json; html has them always';

/** Whether documents are to be made with the part that only pages need. */
export function wantsDetail({ format, detail }: FormatOptions): boolean {
  return detail === true || (format ?? []).some((target) => target.format.isPage === true);
}

/** A page shows one run of one input. */
export function refusePage({ format }: FormatOptions, what: string): void {
  if ((format ?? []).every((target) => target.format.isPage !== true)) return;
  const expected = `another format with ${what}; a page shows one run of one input`;
  throw new DoctorError('HLD_CLI_BAD_OPTION_VALUE', { option: '--format', value: 'html', expected });
}

/** For --format. */
export const FORMAT_HELP = `${FORMATS.map(({ name }) => name).join(', ')}; to stdout or =FILE; may be repeated`;

export function parseTarget(value: string, before: Target[] = []): Target[] {
  const [name = '', ...rest] = value.split('=');
  const format = FORMATS.find((known) => known.name === name);
  const file = rest.join('=');
  if (format === undefined || (value.includes('=') && file === '')) {
    const similar =
      format === undefined
        ? nearest(
            name,
            FORMATS.map((known) => known.name),
          )
        : undefined;
    const all = FORMATS.map((known) => `${known.name} or ${known.name}=FILE`).join(', ');
    const expected = similar === undefined ? all : `${all}; did you mean '${similar}'?`;
    throw new DoctorError('HLD_CLI_BAD_OPTION_VALUE', { option: '--format', value, expected });
  }
  return [...before, file === '' ? { format } : { format, file }];
}

export function targetsOf(options: FormatOptions): readonly Target[] {
  const [text] = FORMATS;
  return options.format ?? (options.quiet === true || text === undefined ? [] : [{ format: text }]);
}

export function layoutFor({ file }: Target, options: FormatOptions, compact = false): FormatLayout {
  return {
    width: options.width ?? terminalWidth(file === undefined ? process.stdout.columns : undefined),
    color: file === undefined ? wantsColor(options.color, process.env, process.stdout.isTTY) : options.color === true,
    ascii: options.ascii === true,
    verbose: options.verbose === true,
    compact,
  };
}

export async function writeTarget(diagnoses: readonly Diagnosis[], target: Target, options: FormatOptions, compact = false): Promise<void> {
  const render = await target.format.load();
  if (target.format.isPage === true && diagnoses.length > 1) refusePage(options, 'several documents');
  // So that a document does not depend on what else was asked for.
  const shown = target.format.isPage === true || options.detail === true ? diagnoses : diagnoses.map(withoutDetail);
  deliver(render(shown, layoutFor(target, options, compact)), target);
}

function withoutDetail(diagnosis: Diagnosis): Diagnosis {
  const { detail: _, ...rest } = diagnosis;
  return rest;
}

/** To its file, the file that the environment names, or stdout. */
export function deliver(text: string, { format, file }: Target): void {
  if (file !== undefined) return writeOutput(file, text);
  const shared = format.appendTo === undefined ? undefined : process.env[format.appendTo];
  if (shared !== undefined && shared !== '') return append(shared, text);
  print(text, format.isCommands === true);
}

function append(path: string, text: string): void {
  try {
    appendFileSync(path, text);
  } catch (cause) {
    throw new DoctorError('HLD_CLI_UNWRITABLE_OUTPUT', { path, reason: reasonOf(cause) }, { cause });
  }
}
