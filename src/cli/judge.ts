/** One input judged: what `analyze`, `gate` and `baseline` have in common, options included. */
import type { Command } from 'commander';
import { mask } from '../ingest/mask.ts';
import type { Diagnosis } from '../model/diagnosis.ts';
import { DoctorError } from '../model/errors.ts';
import { addAlsoOption, type AlsoOptions } from './also.ts';
import { openInput, TEMPLATES_HELP } from './input.ts';
import { startProgress } from './output.ts';
import { loadOwnRules, ownRulesOf, RULES_OPTION } from './own-rules.ts';
import type { Profile } from './profile.ts';

export interface JudgeOptions extends AlsoOptions {
  db?: string;
  run?: string;
  allRuns?: boolean;
  relayZone?: string;
  rules?: string;
  templates?: string;
  note: string[];
  quiet?: boolean;
  /** With the part of the document that only pages need. */
  detail?: boolean;
}

/** A Diagnosis of the wished run, or of each run of the input. */
export async function judge(input: string, options: JudgeOptions, profile?: Profile): Promise<Diagnosis[]> {
  profile?.lap('start');
  const quiet = options.quiet === true;
  const ownRules = await loadOwnRules(options.rules);
  const { db: database, relayZone, also, templates } = options;
  // Compiled while the database starts.
  const rules = Promise.all([import('../ingest/excerpts.ts'), import('../rules/diagnose.ts')]);
  const opened = await openInput(input, { database, relayZone, also, templates, progress: startProgress(quiet), lap: profile?.lap });
  const { store, files } = opened;
  try {
    const [{ excerptReader }, { diagnose, runIds }] = await rules;
    const excerpts = excerptReader(files, store);
    const query = profile?.timed(store.query) ?? store.query;
    profile?.lap('load rules');
    const known = options.allRuns === true || options.run !== undefined ? await runIds(store.query) : [];
    if (options.run !== undefined && !known.includes(options.run))
      throw new DoctorError('HLD_RUN_NO_SUCH_RUN', { run: options.run, known });
    const chosen: readonly (string | undefined)[] = options.allRuns === true && known.length > 0 ? known : [options.run];
    const own = ownRulesOf(ownRules, store);
    const diagnoses: Diagnosis[] = [];
    for (const run of chosen) {
      const notes = options.note.map(mask);
      diagnoses.push(
        await diagnose(query, excerpts, {
          notes,
          own,
          detail: options.detail === true,
          ...(run !== undefined && { run }),
          ...(profile !== undefined && { lap: profile.lap }),
        }),
      );
      profile?.lap('write diagnosis');
    }
    return diagnoses;
  } finally {
    opened.close();
  }
}

/** How the evidence is to be read. */
export function addJudgeOptions(command: Command): Command {
  command
    .option('--relay-zone <zone>', "zone of the relay's local time: minutes, ±HH:MM or a name; found from the evidence if left out")
    .option('--templates <file>', TEMPLATES_HELP)
    .option(
      '--note <text>',
      "what you saw yourself, as evidence: 'stood still 15 min'; may be repeated",
      (value, before: string[]) => [...before, value],
      [],
    )
    .option(...RULES_OPTION);
  return addAlsoOption(command);
}
