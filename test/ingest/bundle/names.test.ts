import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Names } from '../../../src/ingest/bundle/names.ts';

function redacted(text: string, root = ''): string {
  const names = new Names(root);
  names.learn(text);
  names.settle();
  return names.redact(text);
}

describe('pseudonyms', () => {
  it('of emails are in the order of the emails, and each has its own', () => {
    const local = fc.oneof(
      fc.stringMatching(/^[a-z][a-z0-9.]{0,6}[a-z0-9]$/),
      fc.constantFrom('aggregator', 'client1', 'client2', 'client10'),
    );
    const email = fc.tuple(local, fc.constantFrom('a.org', 'b.com', 'sandbox.local')).map(([name, host]) => `${name}@${host}`);
    fc.assert(
      fc.property(fc.uniqueArray(email, { maxLength: 12 }), (emails) => {
        const sorted = emails.toSorted();
        const fakes = redacted(sorted.join(' ')).split(' ');
        expect(fakes).toEqual(fakes.toSorted());
        expect(new Set(fakes).size).toBe(fakes.length);
      }),
      { numRuns: 300 },
    );
  });

  it.each([
    ['client1@sandbox.local/x by client1', 'client1@host01.example/x by client1'],
    ['user=jane.doe%40acme.org&x=1', 'user=user01%40host01.example&x=1'],
    ['key=a%2Fjane%40acme.org%2Fb', 'key=a%2Fuser01%40host01.example%2Fb'],
    ['/home/jane/x of Jane', '/home/name01/x of name01'],
    ['error\\njane@acme.org', 'error\\nuser01@host01.example'],
    ['127.0.0.1:8080 0.0.0.0 172.29.0.2 localhost', '127.0.0.1:8080 0.0.0.0 172.29.0.2 localhost'],
    ['10.1.2.3 192.168.7.8 172.20.1.1 8.8.8.8 10.1.2.3', '10.255.0.1 192.168.0.2 172.31.0.3 198.18.0.4 10.255.0.1'],
    ['2026-02-09T03:14:15.926Z run 29510000-abcdefabcdef port 9003', '2026-02-09T03:14:15.926Z run 29510000-abcdefabcdef port 9003'],
    ['hotlink session new: session=0f1e2d3c seq=1', 'hotlink session new: session=0f1e2d3c seq=1'],
    ['fe80::1:2:3 and 2001:db8:0:1:1:1:1:1', '2001:db8::1 and 2001:db8::2'],
    ['relay@acme.org at the relay', 'user01@host01.example at the relay'],
  ])('in %j give %j', (text, out) => {
    expect(redacted(text)).toBe(out);
  });

  it('has the folder of the evidence as a folder', () => {
    expect(redacted('open /srv/secret-project/box/relay/x', '/srv/secret-project/box')).toBe('open /sandbox/relay/x');
  });
});
