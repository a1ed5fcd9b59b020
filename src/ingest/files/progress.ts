/**
 * What the runners say of a flow's steps (field guide 2.4): `_progress/state.json`, `_progress/progress.json` and
 * `log.jsonl` (JSON lines), `_progress/<role>_<step>.json`, and the `*.phase` file of the aggregate program.
 * Clock: the party's machine; RFC 3339, or unix seconds in role files. Free text of errors is masked.
 */
import type { Cell } from '../../store/sql.ts';
import { pathParts, shorten } from '../dictionary.ts';
import { mask } from '../mask.ts';
import { textTimeUs } from '../scan-time.ts';
import { JsonObject, rejectedFile, wholeFile, type FilePlace, type FileRows, type TableRow } from './file-rows.ts';

function time(value: string | null): number | null {
  const us = value === null ? NaN : textTimeUs(value);
  return Number.isNaN(us) ? null : us;
}

function clean(value: string | null): string | null {
  return value === null ? null : shorten(mask(value));
}

interface Step {
  readonly line?: number;
  readonly pointer?: string;
  readonly origin: 'state' | 'progress' | 'log' | 'role';
  readonly step: string | null;
  readonly event: string | null;
  readonly status: string | null;
  readonly started?: number | null;
  readonly ended?: number | null;
  readonly ts?: number | null;
  readonly message?: string | null;
}

function stepRow({ sourceId, party, path }: FilePlace, step: Step): TableRow {
  const { flow, run } = pathParts(path);
  const values: Cell[] = [
    sourceId,
    step.line ?? null,
    step.pointer ?? null,
    party,
    flow,
    run,
    step.origin,
    step.step,
    step.event,
    step.status,
  ];
  return {
    table: 'progress_event',
    values: [...values, step.started ?? null, step.ended ?? null, step.ts ?? null, clean(step.message ?? null)],
  };
}

/** `state.json` of the CLI (a map of steps) or of Desktop (the last event), and role files. */
export function readProgressState(text: string, place: FilePlace): FileRows {
  if (text.trim() === '') return rejectedFile(text, 'empty-file');
  const file = JsonObject.parse(text);
  if (file === undefined) return rejectedFile(text, text.trimEnd().endsWith('}') ? 'not-json' : 'cut-line');
  const steps = file.object('steps');
  if (steps !== undefined) {
    const whole: Step = {
      pointer: '',
      origin: 'state',
      step: null,
      event: file.has('completed_at') ? 'completed' : 'in_progress',
      status: file.has('completed_at') ? 'completed' : 'in_progress',
      started: time(file.text('started_at')),
      ended: time(file.text('completed_at')),
    };
    const each = steps.entries().map(([id, step]): Step => ({
      // Masked before its slashes are escaped: a link in a name is no longer one afterwards.
      pointer: `/steps/${mask(id).replaceAll('~', '~0').replaceAll('/', '~1')}`,
      origin: 'state',
      step: id,
      event: step.text('status'),
      status: step.text('status'),
      started: time(step.text('started_at')),
      ended: time(step.text('completed_at')),
      message: step.text('error'),
    }));
    return wholeFile(
      text,
      [whole, ...each].map((step) => stepRow(place, step)),
    );
  }
  if (!file.has('status') && !file.has('event')) return rejectedFile(text, 'unexpected-shape');
  const isRole = !path(place).endsWith('state.json');
  const seconds = file.integer('timestamp');
  const one: Step = {
    pointer: '',
    origin: isRole ? 'role' : 'state',
    step: file.text('step_id'),
    event: isRole ? file.text('status') : (file.text('event') ?? file.text('status')),
    status: file.text('status'),
    ts:
      seconds === null || !Number.isSafeInteger(seconds * 1_000_000)
        ? time(file.text('updated_at') ?? file.text('timestamp'))
        : seconds * 1_000_000,
  };
  return wholeFile(text, [stepRow(place, one)]);
}

function path(place: FilePlace): string {
  return place.path;
}

/** One line of `progress.json` or `log.jsonl`; undefined when it is no event. */
export function progressLine(value: unknown, line: number, place: FilePlace): TableRow | undefined {
  const object = JsonObject.of(value);
  const event = object?.text('event') ?? null;
  if (object === undefined || event === null) return undefined;
  return stepRow(place, {
    line,
    origin: place.path.endsWith('.jsonl') ? 'log' : 'progress',
    step: object.text('step') ?? object.text('step_id'),
    event,
    status: object.text('status'),
    ts: time(object.text('timestamp')),
    message: object.text('message'),
  });
}

/** Of a phase file this many last lines are kept; a program has some dozens. */
const MOST_PHASES = 10_000;

/** Lines of the aggregate program's phase file: the last one is how far the program came. */
export function readPhase(text: string, { sourceId, party, path }: FilePlace): FileRows {
  const { flow, run } = pathParts(path);
  const lines = text.split('\n');
  if (lines.at(-1) === '') lines.pop();
  const skipped = Math.max(0, lines.length - MOST_PHASES);
  const rows = lines
    .slice(skipped)
    .flatMap((line, index): TableRow[] =>
      line.trim() === ''
        ? []
        : [{ table: 'phase', values: [sourceId, skipped + index + 1, party, flow, run, shorten(mask(line.trimEnd()))] }],
    );
  const rejections =
    skipped === 0 ? [] : [{ reason: 'beyond-limit' as const, line: 1, text: lines[0]?.slice(0, 400) ?? '', lines: skipped }];
  return { rows, records: rows.length, continuation: 0, ignored: lines.length - skipped - rows.length, rejections };
}
