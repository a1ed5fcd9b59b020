/** What a diagnosis says in few words: which rule, where. Runs of different parties can be compared by it. */
import type { Diagnosis } from '../model/diagnosis.ts';

export interface Fingerprint {
  readonly rule: string;
  /** `client1`, `client1>client2` or `run`, in the names that `nameOf` gives. */
  readonly where: string;
}

type Subject = Diagnosis['causes'][number]['subject'];

function whereOf({ party, from, to }: Subject, nameOf: (email: string) => string): string {
  if (party !== undefined) return nameOf(party);
  if (from !== undefined && to !== undefined) return `${nameOf(from)}>${nameOf(to)}`;
  return from === undefined ? (to === undefined ? 'run' : nameOf(to)) : nameOf(from);
}

/** Local part of an email. */
export function localName(email: string): string {
  return email.split('@')[0] ?? email;
}

/** The causes in their order. */
export function causesOf(diagnosis: Diagnosis, nameOf: (email: string) => string = localName): readonly Fingerprint[] {
  return diagnosis.causes.map(({ rule, subject }) => ({ rule, where: whereOf(subject, nameOf) }));
}

/** All findings, those that are no cause of anything included. */
export function findingsOf(diagnosis: Diagnosis, nameOf: (email: string) => string = localName): readonly Fingerprint[] {
  return diagnosis.findings.map(({ rule, subject }) => ({ rule, where: whereOf(subject, nameOf) }));
}

export function fingerprintText({ rule, where }: Fingerprint): string {
  return `${rule} ${where}`;
}
