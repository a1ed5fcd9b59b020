import { invalidMarker } from '../../src/rules/invalid-marker.ts';
import { testRule } from '../helpers/rule-tester.ts';
import { runDirectory } from '../helpers/story-files.ts';
import { OLD_RUN, RUN } from '../helpers/story-lines.ts';
import { story, type Story } from '../helpers/story.ts';

const broken = (text: string): Story => story().marker('client1', 'aggregator', text).start().talk('client1', 'client2', 13).end(20);

testRule(invalidMarker, {
  found: {
    empty: { story: () => broken(''), subject: 'client1 > aggregator', severity: 'error', message: /cannot be used: it is empty/ },
    'an address written over it': {
      story: () => broken('127.0.0.1:40123'),
      subject: 'client1 > aggregator',
      message: /cannot be used/,
      decisive: /127\.0\.0\.1:40123/,
    },
    'no port for this party': {
      story: () => broken('{"to":"aggregator@sandbox.local","port":9001}'),
      subject: 'client1 > aggregator',
      message: /cannot be used/,
    },
    'the two markers of a pair name different ports': {
      story: () => {
        const s = story().startClients().connect('aggregator').connect('client2').talk('client2', 'aggregator', 8);
        return s.marker('aggregator', 'client1', s.markerJson('aggregator', 'client1').replace('10001', '10901')).end(20);
      },
      subject: 'client1 > aggregator',
      message: /listens on port 10001 for aggregator, but the peer's marker says 10901/,
    },
  },
  clear: {
    'other-run': () => {
      const s = story().start().talk('client1', 'client2', 13).end(20);
      return s.file(`${runDirectory(s.email('client1'), OLD_RUN)}/_mpc/1_to_0/stream.tcp`, '');
    },
    'second-copy': () => {
      const s = story().start().talk('client1', 'aggregator', 13).end(20);
      const owner = s.email('aggregator');
      return s.file(
        `${s.email('client1')}/datasites/${owner}/${runDirectory(owner, RUN).split(`/datasites/${owner}/`)[1] ?? ''}/_mpc/0_to_1/stream.tcp`,
        '',
      );
    },
    'foreign-port': () => {
      const s = story().start().talk('client1', 'aggregator', 13).end(20);
      return s.marker('client1', 'aggregator', s.markerJson('client1', 'aggregator').replace('"port":9001', '"port":12345'));
    },
  },
});
