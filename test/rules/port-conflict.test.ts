import { portConflict } from '../../src/rules/port-conflict.ts';
import { testRule } from '../helpers/rule-tester.ts';
import { RUN } from '../helpers/story-lines.ts';
import { story, type Story } from '../helpers/story.ts';

const taken = (): Story =>
  story()
    .startClients()
    .bindFailed('client1', 'client2')
    .connect('aggregator')
    .connect('client2')
    .connect('client1', 'aggregator')
    .talk('client1', 'aggregator', 13)
    .end(20);

const audit = (code: string): string =>
  `[2026-02-09T03:00:01+00:00][ERROR] PORT CONFLICT [E_PORT_CONFLICT_${code}]: CP1<->CP2 port 10003 is in use\n`;

testRule(portConflict, {
  found: {
    "the desktop's audit before the start": {
      story: () => story().startClients().end(20).file('client1@sandbox.local/logs/desktop.log', audit('LOCAL_BUSY')),
      subject: 'client1',
      severity: 'error',
      message: /Desktop refused to start client1: something else has its port 10003/,
      decisive: /PORT CONFLICT/,
    },
    'port bases that do not agree': {
      story: () => story().startClients().end(20).file('client1@sandbox.local/logs/desktop.log', audit('PARTICIPANT_BASE')),
      subject: 'client1',
      message: /the port plan of the parties does not agree/,
      decisive: /PORT CONFLICT/,
    },
    'a port that something else has': {
      story: taken,
      subject: 'client1 > client2',
      severity: 'error',
      message: /could not bind port 10003/,
      decisive: /bind failed/,
    },
    'given up after thirty seconds (E1b)': {
      story: () =>
        story({ era: 'E1b' })
          .startClients()
          .wait(30)
          .line('client1', 'hotlink tcp proxy: bind timeout 127.0.0.1:10003 after 30s: Address already in use (os error 98)', 'ERROR')
          .end(20),
      subject: 'client1 > client2',
      decisive: /bind timeout/,
    },
  },
  clear: {
    probed: () =>
      story()
        .start()
        .end(20)
        .file(
          `client1@sandbox.local/datasites/.syqure-cache/${RUN}/party-1/syqure-native.log`,
          '[2026-02-09T03:00:01+00:00][runner] tcp_preflight CP1<->CP2 port=10003 status=CONNECT_FAIL err=Connection refused (os error 111)\n',
        ),
    'an audit, and bytes that moved all the same': () =>
      story().start().talk('client1', 'aggregator', 13).end(20).file('client1@sandbox.local/logs/desktop.log', audit('LOCAL_BUSY')),
    reconnect: () => story().start().talk('client1', 'aggregator', 13).cut('client1').end(20),
    'bound-later': () =>
      story({ era: 'E1b' })
        .startClients()
        .line('client1', 'hotlink tcp proxy: bind retry 127.0.0.1:10003: Address already in use (os error 98)')
        .wait(2)
        .connect('client1')
        .connect('client2')
        .talk('client1', 'client2', 13)
        .end(20),
    twin: () =>
      story()
        .startClients()
        .twin('client1')
        .bindFailed('client1', 'aggregator')
        .bindFailed('client1', 'client2')
        .connect('aggregator')
        .connect('client2')
        .end(20),
    'older-marker': () => taken().staleMarkers('client1'),
  },
  insufficient: () => taken().withoutLogs(),
});
