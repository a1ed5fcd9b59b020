import { describe, expect, it } from 'vitest';
import type { CaseFile, DirectionFact } from '../../../src/rules/facts/case-file.ts';
import { goReceived, runsGo } from '../../helpers/go-lines.ts';
import { caseOf, judgeStory } from '../../helpers/judge.ts';
import { story, type Story } from '../../helpers/story.ts';

const exactly = (n: number): { min: number; max: number } => ({ min: n, max: n });

function flow(c: CaseFile, from: string, to: string): DirectionFact | undefined {
  return c.direction(`${from}@sandbox.local`, `${to}@sandbox.local`);
}

const forward = async (s: Story): Promise<DirectionFact | undefined> => flow(await caseOf(s), 'client1', 'client2');

describe('the ledger of a direction', () => {
  it('is exact in all hops when everything arrived', async () => {
    expect(await forward(story().start().talk('client1', 'client2', 8, 500).end(20))).toMatchObject({
      sent: exactly(508),
      received: exactly(508),
      delivered: exactly(508),
      lost: exactly(0),
      relayedBytes: exactly(508),
      frames: { sent: exactly(2), relayed: exactly(2), received: exactly(2), delivered: exactly(2) },
    });
  });

  it('knows what the program wrote when debug lines say so', async () => {
    expect(await forward(story({ debug: true }).start().talk('client1', 'client2', 8, 500).end(20))).toMatchObject({
      offered: exactly(508),
    });
    expect(await forward(story().start().talk('client1', 'client2', 8, 500).end(20))).toMatchObject({ offered: null });
  });

  it('says that a direction was never used', async () => {
    const c = await caseOf(story().start().talk('client1', 'client2', 8).end(20));
    expect(flow(c, 'client2', 'aggregator')).toMatchObject({ sent: exactly(0), delivered: exactly(0), lost: exactly(0) });
  });

  it('counts what the relay wrote to nobody as lost', async () => {
    expect(await forward(story().start().talk('client1', 'client2', 8).lose(500).end(20))).toMatchObject({
      sent: exactly(508),
      delivered: exactly(8),
      lost: exactly(500),
    });
  });

  it('counts what is parked behind a hole as not delivered', async () => {
    expect(await forward(story().start().talk('client1', 'client2', 8).lose(100).arrive(500).end(20))).toMatchObject({
      sent: exactly(608),
      received: exactly(508),
      delivered: exactly(8),
      lost: exactly(600),
    });
  });

  it('counts a frame without a writer, and all behind it, as not delivered', async () => {
    expect(await forward(story().start().talk('client1', 'client2', 8).noWriter(100).arrive(500).end(20))).toMatchObject({
      sent: exactly(608),
      delivered: exactly(8),
      lost: exactly(600),
    });
  });

  it('adds frames that went peer to peer from the counters', async () => {
    expect(await forward(story().start().open('client1', 'client2').accept().offer().channelOpen().p2p(8, 500).end(20))).toMatchObject({
      sent: exactly(508),
      delivered: exactly(508),
      lost: exactly(0),
      hidden: true,
    });
  });

  it('gives bytes on an adopted session to the direction of their sender', async () => {
    const c = await caseOf(story({ era: 'E3' }).start().talk('client1', 'aggregator', 13).adopt(12_021).end(20));
    expect(flow(c, 'aggregator', 'client1')).toMatchObject({ sent: exactly(12_021), delivered: exactly(0), lost: exactly(12_021) });
    expect(flow(c, 'client1', 'aggregator')).toMatchObject({ sent: exactly(13), delivered: exactly(13) });
  });
});

