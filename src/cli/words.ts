/** Words that options and arguments take and commander does not know of: completions offer them. */
import { ERRORS } from '../model/errors.ts';

export interface Words {
  /** By command and option, `live up --era`, or by option alone. */
  readonly options: Readonly<Record<string, readonly string[]>>;
  /** By command and argument, `why-not rule`. */
  readonly args: Readonly<Record<string, readonly string[]>>;
}

const TEXT_OR_JSON = ['text', 'json'];
const SEVERITIES = ['error', 'warning', 'info'];

export async function knownWords(): Promise<Words> {
  const [{ RULES }, { SCENARIO_NAMES }, { ERA_NAMES }] = await Promise.all([
    import('../rules/index.ts'),
    import('../proxy/lab/scenarios.ts'),
    import('../proxy/party/switches.ts'),
  ]);
  const rules = RULES.map(({ meta }) => meta.id);
  const failures = [...new Set(RULES.flatMap(({ meta }) => meta.failures))];
  return {
    options: {
      '--format': TEXT_OR_JSON,
      'query --format': ['table', 'json', 'ndjson', 'csv'],
      'rules --format': ['table', 'json'],
      'watch --format': ['text', 'ndjson'],
      'live attach --format': ['text', 'ndjson'],
      '--fail-on': SEVERITIES,
      'analyze --fail-on': [...SEVERITIES, 'inconclusive'],
      '--era': ERA_NAMES,
      '--relay-version': ['S0', 'S1', 'S2'],
      '--transport': ['websocket', 'webrtc'],
      '--order': ['shared', 'connection'],
      '--overflow': ['drop', 'wait'],
      '--log-payload': ['values', 'zeros'],
      'live up --scenario': SCENARIO_NAMES,
      'live reproduce --cause': rules,
    },
    args: {
      'explain name': [...rules, ...failures, ...Object.keys(ERRORS)],
      'why-not rule': rules,
      'live verify scenario': SCENARIO_NAMES,
    },
  };
}
