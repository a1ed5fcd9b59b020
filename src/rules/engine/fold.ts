/**
 * Symptoms go under causes. A finding is folded when another rule declares to explain it, they share a party, and the cause is
 * not later than the effect. What remains on top is ranked: errors first, then by what is explained, then by time.
 */
import type { Draft, Rule } from './rule.ts';
import { smallest } from '../../util/extent.ts';

export interface Found {
  readonly rule: Rule;
  readonly draft: Draft;
  readonly fingerprint: string;
}

export interface Folded {
  /** Ranked. */
  readonly causes: readonly { readonly found: Found; readonly explains: readonly Found[] }[];
  readonly under: ReadonlyMap<Found, Found>;
}

/** Stamps of different logs and whole relay seconds blur the order by this much. */
const BLUR_US = 2_000_000;
const PERIOD_US = 30_000_000;

export function fold(all: readonly Found[]): Folded {
  const under = new Map<Found, Found>();
  const first = smallest(all.map((f) => f.draft.at ?? Infinity));
  for (const effect of all) {
    const candidates = all.filter((cause) => cause !== effect && explains(cause, effect) && !cycle(cause, effect));
    const best = candidates.toSorted(
      (a, b) => rank(a) - rank(b) || period(a, first) - period(b, first) || (a.fingerprint < b.fingerprint ? -1 : 1),
    )[0];
    if (best !== undefined) under.set(effect, best);
  }
  const rootOf = (f: Found): Found => {
    let at = f;
    for (let next = under.get(at), steps = 0; next !== undefined && steps < all.length; next = under.get(at), steps++) at = next;
    return at;
  };
  const flat = new Map<Found, Found>();
  for (const f of under.keys()) {
    const root = rootOf(f);
    if (root !== f) flat.set(f, root);
  }
  const roots = all.filter((f) => !flat.has(f));
  const began = smallest(roots.map((f) => f.draft.at ?? Infinity));
  const causes = roots
    .map((found) => ({ found, explains: [...flat].filter(([, root]) => root === found).map(([f]) => f) }))
    .toSorted(
      (a, b) =>
        rank(a.found) - rank(b.found) ||
        slows(a.found) - slows(b.found) ||
        certainty(a.found) - certainty(b.found) ||
        b.explains.length - a.explains.length ||
        period(a.found, began) - period(b.found, began) ||
        (a.found.fingerprint < b.found.fingerprint ? -1 : 1),
    );
  return { causes, under: flat };
}

function explains(cause: Found, effect: Found): boolean {
  if (!cause.rule.meta.explains.includes(effect.rule.meta.id)) return false;
  if (rank(cause) > rank(effect) && cause.draft.severity === 'info') return false;
  if (!share(cause.draft, effect.draft)) return false;
  return time(cause) <= (effect.draft.at ?? Infinity) + BLUR_US;
}

/** Two rules may explain each other; then the earlier one is the cause, and on a tie the more certain one. */
function cycle(cause: Found, effect: Found): boolean {
  if (!effect.rule.meta.explains.includes(cause.rule.meta.id) || !share(cause.draft, effect.draft)) return false;
  const later = time(effect) === time(cause) ? 0 : time(effect) < time(cause) ? 1 : -1;
  return (later || certainty(cause) - certainty(effect) || (effect.fingerprint < cause.fingerprint ? 1 : -1)) > 0;
}

function share(a: Draft, b: Draft): boolean {
  const x = touched(a);
  const y = touched(b);
  if (x === '*' || y === '*') return true;
  return x.some((p) => y.includes(p));
}

function touched(d: Draft): readonly string[] | '*' {
  if (d.touches !== undefined) return d.touches;
  const own = [d.subject.party, d.subject.from, d.subject.to].filter((p) => p !== undefined);
  return own.length === 0 ? '*' : own;
}

function rank(f: Found): number {
  return { error: 0, warning: 1, info: 2 }[f.draft.severity];
}

function slows(f: Found): number {
  return f.rule.meta.slowsOnly === true && f.draft.severity !== 'error' ? 1 : 0;
}

function certainty(f: Found): number {
  return { certain: 0, likely: 1, possible: 2 }[f.draft.confidence];
}

/** Which half minute after the first: clocks that little ties together must not decide the order of what came at once. */
function period(f: Found, began: number): number {
  return f.draft.at === undefined ? -1 : Math.floor((f.draft.at - began) / PERIOD_US);
}

/** What nothing dates comes first: a marker or a setting was there before the run. */
function time(f: Found): number {
  return f.draft.at ?? -Infinity;
}
