/** Reads the value of --relay-zone: minutes, ±HH:MM or the name of a time zone. */
import { closeSync, openSync, readSync, statSync } from 'node:fs';
import type { Seen } from '../ingest/look.ts';
import { DoctorError } from '../model/errors.ts';

/** Minutes east of UTC; no zone on Earth is farther off. */
const MAX_MINUTES = 14 * 60;

function refuse(value: string): DoctorError {
  const expected = 'minutes to add to UTC (330), an offset (+05:30) or the name of a time zone (Asia/Kolkata)';
  return new DoctorError('HLD_CLI_BAD_OPTION_VALUE', { option: '--relay-zone', value, expected });
}

/** Offset of a named zone on a day, in minutes; undefined when there is no such zone. */
function namedZoneMinutes(name: string, at: Date): number | undefined {
  try {
    const parts = new Intl.DateTimeFormat('en-US', { timeZone: name, timeZoneName: 'longOffset' }).formatToParts(at);
    const offset = parts.find((part) => part.type === 'timeZoneName')?.value ?? '';
    const match = /^GMT(?:([+-])(\d{2}):(\d{2}))?$/.exec(offset);
    if (match === null) return undefined;
    const minutes = Number(match[2] ?? 0) * 60 + Number(match[3] ?? 0);
    return match[1] === '-' ? -minutes : minutes;
  } catch {
    return undefined; // RangeError: an unknown name
  }
}

/** `day` is asked only for a named zone, whose offset depends on the season. */
export function parseZone(value: string, day: () => Date): number {
  const plain = /^[+-]?\d{1,3}$/.test(value) ? Number(value) : undefined;
  const clock = /^([+-])(\d{2}):(\d{2})$/.exec(value);
  const signed = clock === null ? undefined : Number(`${clock[1]}1`) * (Number(clock[2]) * 60 + Number(clock[3]));
  const minutes = plain ?? signed ?? (/^[A-Za-z]/.test(value) ? namedZoneMinutes(value, day()) : undefined);
  if (minutes === undefined || Math.abs(minutes) > MAX_MINUTES) throw refuse(value);
  return minutes;
}

/** Enough of a log to hold its first time stamp. */
const HEAD_BYTES = 8192;

function firstDay(file: string): Date | undefined {
  const buffer = Buffer.alloc(HEAD_BYTES);
  const fd = openSync(file, 'r');
  try {
    const day = /(?<!\d)20\d\d-[01]\d-[0-3]\d(?!\d)/.exec(buffer.toString('latin1', 0, readSync(fd, buffer, 0, HEAD_BYTES, 0)));
    return day === null ? undefined : new Date(`${day[0]}T12:00:00Z`);
  } finally {
    closeSync(fd);
  }
}

/** The day that the evidence is of: the first date in a log of the relay folder or in the lone file; else the input's last change. */
export function dayOfEvidence(input: string, seen: readonly Seen[]): Date {
  const logs = seen.filter(({ file, sniffed }) => seen.length === 1 || sniffed.kind === 'relay-log' || /^relay\/.*\.log$/.test(file.below));
  for (const { file } of logs) {
    const day = file.absolute === '' || file.unread !== undefined ? undefined : firstDay(file.absolute);
    if (day !== undefined) return day;
  }
  return statSync(input).mtime;
}
