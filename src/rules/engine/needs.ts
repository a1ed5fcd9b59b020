/** Which evidence a case file holds, for the needs of rules. */
import type { CaseFile } from '../facts/case-file.ts';
import type { Need, Rule } from './rule.ts';

export function missingNeeds(c: CaseFile, rule: Rule): readonly Need[] {
  return rule.meta.needs.filter((n) => !n.split('|').some((x) => holds(c, x)));
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
