/** Texts inside the messages that set up peer to peer: JSON with the keys in the real client's order (field guide 6.7). Pure. */
import type { DescriptionType } from './peer.ts';

/** Longer than any description or candidate is. */
const LONGEST = 64 * 1024;

export function descriptionText(sdp: string, type: DescriptionType): string {
  return JSON.stringify({ sdp, type });
}

export function candidateText(candidate: string): string {
  return JSON.stringify({ candidate, sdpMid: '', sdpMLineIndex: 0, usernameFragment: null });
}

/** The SDP of an offer or answer. Throws with what is wrong. */
export function parseDescription(text: string | null | undefined, type: DescriptionType): string {
  const { sdp, type: said } = objectOf(text);
  if (said !== type) throw new Error(`unknown variant, expected ${type}`);
  return textOf(sdp, 'sdp');
}

/** The candidate line; empty when the message marks the end. Throws with what is wrong. */
export function parseCandidate(text: string | null | undefined): string {
  return textOf(objectOf(text)['candidate'], 'candidate');
}

function objectOf(text: string | null | undefined): Readonly<Record<string, unknown>> {
  if (text == null || text === '') throw new Error('EOF while parsing a value');
  if (text.length > LONGEST) throw new Error('too long');
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new Error('expected value');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Error('invalid type, expected a map');
  return value as Readonly<Record<string, unknown>>;
}

function textOf(value: unknown, field: string): string {
  if (typeof value !== 'string') throw new Error(`missing field ${field}`);
  return value;
}
