/** What the evidence lacks that would settle the question, and how to get it. */
import type { Diagnosis } from '../../model/diagnosis.ts';
import type { CaseFile } from '../facts/case-file.ts';
import { whyNoFile } from '../facts/counters.ts';
import { programLoads } from '../facts/programs.ts';

export function missingEvidence(c: CaseFile): Diagnosis['missingEvidence'] {
  const out: Diagnosis['missingEvidence'] = [];
  if (c.events.unlisted > 0)
    out.push({
      what: `${c.events.unlisted} lines of very frequent messages`,
      why: 'of these kinds only the first and the last lines of each file were read one by one',
      how: 'give the logs of one run only, or cut away what lies before it',
    });
  if (c.relay === null)
    out.push({
      what: 'relay log',
      why: 'it alone shows what the relay took and whom it wrote it to',
      how: 'add relay/server/logs/server.log of the same run',
    });
  for (const source of c.sources) {
    if (source.parties.length > 0 && source.mirrorOf === null)
      out.push({
        what: `whose lines those in ${source.path} are`,
        why: `clients of ${source.parties.length} parties wrote into it (${source.parties.join(', ')}), and most lines do not name theirs`,
        how: 'add the .syftbox/logs/syftbox.log of each of them',
      });
  }
  for (const p of c.parties) {
    if (p.log === null)
      out.push({
        what: `client log of ${p.role}`,
        why:
          p.wire === null
            ? 'without it its receiving side and its sessions are unknown'
            : 'its capture shows what reached the client, not what the client wrote to its program or sent peer to peer',
        how: `add ${p.email}/.syftbox/logs/syftbox.log or ${p.email}/client-daemon.log`,
      });
    if (p.telemetry?.cites !== null && p.hotlinkOn && p.era.value !== 'Go')
      out.push({
        what: `telemetry of ${p.role}`,
        why: whyNoFile(p.telemetry),
        how: `add ${p.email}/datasites/${p.email}/.syftbox/hotlink_telemetry.json`,
      });
  }
  if (c.parties.some((p) => p.log !== null) && !c.parties.some((p) => p.debug)) {
    out.push({
      what: 'debug lines',
      why: 'only they show what the programs wrote, connections to the proxies and frames sent',
      how: 'set SYFTBOX_HOTLINK_DEBUG=1 for clients and relay next time',
    });
  }
  if (c.finished === 'unknown')
    out.push({
      what: 'word that the run was done or not',
      why: 'a run that finished and one that waits look alike from below',
      how: "keep _progress/ and the program's phase file, or look whether the programs have exited",
    });
  if (c.finished !== true && c.stillness.standing && programLoads(c).length === 0)
    out.push({
      what: 'CPU of the programs',
      why: 'it alone tells a long computation from a hang',
      how: 'docker stats --no-stream, or ps -o pid,pcpu,time of each program',
    });
  return out;
}
