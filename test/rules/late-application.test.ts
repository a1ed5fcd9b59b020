import { lateApplication } from '../../src/rules/late-application.ts';
import { testRule } from '../helpers/rule-tester.ts';
import { story, type Story, type StoryOptions } from '../helpers/story.ts';

const late = (options: StoryOptions = {}): Story =>
  story(options)
    .startClients()
    .connect('client1')
    .connect('client2')
    .open('client2', 'aggregator')
    .accept()
    .noWriter(8)
    .connect('aggregator')
    .end(10);

testRule(lateApplication, {
  found: {
    'the first frame meets no writer': {
      story: () => late(),
      subject: 'client2 > aggregator',
      severity: 'error',
      message: /before its program had connected; frame 1 was dropped/,
      decisive: /write skipped/,
    },
    'with debug lines': { story: () => late({ debug: true }), subject: 'client2 > aggregator', decisive: /write skipped/ },
    'collected before the loop is free': {
      story: () =>
        story()
          .startClients()
          .connect('client1')
          .connect('client2')
          .open('client2', 'aggregator')
          .accept()
          .noWriter(8, false)
          .connect('aggregator')
          .end(15),
      subject: 'client2 > aggregator',
    },
    'other names': {
      story: () =>
        story({ parties: ['dealer@hub.example', 'bank@b.example', 'lab@l.example'] })
          .startClients()
          .connect('bank@b.example')
          .connect('lab@l.example')
          .open('lab@l.example', 'dealer@hub.example')
          .accept()
          .noWriter(8)
          .connect('dealer@hub.example')
          .end(10),
      subject: 'lab > dealer',
    },
  },
  clear: {
    'within-five-seconds': () => {
      const s = story({ debug: true }).startClients().connect('client1').connect('client2').open('client2', 'aggregator').accept();
      const path = s.outbound('client2', 'aggregator');
      return s
        .line('aggregator', `hotlink tcp writer not ready, waiting for path=${path}`)
        .wait(3)
        .connect('aggregator')
        .line('aggregator', `hotlink tcp writer ready after wait path=${path}`)
        .data(8, 100)
        .end(20);
    },
    'a frame that a second client in the same folder could not write': () =>
      story()
        .startClients()
        .connect('client1')
        .connect('client2')
        .twin('aggregator')
        .bindFailed('aggregator', 'client1')
        .bindFailed('aggregator', 'client2')
        .open('client2', 'aggregator')
        .accept()
        .noWriter(8)
        .connect('aggregator')
        .end(10),
    'wrong-key': () => story({ era: 'E5a', debug: true }).start().open('client1', 'aggregator').accept().noWriter(8).end(10),
    probe: () =>
      story({ debug: true })
        .startClients()
        .connect('aggregator')
        .leave('aggregator')
        .wait(1)
        .connect('aggregator')
        .connect('client1')
        .talk('client1', 'aggregator', 8, 100)
        .end(20),
    'later-channel': { story: () => late().open('client1', 'aggregator').accept().data(8, 100).end(20), notAt: 'client1 > aggregator' },
  },
  insufficient: () => late().withoutLogs(),
});