describe('the ledger of two clients with one identity', () => {
  const begun = (): Story => story().start().open('client1', 'client2').accept().arrive(500);

  it('of which one in the same folder has no program: what it could not write may have been written by the other', async () => {
    const twins = story().start().twin('client2').bindFailed('client2', 'client1').bindFailed('client2', 'aggregator');
    expect(await forward(twins.open('client1', 'client2').accept().data(500).decodedByTwin(500).end(20))).toMatchObject({
      sent: exactly(500),
      delivered: exactly(500),
      lost: exactly(0),
    });
    expect(await forward(begun().decodedByTwin(500).end(20))).toMatchObject({ delivered: exactly(0), lost: exactly(500) });
  });

  it('counts a frame that both decoded as sent once', async () => {
    expect(await forward(begun().decodedByTwin(500).withoutTelemetry().end(20))).toMatchObject({
      frames: { received: exactly(2) },
      sent: { min: 500 },
    });
  });
});

describe('the ledger of frames that a third party got', () => {
  it('counts them where they were meant to go', async () => {
    const c = await caseOf(
      story()
        .start()
        .open('client2', 'client1', { alsoTo: ['aggregator'] })
        .accept('aggregator')
        .accepting('client1')
        .reject('client1', 'already accepted')
        .fanOut('aggregator', 8, 100)
        .end(20),
    );
    expect(flow(c, 'client2', 'aggregator')).toMatchObject({ sent: exactly(0), delivered: exactly(0) });
    expect(flow(c, 'client2', 'client1')).toMatchObject({ sent: { min: 108 } });
  });
});

describe('what was decoded is not yet written', () => {
  it('believes the counters when a write failed', async () => {
    const c = await caseOf(
      story()
        .start()
        .talk('client1', 'client2', 8)
        .arrive(500)
        .line('client2', 'hotlink tcp write failed: Broken pipe (os error 32)', 'ERROR')
        .end(20),
    );
    expect(flow(c, 'client1', 'client2')).toMatchObject({
      sent: exactly(508),
      received: exactly(508),
      delivered: exactly(8),
      lost: exactly(500),
    });
    expect(c.contradictions).toEqual([]);
  });

  it('believes them when a replaced session is parked (E3)', async () => {
    const c = await caseOf(
      story({ era: 'E3' }).start().talk('client1', 'client2', 8, 100).wait(2).open('client1', 'client2').accept().arrive(8, 100).end(20),
    );
    expect(flow(c, 'client1', 'client2')).toMatchObject({ sent: exactly(216), delivered: exactly(108), lost: exactly(108) });
    expect(c.contradictions).toEqual([]);
  });
});

describe('evidence that is not the whole', () => {
  it('does not call lost what may be under way', async () => {
    const s = (): Story => story().start().talk('client1', 'client2', 8, 500).lose(100).arrive(200, 300).end(2);
    expect((await forward(s()))?.lost.min).toBe(0);
    expect((await judgeStory(s())).unexplained).toEqual([]);
  });

  it('takes the counters of a restarted client for those of its last life only', async () => {
    const c = await caseOf(
      story()
        .start()
        .talk('client1', 'client2', 8, 500)
        .talk('client2', 'client1', 8)
        .wait(4)
        .kill('client1')
        .wait(2)
        .restart('client1')
        .end(20),
    );
    expect(c.contradictions).toEqual([]);
    expect(flow(c, 'client1', 'client2')).toMatchObject({ delivered: exactly(508) });
  });

  it('leaves open what reached a Go client, whose lines tell no bytes, when its peer sent all over the WebSocket', async () => {
    const told = story({ debug: true }).start().talk('client1', 'client2', 8, 500).end(20);
    const got = await forward(runsGo(told, 'client2', [goReceived(4, 'HOTLINK_DATA'), goReceived(4, 'HOTLINK_DATA')]));
    expect(got).toMatchObject({ sent: exactly(508), delivered: { min: 0, max: 508 } });
  });

  it('leaves open what a party without any evidence did', async () => {
    const c = await caseOf(
      story({ relay: false }).start().talk('client1', 'client2', 8).end(20).withoutLogs('client2').withoutTelemetry('client2'),
    );
    expect(flow(c, 'client1', 'client2')).toMatchObject({ sent: exactly(8), delivered: { min: 0, max: 8 } });
  });
});
