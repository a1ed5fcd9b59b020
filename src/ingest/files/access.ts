/**
 * The relay's access log (field guide 3.9): file transfers, one JSON object a line, UTC with milliseconds.
 *
 *     {"timestamp":"2026-02-09 03:14:15.926 UTC","path":"c@x/.syftbox/hotlink_telemetry.json","access_type":"write","user":"c@x",…}
 *
 * Uploads of a client's own telemetry, every 5 s, are most of it: lines are summed per user and kind, not kept.
 */
import type { Cell } from '../../store/sql.ts';
import { textTimeUs } from '../scan-time.ts';
import { JsonObject, type TableRow } from './file-rows.ts';
import type { JsonVerdict } from './json-lines.ts';

interface AccessGroup {
  readonly user: string;
  readonly agent: string | null;
  readonly type: string;
  readonly ownTelemetry: boolean;
  readonly allowed: boolean;
  lines: number;
  firstUs: number | null;
  firstLine: number;
  lastUs: number | null;
  lastLine: number;
}

/** Groups that are kept of one file; a relay with a dozen users has some fifty. */
const MOST_GROUPS = 500;

/** Sums the lines of one file. */
export class AccessSummary {
  private readonly groups = new Map<string, AccessGroup>();

  /** What the value is: a record, or why it is none. */
  add(value: unknown, line: number): JsonVerdict {
    const object = JsonObject.of(value);
    const user = object?.text('user') ?? null;
    const type = object?.text('access_type') ?? null;
    if (object === undefined || user === null || type === null) return 'unexpected-shape';
    const stamp = /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d(?:\.\d+)?) UTC$/.exec(object.text('timestamp') ?? '');
    const parsed = stamp === null ? NaN : textTimeUs(`${stamp[1]}T${stamp[2]}Z`);
    const us = Number.isNaN(parsed) ? null : parsed;
    const agent = object.text('user_agent');
    const ownTelemetry = object.text('path') === `${user}/.syftbox/hotlink_telemetry.json`;
    const allowed = object.flag('allowed') !== false;
    const key = JSON.stringify([user, agent, type, ownTelemetry, allowed]);
    if (this.groups.size >= MOST_GROUPS && !this.groups.has(key)) return 'beyond-limit';
    const group = this.groups.get(key) ?? {
      user,
      agent,
      type,
      ownTelemetry,
      allowed,
      lines: 0,
      firstUs: us,
      firstLine: line,
      lastUs: us,
      lastLine: line,
    };
    group.lines++;
    group.firstUs ??= us;
    group.lastUs = us ?? group.lastUs;
    group.lastLine = line;
    this.groups.set(key, group);
    return 'record';
  }

  rows(sourceId: number): readonly TableRow[] {
    return [...this.groups.values()].map((g): TableRow => {
      const values: Cell[] = [
        sourceId,
        g.user,
        g.agent,
        g.type,
        g.ownTelemetry,
        g.allowed,
        g.lines,
        g.firstUs,
        g.firstLine,
        g.lastUs,
        g.lastLine,
      ];
      return { table: 'access', values };
    });
  }
}
