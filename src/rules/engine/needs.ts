/** Which evidence a case file holds, for the needs of rules. */
import type { CaseFile } from '../facts/case-file.ts';
import type { Need, Rule } from './rule.ts';

export function missingNeeds(c: CaseFile, rule: Rule): readonly Need[] {
  return rule.meta.needs.filter((n) => !n.split('|').some((x) => holds(c, x)));
}

/** Evidence that hotlink itself leaves behind. */
const OF_HOTLINK = new Set(['client-log', 'relay-log', 'telemetry', 'marker', 'acl', 'debug', 'counter-series']);

/** A rule that lives on hotlink's own evidence; the others look at what stands around it. */
export function dependsOnHotlink(rule: Rule): boolean {
  return rule.meta.needs.some((need) => need.split('|').some((x) => OF_HOTLINK.has(x)));
}

export function holds(c: CaseFile, need: string): boolean {
  switch (need) {
    case 'client-log':
      return c.parties.some((p) => p.log !== null);
    case 'capture':
      return c.parties.some((p) => p.wire !== null);
    case 'relay-log':
      return c.relay !== null;
    case 'telemetry':
      return c.telemetry.length > 0;
    case 'marker':
      return c.markers.length > 0;
    case 'acl':
      return c.aclFiles.length > 0;
    case 'progress':
      return c.progressSteps.length > 0;
    case 'debug':
      return c.parties.some((p) => p.debug);
    case 'counter-series':
      return c.stillness.stoodStillUs !== null;
    case 'runner':
      return c.around.runner.length > 0;
    case 'container':
      return c.around.containers.length > 0;
    case 'container-load':
      return c.around.loads.length > 0;
    default:
      return false;
  }
}
