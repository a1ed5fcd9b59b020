/**
 * docs/upstream.md: failure mechanisms of hotlink, from runs of the lab.
 *
 *   npx tsx tools/upstream.ts run [--minutes N] [--parallel N] [MECHANISM…]   makes the runs that are missing, at most so long
 *   npx tsx tools/upstream.ts write                                          writes the page from bench/results/upstream.ndjson
 *   npx tsx tools/upstream.ts check                                          says whether the page is that of the results
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { inRepository, inTurns } from './papers/lab.ts';
import { MECHANISMS } from './papers/mechanisms.ts';
import { isSettled, keep, make, missing, plansOf, tidy } from './papers/store.ts';
import { upstreamPage } from './papers/upstream-page.ts';

const PAGE = inRepository('docs/upstream.md');
const plans = MECHANISMS.flatMap(plansOf);

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { minutes: { type: 'string', default: '11' }, parallel: { type: 'string', default: '4' } },
});
const [act = 'check', ...names] = positionals;

if (act === 'run') {
  const wanted = MECHANISMS.filter(({ id }) => names.length === 0 || names.includes(id));
  const jobs = wanted
    .flatMap((m) => missing(plansOf(m)).map((plan) => ({ m, plan })))
    // The first of everything, then the second: when there is no time for all, every proof has as many runs.
    .toSorted((a, b) => a.plan.number - b.plan.number)
    .map(({ m, plan }) => ({
      name: `${m.id} ${plan.side} ${plan.what} ${plan.number}`,
      act: async () => (isSettled(m, plan) ? undefined : keep(await make(m, plan))),
    }));
  const done = await inTurns(jobs, Number(values.parallel), Date.now() + Number(values.minutes) * 60_000);
  process.stderr.write(`${done} runs made, ${jobs.length - done} missing\n`);
} else if (act === 'write') {
  tidy(plans);
  writeFileSync(PAGE, upstreamPage(MECHANISMS));
} else {
  const isSame = existsSync(PAGE) && readFileSync(PAGE, 'utf8') === upstreamPage(MECHANISMS);
  const open = MECHANISMS.flatMap((m) => missing(plansOf(m)).filter((plan) => !isSettled(m, plan))).length;
  process.stderr.write(isSame ? 'docs/upstream.md is that of the results' : 'docs/upstream.md is stale: npx tsx tools/upstream.ts write');
  process.stderr.write(open === 0 ? '\n' : `; ${open} of ${plans.length} runs are not made yet\n`);
  process.exitCode = isSame ? 0 : 1;
}
