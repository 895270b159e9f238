import assert from 'node:assert/strict';
import { Socket } from 'node:net';
import { Http2Stream } from '../../../../src/remoting/http2/http2Stream.ts';
import { Http2Sender } from '../../../../src/remoting/http2/http2Sender.ts';
import { StreamTable } from '../../../../src/remoting/http2/streamTable.ts';
import { UnreadBudget } from '../../../../src/remoting/http2/unreadBudget.ts';

describe('StreamTable', () => {
  const nothing = (): void => undefined;
  const sender = new Http2Sender(new Socket(), new UnreadBudget(1));
  const carrier = { sender, read: nothing, forget: nothing, fail: nothing };
  const stream = (id: number): Http2Stream => new Http2Stream(id, [], carrier, 1);

  it('finds what is in it, in any order of coming and going', () => {
    const table = new StreamTable();
    const expected = new Map<number, Http2Stream>();
    // One stays for ever, as telemetry does; of the others a hundred are open at once.
    const open = [stream(1)];
    for (let id = 3; id < 4000; id += 2) {
      open.push(stream(id));
      const [first] = open.length > 100 ? open.splice(1 + (id % 97), 1) : [];
      const added = open.at(-1) ?? assert.fail();
      table.add(added);
      expected.set(id, added);
      if (first !== undefined) {
        table.delete(first);
        expected.delete(first.id);
        assert.equal(first.next, undefined);
      }
      if (id === 3) {
        table.add(open[0] ?? assert.fail());
        expected.set(1, open[0] ?? assert.fail());
      }
      assert.equal(table.size, expected.size);
    }
    for (let id = 1; id < 4010; id += 1) assert.equal(table.get(id), expected.get(id), String(id));
    const ids = (streams: Iterable<Http2Stream>): number[] => [...streams].map(({ id }) => id).sort((a, b) => a - b);
    assert.deepEqual(ids(table.all()), ids(expected.values()));
  });

  it('takes no notice of the end of what is not in it', () => {
    const table = new StreamTable();
    table.add(stream(1));
    table.delete(stream(33));
    assert.equal(table.size, 1);
  });
});
