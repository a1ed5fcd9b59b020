import { unreadableChannel } from '../../src/rules/unreadable-channel.ts';
import { testRule } from '../helpers/rule-tester.ts';
import { aclText, runDirectory } from '../helpers/story-files.ts';
import { RUN } from '../helpers/story-lines.ts';
import { story, type Story, type StoryOptions } from '../helpers/story.ts';

const onlyOwner = (email: string): string => aclText({ read: [email], write: [email], admin: [email] }, true);

/** client2's open names no target, so nobody is told that nobody may read it. */
const excluded = (options: StoryOptions = {}): Story => {
  const s = story(options).start().open('client2', 'client1', { heard: false }).timeout().lose(8, 500).end(20);
  return s.acl('client2', 'client1', onlyOwner(s.email('client2')));
};

const unanswered = (): Story => story().start().open('client2', 'client1', { heard: false }).timeout().lose(8).end(20);

testRule(unreadableChannel, {
  found: {
    'the peer is not among the readers': {
      story: () => excluded(),
      subject: 'client2 > client1',
      severity: 'error',
      message: /client1 may not read client2's channel 2_to_1/,
      decisive: /accept timeout|"sessions_out"/,
    },
    'by the ACL file of the opener': {
      story: () => excluded(),
      subject: 'client2 > client1',
      decisive: /^(?:terminal|rules):|^- pattern| {2}/,
    },
    'an earlier version': { story: () => excluded({ era: 'E5b' }), subject: 'client2 > client1' },
    'without a relay log': { story: () => excluded({ relay: false }), subject: 'client2 > client1' },
  },
  clear: {
    'missing-acl': () => unanswered().acl('client2', 'client1', null),
    'denied-open': () => {
      const s = story()
        .start()
        .open('client1', 'client2', { heard: false })
        .targetDenied()
        .lose(8)
        .reject('client1', 'unknown session')
        .end(20);
      return s.acl('client1', 'client2', onlyOwner(s.email('client1')));
    },
    'receiver-copy': () => {
      const s = unanswered();
      const owner = s.email('client2');
      const copy = `${s.email('client1')}/datasites/${owner}/${runDirectory(owner, RUN).split(`/datasites/${owner}/`)[1] ?? ''}/_mpc/2_to_1/syft.pub.yaml`;
      return s.file(copy, onlyOwner(owner));
    },
  },
  insufficient: () => excluded({ relay: false }).withoutLogs().withoutTelemetry(),
});
