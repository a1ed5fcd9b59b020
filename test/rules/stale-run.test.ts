import { staleRun } from '../../src/rules/stale-run.ts';
import { testRule } from '../helpers/rule-tester.ts';
import { OLD_RUN } from '../helpers/story-lines.ts';
import { runDirectory } from '../helpers/story-files.ts';
import { story, type Story } from '../helpers/story.ts';

const NAMES = ['aggregator', 'client1', 'client2'] as const;

/** The older run's proxies have the ports; the new programs' bytes travel under its paths. */
function stale(): Story {
  const s = story().startRelay();
  // The older run's files are there when the clients come up, so they are uploaded again.
  for (const name of NAMES)
    s.staleMarkers(name).line(
      name,
      `priority send attempting path=${s.path(name, 'x', OLD_RUN).split('/x/')[0] ?? ''}/syft.pub.yaml size=205 is_acl=true`,
    );
  s.startClients();
  for (const name of NAMES) for (const peer of NAMES) if (name !== peer) s.bindFailed(name, peer);
  for (const name of NAMES) s.connect(name);
  return s
    .open('client1', 'aggregator', { path: s.path('client1', '1_to_0', OLD_RUN) })
    .accept()
    .data(13)
    .end(20);
}

testRule(staleRun, {
  found: {
    "sessions under the older run's paths": {
      story: stale,
      subject: 'run',
      severity: 'warning',
      message: /markers of the older run 29510040-0c1d2e3f4a5b are still there: 1 session of this run/,
      decisive: /29510040-|bind failed/,
    },
    'only the speaker has the old markers: its frames find no writer': {
      story: () => {
        const s = story({ parties: ['client1', 'client2'] })
          .staleMarkers('client1')
          .startClients()
          .bindFailed('client1', 'client2');
        return s
          .connect('client1')
          .connect('client2')
          .open('client1', 'client2', { path: s.path('client1', '0_to_1', OLD_RUN) })
          .accept()
          .noWriter(8, false)
          .end(15);
      },
      subject: 'run',
      severity: 'error',
      message: /1 session of this run went under its paths/,
      decisive: /29510040-|bind failed/,
    },
  },
  clear: {
    'own-ports': () => {
      const s = story().start().talk('client1', 'aggregator', 13).end(20);
      return s.file(
        `${runDirectory(s.email('client1'), OLD_RUN)}/_mpc/1_to_0/stream.tcp`,
        s.markerJson('client1', 'aggregator').replaceAll('10001', '15001'),
      );
    },
    'earlier-traffic': () => {
      const s = story().startRelay();
      s.line('client1', 'daemon start version=0.1.0 config=/home/a/config.json log=/home/a/syftbox.log').line(
        'client1',
        'hotlink enabled: webrtc p2p + ws fallback + tcp proxy',
      );
      s.line('client1', `hotlink session new: session=aaaaaaaa path=${s.path('client1', '1_to_0', OLD_RUN)}`);
      return s.wait(60).start().talk('client1', 'aggregator', 8).end(20);
    },
    'own-paths': () => story().start().talk('client1', 'aggregator', 13).end(20),
  },
  insufficient: () => {
    const s = story().start().talk('client1', 'aggregator', 13).end(20);
    for (const a of NAMES) for (const b of NAMES) if (a !== b) s.marker(a, b, null);
    return s;
  },
});
