import { setTimeout as delay } from 'node:timers/promises';
import type { Command } from 'commander';
import type { JudgeReply, JudgeRequest } from '../../live/judgement.ts';
import type { Diagnosis } from '../../model/diagnosis.ts';
import { DoctorError } from '../../model/errors.ts';
import { mask } from '../../ingest/mask.ts';
import { openInput } from '../input.ts';
import { firstLine, startProgress } from '../output.ts';

/** Codes after which another try may go otherwise: files come, go and change while they are read. */
const PASSING: ReadonlySet<string> = new Set([
  'HLD_INPUT_NOTHING_RECOGNISED',
  'HLD_INPUT_UNREADABLE',
  'HLD_INPUT_NO_SUCH_PATH',
  'HLD_INPUT_ARCHIVE_DAMAGED',
]);

/** Telemetry is written by truncating and writing: half of it is there for a moment (field guide 5.3). */
const FLUSH_MS = 50;
const MOST_AGAIN = 2;
/** Telemetry files that were half written and stay so: their writer was killed. */
const torn = new Set<string>();

/** A telemetry file that was met while it was written, and was not half written the last time as well. */
function isInsideAFlush({ accounting }: Diagnosis): boolean {
  const now = accounting.sources
    .filter(({ kind, records, rejected, bytes }) => kind === 'telemetry' && records === 0 && (rejected > 0 || bytes === 0))
    .map(({ source, bytes }) => `${source} ${bytes}`);
  const isNew = now.some((one) => !torn.has(one));
  torn.clear();
  for (const one of now) torn.add(one);
  return isNew;
}

async function judge({ id, input, also }: JudgeRequest): Promise<JudgeReply> {
  try {
    const [{ excerptReader }, { diagnose }, { judgementOf }] = await Promise.all([
      import('../../ingest/excerpts.ts'),
      import('../../rules/diagnose.ts'),
      import('../../live/judgement.ts'),
    ]);
    const once = async (): Promise<Diagnosis> => {
      const opened = await openInput(input, { also, progress: startProgress(true) });
      try {
        return await diagnose(opened.store.query, excerptReader(opened.files, opened.store));
      } finally {
        opened.close();
      }
    };
    let diagnosis = await once();
    for (let again = 0; again < MOST_AGAIN && isInsideAFlush(diagnosis); again++) {
      await delay(FLUSH_MS);
      diagnosis = await once();
    }
    return { id, judgement: judgementOf(diagnosis) };
  } catch (error) {
    const isOurs = error instanceof DoctorError;
    const words = error instanceof Error ? (isOurs ? error.message : firstLine(error)) : String(error);
    return { id, error: mask(words), code: isOurs ? error.code : '', isFinal: isOurs && !PASSING.has(error.code) };
  }
}

/** Answers one question after the other until its parent is gone. */
async function serve(): Promise<void> {
  const answer = async (before: Promise<void>, request: JudgeRequest): Promise<void> => {
    await before;
    const reply = await judge(request);
    if (process.connected) process.send?.(reply);
  };
  let last = Promise.resolve();
  process.on('message', (message) => {
    last = answer(last, message as JudgeRequest);
  });
  await new Promise((resolve) => {
    process.once('disconnect', resolve);
  });
  // What is still being judged has nobody to read it.
  process.exit(0);
}

/** Not for people: `watch` starts it and speaks with it over a channel of its own. */
export function addWatchJudge(program: Command): void {
  program.command('watch-judge', { hidden: true }).action(serve);
}
