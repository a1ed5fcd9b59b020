/** Figures, durations and times as people read them. Grouping spaces are glue: a number never breaks over two lines. */
import type { Interval } from '../model/diagnosis.ts';
import { GLUE } from './text.ts';

const MEBIBYTE = 1024 * 1024;

/** 12021 → 12 021 */
export function figure(value: number): string {
  return String(value).replaceAll(/\B(?=(\d{3})+(?!\d))/g, GLUE);
}

/** "12 bytes", "1 byte", "3 145 848 bytes (3.0 MiB)". */
export function volume(bytes: number): string {
  const exact = `${figure(bytes)}${GLUE}${bytes === 1 ? 'byte' : 'bytes'}`;
  return bytes < MEBIBYTE ? exact : `${exact} (${rounded(bytes)})`;
}

/** 3.0 MiB; exact below 1 MiB. */
export function rounded(bytes: number): string {
  if (bytes < MEBIBYTE) return figure(bytes);
  const gibibytes = bytes / (1024 * MEBIBYTE);
  return gibibytes >= 1 ? `${gibibytes.toFixed(2)}${GLUE}GiB` : `${(bytes / MEBIBYTE).toFixed(1)}${GLUE}MiB`;
}

/** From here on a bound comes from the number format, also where something was taken off it: 500 terabytes were never sent. */
const NO_BOUND = 2 ** 49;

/** An exact figure, "0–8", "≥ 12" or "?" when nothing at all is known. `show` writes one figure. */
export function interval(bounds: Interval, show: (value: number) => string = figure): string {
  if (bounds.min === bounds.max) return show(bounds.min);
  if (bounds.max >= NO_BOUND) return bounds.min === 0 ? '?' : `≥${GLUE}${show(bounds.min)}`;
  const [low, high] = [show(bounds.min), show(bounds.max)];
  return low === high ? low : `${low}–${high}`;
}

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** 250 ms, 4.5 s, 34 s, 2 min 5 s, 15 min, 3 h 20 min, 2 d 4 h. */
export function duration(milliseconds: number): string {
  const sign = milliseconds < 0 ? '-' : '';
  const ms = Math.abs(milliseconds);
  const two = (large: number, unit: string, small: number, part: string) =>
    `${sign}${figure(large)}${GLUE}${unit}${small === 0 ? '' : `${GLUE}${small}${GLUE}${part}`}`;
  if (ms < SECOND) return `${sign}${ms}${GLUE}ms`;
  if (ms < 10 * SECOND) return `${sign}${(Math.floor(ms / 100) / 10).toString()}${GLUE}s`;
  if (ms < MINUTE) return two(Math.floor(ms / SECOND), 's', 0, '');
  if (ms < 10 * MINUTE) return two(Math.floor(ms / MINUTE), 'min', Math.floor((ms % MINUTE) / SECOND), 's');
  if (ms < HOUR) return two(Math.floor(ms / MINUTE), 'min', 0, '');
  if (ms < DAY) return two(Math.floor(ms / HOUR), 'h', Math.floor((ms % HOUR) / MINUTE), 'min');
  return two(Math.floor(ms / DAY), 'd', Math.floor((ms % DAY) / HOUR), 'h');
}

const ISO = /^(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)(\.\d+)?Z$/;

/** Date of an ISO time; undefined for anything else. */
export function dateOf(time: string | null | undefined): string | undefined {
  return ISO.exec(time ?? '')?.[1];
}

/** 13:25:47.472; with the date in front when it is not `day`; without milliseconds when `coarse`. Other text stays as it is. */
export function clockTime(time: string, day: string | undefined, coarse = false): string {
  const match = ISO.exec(time);
  if (match === null) return time;
  const [, date = '', seconds = '', fraction = ''] = match;
  const shown = seconds + (coarse ? '' : fraction.slice(0, 4));
  return day === undefined || date === day ? shown : `${date.slice(5)}${GLUE}${shown}`;
}

/** Milliseconds since 1970 as an ISO time; undefined when no calendar holds it. */
export function isoTime(milliseconds: number): string | undefined {
  return Math.abs(milliseconds) > 8.64e15 ? undefined : new Date(milliseconds).toISOString();
}

/** "2026-11-22 13:25:40 – 13:26:26 UTC", with what is known of it. */
export function timeSpan(from: string | null, to: string | null): string | undefined {
  const day = dateOf(from) ?? dateOf(to);
  const show = (time: string) => clockTime(time, day, true);
  if (from === null && to === null) return undefined;
  const date = day === undefined ? '' : `${day} `;
  if (from === null) return `until ${date}${show(to ?? '')} UTC`;
  if (to === null) return `from ${date}${show(from)} UTC`;
  return `${date}${show(from)} – ${show(to)} UTC`;
}

/** "1 line", "5 873 lines". */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${figure(count)}${GLUE}${count === 1 ? one : many}`;
}
