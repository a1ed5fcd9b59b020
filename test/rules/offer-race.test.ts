import { offerRace } from '../../src/rules/offer-race.ts';
import { testRule } from '../helpers/rule-tester.ts';
import { story, type Story } from '../helpers/story.ts';

const raced = (): Story => story().start().open('client1', 'aggregator').accept().offer(true).data(13).end(20);

testRule(offerRace, {
  found: {
    'the offer is dropped': {
      story: raced,
      subject: 'client1 > aggregator',
      severity: 'warning',
      message: /dropped the offer of 1 session.*client1 → aggregator/,
      decisive: /not participant/,
    },
    'without the relay log, from what both ends saw': {
      story: () => story({ relay: false }).start().open('client1', 'aggregator').accept().offer(true).data(13).end(20),
      subject: 'client1 > aggregator',
      severity: 'warning',
      message: /the offer of 1 session never arrived although signals after it did \(client1 → aggregator\)/,
      decisive: /ice_candidate/,
    },
    'of several sessions': {
      story: () => raced().open('client2', 'aggregator').accept().offer(true).data(8).end(20),
      subject: 'run',
      message: /2 sessions/,
      decisive: /not participant/,
    },
  },
  clear: {
    'the offer arrived and led to nothing': () =>
      story({ relay: false }).start().open('client1', 'aggregator').accept().offer().candidate().data(13).end(20),
    'no candidate arrived either': () =>
      story({ relay: false })
        .start()
        .open('client1', 'aggregator')
        .accept()
        .offer(true)
        .data(13)
        .end(20)
        .without(/ice_candidate/),
    'turned-away': () => {
      const s = story()
        .start()
        .open('client2', 'client1', { alsoTo: ['aggregator'] })
        .accept('client1')
        .accepting('aggregator')
        .reject('aggregator', 'already accepted');
      return s
        .relay('WRN', 'server/server.go:623', 'hotlink signal rejected (not participant)', {
          session: s.idOf('client2', 'client1'),
          from: s.email('aggregator'),
        })
        .data(8)
        .end(20);
    },
    'no-offer': () => story().start().open('client1', 'aggregator').accept().turnMissing().data(13).end(20),
    'several-lines': {
      story: () => {
        const s = raced();
        for (let i = 0; i < 2; i++)
          s.relay('WRN', 'server/server.go:623', 'hotlink signal rejected (not participant)', {
            session: s.idOf('client1', 'aggregator'),
            from: s.email('aggregator'),
          });
        return s;
      },
      says: /offer of 1 session/,
    },
  },
  insufficient: () => story({ relay: false }).start().talk('client1', 'aggregator', 13).end(20).withoutLogs(),
});
