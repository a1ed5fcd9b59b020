import { rejectedSession } from '../../src/rules/rejected-session.ts';
import { testRule } from '../helpers/rule-tester.ts';
import { aclText } from '../helpers/story-files.ts';
import { story, type Story } from '../helpers/story.ts';

/** Before E5 the larger email opens on the other's namespace and needs write there. */
const denied = (relay = true): Story =>
  story({ era: 'E4', relay })
    .start()
    .open('client2', 'client1', { heard: false })
    .denied()
    .lose(8)
    .reject('client2', 'unknown session')
    .lose(100)
    .reject('client2', 'unknown session')
    .end(20);

testRule(rejectedSession, {
  found: {
    'no write right, with the cascade counted': {
      story: () => denied(),
      subject: 'client2 > client1',
      severity: 'error',
      message: /no write access.*2 frames sent into it/,
      decisive: /permission denied/,
    },
    'seen by the opener alone': {
      story: () => denied(false),
      subject: 'client2 > client1',
      message: /no write access/,
      decisive: /permission denied/,
    },
    'the named target may not read': {
      story: () => {
        const s = story()
          .start()
          .open('client1', 'client2', { heard: false })
          .targetDenied()
          .lose(8)
          .reject('client1', 'unknown session')
          .end(20);
        const only = [s.email('client1')];
        return s.acl('client1', 'client2', aclText({ read: only, write: only, admin: only }, true));
      },
      subject: 'client1 > client2',
      message: /client2 has no read access/,
      decisive: /permission denied|not permitted/,
    },
  },
  clear: {
    'unknown-session-alone': () => story().start().talk('client1', 'aggregator', 8).lose(8).reject('client1', 'unknown session').end(20),
    'already-accepted': () =>
      story()
        .start()
        .open('client2', 'client1', { alsoTo: ['aggregator'] })
        .accept('client1')
        .accepting('aggregator')
        .reject('aggregator', 'already accepted')
        .data(8)
        .end(20),
    'file-sync': () => {
      const s = story().start().talk('client1', 'aggregator', 8);
      const path = `${s.email('client2')}/private/notes.txt`;
      s.relay('ERR', 'send/send.go:104', 'wsmsg handler permission denied', {
        'wsmsg.id': 'a1b2c3d4',
        'wsmsg.type': { bare: 'FILE_WRITE' },
        'wsmsg.connId': '39227ece',
        'wsmsg.from': s.email('client1'),
        'wsmsg.path': path,
        'wsmsg.size': 10,
        error: { bare: 'access denied: no write access' },
      });
      return s
        .relay('WRN', 'blob/blob_download.go:80', 'blob_download_rejected', {
          path,
          user: s.email('client1'),
          required_access: 'read',
          error: { bare: 'access denied: no read access' },
        })
        .end(20);
    },
  },
  insufficient: () => denied(false).withoutLogs(),
});
