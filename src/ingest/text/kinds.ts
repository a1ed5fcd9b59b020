/**
 * What a line of runner text says: the closed list behind `runner_event.kind` (docs/tables.md has it for readers of the store).
 *
 * Columns that are not named stay NULL. `detail` is always masked.
 */
export const RUNNER_KINDS = {
  command: 'the command line of the program; detail',
  environment: 'a variable that the program or the runner got: subject = name, detail = value',
  setting: 'a line of the diagnosis file: subject = key, status = value',
  'runner-start': 'a runner begins with one party',
  'host-context': 'where the runner runs; detail',
  'port-check': 'a probe of a proxy port, which is a real connection: subject = CPa<->CPb, status = CONNECT_OK, CONNECT_FAIL, LISTENING, …',
  'port-base': 'the base of the port plan: port',
  'port-hint': 'a port base that was corrected or refused: subject = name, n = value',
  'port-conflict': "Desktop's audit of the port plan: subject = code, port",
  barrier: 'waiting until all proxies listen: status = start, poll, ready, skipped, completed; n = seconds',
  'mpc-files': "files in a run's channel directory: subject = path, n = how many",
  path: 'whether a file of the run is there: subject = file, status = exists or missing',
  'prelaunch-gate': 'the last check before the program: status = passed or failed',
  'program-start': 'the program was started: n = process id',
  'program-alive': 'the program still runs: n = seconds since its start',
  'program-exit': 'a program or container ended: status = code or signal, n = which',
  'program-killed': 'the runner killed the program: status = its reason',
  'step-duration': 'how long a step took: n = milliseconds',
  step: 'a step of the flow: subject = step, status = failed, completed, started, not-started, …',
  'role-map': 'which participant has which role: status = duplicate where two roles have one participant',
  'peer-connect': "the program's own TCP connection: subject = host, port, status = failed, retrying, connected, awaiting; n = repeats",
  'mount-failed': 'docker cannot mount a folder: subject = the folder, status = no-such-file, denied, invalid-spec, other',
  'mount-fallback': 'the runner mounts a folder above instead; detail',
  'route-unreachable': 'a container has no way to the proxy: subject = host, port',
  'direct-tcp': 'programs speak plain TCP past hotlink: subject = network, detail = address',
  'container-failed': 'docker refused to run a container for another reason: n = exit code',
  'command-missing': 'the shell knows no such command: subject = the command',
  denied: 'the system refused the runner something: subject = what',
  'timed-out': 'the runner gave up waiting: subject = for what, status = run or other, n = seconds',
  'p2p-violation': 'a scenario that allows peer to peer only failed its check: status = fallback or no-dataplane, n = fallbacks',
  done: 'a script says that it is done: subject = what, n = seconds',
} as const;

export type RunnerKind = keyof typeof RUNNER_KINDS;
