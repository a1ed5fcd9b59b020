import { missingChannel } from '../../src/rules/missing-channel.ts';
import { runDirectory } from '../helpers/story-files.ts';
import { testRule } from '../helpers/rule-tester.ts';
import { RUN } from '../helpers/story-lines.ts';
import { story, type Story } from '../helpers/story.ts';

const noMarker = (): Story =>
  story().marker('client2', 'client1', null).start().talk('client1', 'aggregator', 13).talk('aggregator', 'client1', 100).end(20);

testRule(missingChannel, {
  found: {
    'one party lacks its marker': {
      story: noMarker,
      subject: 'client2 > client1',
      message: /client2 has no marker for its channel to client1/,
      severity: 'error',
    },
    'two parties, shared directory': {
      story: () =>
        story({ parties: ['client1', 'client2'], layout: 'shared-dir' })
          .marker('client2', 'client1', null)
          .start()
          .end(20),
      subject: 'client2 > client1',
    },
  },
  clear: {
    'silent-channel': () => story().start().talk('client1', 'aggregator', 13).talk('aggregator', 'client1', 100).end(20),
    'no-party-folder': () => story().start().talk('client1', 'aggregator', 13).end(20).withoutFolder('client2'),
    'markers-elsewhere': () => {
      const s = noMarker();
      const peer = s.email('client1');
      return s.file(
        `${s.email('client2')}/datasites/${peer}/${runDirectory(peer, RUN).split(`/datasites/${peer}/`)[1] ?? ''}/_mpc/1_to_2/stream.tcp`,
        s.markerJson('client1', 'client2'),
      );
    },
  },
  notApplicable: () => {
    const s = story().start().talk('client1', 'aggregator', 13).end(20);
    for (const a of ['aggregator', 'client1', 'client2'])
      for (const b of ['aggregator', 'client1', 'client2']) if (a !== b) s.marker(a, b, null);
    return s;
  },
});
