/** One run of an input, as the rules see it and as it was judged. */
import type { Diagnosis } from '../model/diagnosis.ts';
import { DoctorError } from '../model/errors.ts';
import type { ExcerptReader } from '../rules/engine/evidence.ts';
import type { CaseFile } from '../rules/facts/case-file.ts';
import type { OwnRule } from '../model/own-rule.ts';
import type { Rule } from '../rules/engine/rule.ts';
import type { AlsoOptions } from './also.ts';
import { openInput } from './input.ts';
import { startProgress } from './output.ts';
import { ownRulesOf } from './own-rules.ts';

export interface OpenCase {
  readonly c: CaseFile;
  readonly excerpts: ExcerptReader;
  /** The user's own rules, with what they find in this case. */
  readonly own: readonly Rule[];
  readonly judge: () => Promise<Diagnosis>;
}

/** Which run of an input, which files besides, which log lines of the user's own. */
export interface CaseOptions extends AlsoOptions {
  readonly run?: string | undefined;
  /** File with the user's own log lines. */
  readonly templates?: string | undefined;
}

/** Opens an input for `use` and closes it after. */
export async function withCase<T>(
  input: string,
  { run, also, templates }: CaseOptions,
  use: (open: OpenCase) => Promise<T>,
  ownRules: readonly OwnRule[] = [],
): Promise<T> {
  const opened = await openInput(input, { also, templates, progress: startProgress(false) });
  const { store, files } = opened;
  try {
    const [{ excerptReader }, { diagnoseCase, runIds }, { buildCase }] = await Promise.all([
      import('../ingest/excerpts.ts'),
      import('../rules/diagnose.ts'),
      import('../rules/facts/build.ts'),
    ]);
    const known = run === undefined ? [] : await runIds(store.query);
    if (run !== undefined && !known.includes(run)) throw new DoctorError('HLD_RUN_NO_SUCH_RUN', { run, known });
    const c = await buildCase(store.query, run === undefined ? {} : { run });
    const excerpts = excerptReader(files, store);
    const own = await ownRulesOf(ownRules, store)(c);
    return await use({ c, excerpts, own, judge: async () => diagnoseCase(c, store.query, excerpts, own) });
  } finally {
    opened.close();
  }
}
