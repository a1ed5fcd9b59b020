/** The command line as a whole: picks a command, turns errors into words and an exit code (design of the exit codes: README). */
import { Command, CommanderError } from 'commander';
import { DoctorError, type ErrorKind } from '../model/errors.ts';
import { addAnalyze } from './commands/analyze.ts';
import { addBaseline } from './commands/baseline.ts';
import { addBundle } from './commands/bundle.ts';
import { addCollect } from './commands/collect.ts';
import { addCompletion } from './commands/completion.ts';
import { addDiff } from './commands/diff.ts';
import { addExplain } from './commands/explain.ts';
import { addGate } from './commands/gate.ts';
import { addLive } from './commands/live/index.ts';
import { addPreflight } from './commands/preflight.ts';
import { addQuery } from './commands/query.ts';
import { addReport } from './commands/report.ts';
import { addRules } from './commands/rules.ts';
import { addSchema } from './commands/schema.ts';
import { addTrace } from './commands/trace.ts';
import { addWatch } from './commands/watch.ts';
import { addWatchJudge } from './commands/watch-judge.ts';
import { addWhatIf } from './commands/what-if.ts';
import { addWhyNot } from './commands/why-not.ts';
import { EXIT, type ExitCode } from './exit.ts';
import { mask } from '../ingest/mask.ts';
import { oneLine, visible } from './output.ts';
import { version } from './package.ts';

const EXIT_OF_KIND: Record<ErrorKind, ExitCode> = {
  usage: EXIT.usage,
  input: EXIT.usage,
  environment: EXIT.usage,
  internal: EXIT.internal,
};

const SEVERAL_LINES: ReadonlySet<string> = new Set([
  'HLD_STORE_SQL_FAILED',
  'HLD_GATE_BAD_POLICY',
  'HLD_GATE_BAD_BASELINE',
  'HLD_RULES_BAD_RULE_FILE',
]);

function buildProgram(done: (code: ExitCode) => void): Command {
  const program = new Command('hotlink-doctor')
    .description('Reads the evidence of a hotlink run and says which direction lost bytes, where and why.')
    .version(version())
    .exitOverride()
    .showHelpAfterError('(add --help to see what is possible)');
  addAnalyze(program, done);
  addGate(program, done);
  addBaseline(program);
  addReport(program);
  addTrace(program);
  addWhyNot(program);
  addPreflight(program, done);
  addLive(program, done);
  addWatch(program, done);
  addWatchJudge(program);
  addWhatIf(program, done);
  addCollect(program, done);
  addBundle(program);
  addDiff(program);
  addQuery(program);
  addRules(program);
  addExplain(program);
  addSchema(program);
  addCompletion(program);
  return program;
}

/** Words on stderr for whatever was thrown; the stack only when it is our bug. */
function report(error: unknown): ExitCode {
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  if (error instanceof DoctorError && error.kind !== 'internal') {
    const message = mask(error.message);
    // DuckDB explains a statement over several lines, and of a file every problem is told; everything else is one.
    const words = SEVERAL_LINES.has(error.code) ? visible(message) : oneLine(message);
    process.stderr.write(`hotlink-doctor: ${words}\n  ${error.code}: hotlink-doctor explain ${error.code}\n`);
    return EXIT_OF_KIND[error.kind];
  }
  const words = error instanceof Error ? (error.stack ?? error.message) : String(error);
  process.stderr.write(`hotlink-doctor: this is a bug of the doctor, please report it with these lines\n${visible(mask(words))}\n`);
  return EXIT.internal;
}

/** Runs one command line and returns the exit code; nothing else in the program decides on it. */
export async function main(args: readonly string[]): Promise<ExitCode> {
  let code: ExitCode = EXIT.ok;
  // A reader that closes early (`| head`) has seen enough: not an error.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    process.exit(code);
  });
  process.once('SIGINT', () => process.exit(EXIT.interrupted));
  const program = buildProgram((reached) => (code = reached));
  try {
    await program.parseAsync(args, { from: 'user' });
  } catch (error) {
    return report(error);
  }
  return code;
}
