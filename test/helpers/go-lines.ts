/** Dialect c: `syftbox.log` of a Go client (field guide 3.3). Local time of a zone, whole seconds, each line numbered. */
import { logPath } from './story-files.ts';
import type { Story } from './story.ts';

export interface GoLine {
  /** Seconds after the story's base. */
  readonly at: number;
  readonly level?: 'DEBUG' | 'INFO' | 'WARN' | 'ERROR';
  /** Message and attributes as they stand: `msg="hotlink config" tcp_proxy=true`. */
  readonly text: string;
}

const ZONE_MINUTES = 600;

/** The party runs the Go client: its log holds a start, then these lines, then the socket's beat up to the end; no telemetry. */
export function runsGo(s: Story, name: string, lines: readonly GoLine[]): Story {
  const base = s.epochMs() - s.now;
  const beats = Array.from({ length: Math.floor(s.now / 5000) }, (_, i): GoLine => ({
    at: (i + 1) * 5,
    level: 'DEBUG',
    text: 'msg="sync adaptive interval"',
  }));
  const all: readonly GoLine[] = [
    { at: 0.5, text: 'msg="client daemon start"' },
    { at: 0.5, text: 'msg="hotlink config" socket_only=true tcp_proxy=true quic_enabled=true quic_only=false' },
    ...[...lines, ...beats].toSorted((a, b) => a.at - b.at),
  ];
  const text = all.map((l, i) => `line=${i + 1} time=${localTime(base + l.at * 1000)} level=${l.level ?? 'INFO'} ${l.text}\n`).join('');
  return s.withoutTelemetry(name).file(logPath(s.email(name)), text);
}

function localTime(ms: number): string {
  return `${new Date(ms + ZONE_MINUTES * 60_000).toISOString().slice(0, 19)}+10:00`;
}

export function goReceived(at: number, type: string): GoLine {
  return { at, text: `msg="client received websocket message" msgType=${type} msgId=a1b2c3` };
}

/** What a Go client prints of a session that it opened: its first frame goes over the WebSocket. */
export function goSpoke(at: number, path: string, session: string): GoLine {
  return { at, text: `msg="hotlink quic not ready, using ws fallback" session=${session} path=${path}` };
}

export function goSkipped(at: number, path: string): GoLine {
  return { at, level: 'ERROR', text: `msg="hotlink tcp write skipped: no writer after retries" path=${path}` };
}
