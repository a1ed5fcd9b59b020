/**
 * docs/investigation.md: every claim of the investigators' notes, judged by runs of the lab and by samples.
 *
 *   npx tsx tools/investigation.ts run [--minutes N] [--parallel N] [RUN…]   makes the runs that are missing; those named again
 *   npx tsx tools/investigation.ts write                                    writes the page from bench/results/investigation.json
 *   npx tsx tools/investigation.ts check                                    says whether the page is that of the results
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { PAPER_RUNS, type PaperRun } from './papers/claim.ts';
import { investigationPage, madeWith, readResults, RESULTS, selectsOf, unanswered, type Results } from './papers/investigation-page.ts';
import { analyze, inRepository, inTurns, liveRun } from './papers/lab.ts';
import { answersOf, type Answers } from './papers/select.ts';

const PAGE = inRepository('docs/investigation.md');

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { minutes: { type: 'string', default: '11' }, parallel: { type: 'string', default: '3' } },
});
const [act = 'check', ...names] = positionals;

async function answer(run: PaperRun): Promise<Answers> {
  const selects = selectsOf(run.name);
  if (run.input !== undefined) return answersOf(await analyze(run.input), selects);
  return liveRun((run.flags ?? '').split(' '), (judged) => answersOf(judged, selects));
}

function keep(run: PaperRun, answers: Answers): void {
  const all: Results = { ...readResults(), [run.name]: { with: madeWith(run), answers } };
  const inOrder = Object.fromEntries(PAPER_RUNS.flatMap(({ name }) => (all[name] === undefined ? [] : [[name, all[name]]])));
  writeFileSync(RESULTS, `${JSON.stringify(inOrder, null, 1)}\n`);
}

if (act === 'run') {
  const wanted = names.length === 0 ? unanswered(readResults()) : PAPER_RUNS.filter(({ name }) => names.includes(name));
  const jobs = wanted.map((run) => ({ name: run.name, act: async () => keep(run, await answer(run)) }));
  const done = await inTurns(jobs, Number(values.parallel), Date.now() + Number(values.minutes) * 60_000);
  process.stderr.write(`${done} runs made, ${jobs.length - done} missing\n`);
} else if (act === 'write') {
  writeFileSync(PAGE, investigationPage(readResults()));
} else {
  const isSame = existsSync(PAGE) && readFileSync(PAGE, 'utf8') === investigationPage(readResults());
  const open = unanswered(readResults()).length;
  process.stderr.write(
    isSame ? 'docs/investigation.md is that of the results' : 'docs/investigation.md is stale: npx tsx tools/investigation.ts write',
  );
  process.stderr.write(open === 0 ? '\n' : `; ${open} runs are not made yet\n`);
  process.exitCode = isSame ? 0 : 1;
}
