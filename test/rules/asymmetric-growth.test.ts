import { asymmetricGrowth } from '../../src/rules/asymmetric-growth.ts';
import { testRule } from '../helpers/rule-tester.ts';
import { telemetryPath, type Files } from '../helpers/story-files.ts';
import { story } from '../helpers/story.ts';

/** Totals as published, one file a party and nothing else (field guide 9.1). */
function published(totals: Readonly<Record<string, readonly [tx: number, rx: number, txPackets: number, rxPackets: number]>>): Files {
  return new Map(
    Object.entries(totals).map(([name, [tx, rx, txPackets, rxPackets]]) => [
      telemetryPath(`${name}@sandbox.local`),
      JSON.stringify({ mode: 'hotlink_p2p', rx_bytes: rx, rx_packets: rxPackets, tx_bytes: tx, tx_packets: txPackets }),
    ]),
  );
}

const RUN_29509799 = {
  aggregator: [0, 1_572_924, 0, 110],
  client1: [3_145_848, 1_572_924, 221, 112],
  client2: [1_572_924, 1_572_916, 112, 110],
} as const;

testRule(asymmetricGrowth, {
  found: {
    'frames that the relay wrote to nobody': {
      story: () => story().start().talk('client1', 'client2', 8, 1000).lose(500).end(20),
      subject: 'client1 > client2',
      message: /sent 500 bytes in 1 frame more than arrived at client2/,
      severity: 'error',
      decisive: /"tx_bytes"/,
    },
    'three published totals': {
      story: () => published(RUN_29509799),
      subject: 'client1 > client2',
      message: /8 bytes in 1 frame more than arrived; client2 is the likelier receiver \(assumed/,
      severity: 'warning',
    },
    'the same with the word that it stood still': {
      story: () => published(RUN_29509799),
      options: { notes: ['stood still 15 min'] },
      subject: 'client1 > client2',
      severity: 'error',
    },
  },
  clear: {
    'quiet-dealer': () => story().start().talk('client1', 'client2', 5000).talk('client2', 'client1', 5000).end(20),
    'other-party-grows': () => story().start().talk('client2', 'client1', 9000, 9000, 9000).end(20),
    'flush-skew': () => story().start().talk('client2', 'client1', 8, 1000).at(12.53).data(64).end(0.1),
    'balanced totals': () => published({ aggregator: [0, 100, 0, 1], client1: [200, 50, 2, 1], client2: [50, 100, 1, 1] }),
  },
  insufficient: () => story().start().talk('client1', 'client2', 8).lose(500).end(20).withoutTelemetry(),
});
