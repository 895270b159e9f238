import assert from 'node:assert/strict';
import { deflateSync } from 'node:zlib';

import { isCodedError } from '../../../src/base/errors.ts';
import type { ClusterContext } from '../../../src/client/clusterContext.ts';
import { findOffset, pull, readMaxOffset, readMinOffset } from '../../../src/client/pull.ts';
import type { QueueAt } from '../../../src/client/pull.ts';
import { RequestCode } from '../../../src/protocol/codes.ts';
import { SysFlag } from '../../../src/protocol/sysFlag.ts';
import type { Reply } from '../../../src/remoting/peer.ts';
import { contextOf, pullReply, record, startScripted } from '../../support/scriptedCluster.ts';
import type { ScriptedServer } from '../../support/scriptedCluster.ts';

describe('pull', () => {
  let broker: ScriptedServer;
  let context: ClusterContext;
  let queue: QueueAt;

  beforeEach(async () => {
    broker = await startScripted();
    context = contextOf(broker.address);
    queue = { topic: 'T', brokerName: 'broker-a', queueId: 2, address: broker.address };
  });

  afterEach(async () => {
    context.pool.dispose();
    await broker.close();
  });

  function pullAnswered(reply: Reply, offset = 5) {
    broker.answers.set(RequestCode.PULL_MESSAGE, () => reply);
    return pull(context.pool, queue, offset);
  }

  it('asks to wait, brings its subscription and commits nothing', async () => {
    await pullAnswered(pullReply(19, { next: 5 }));
    assert.deepEqual(broker.requests[0]?.extFields, {
      consumerGroup: 'TOOLS_CONSUMER',
      topic: 'T',
      queueId: '2',
      queueOffset: '5',
      maxMsgNums: '32',
      sysFlag: '6',
      commitOffset: '0',
      suspendTimeoutMillis: '15000',
      subscription: '*',
      subVersion: '0',
      expressionType: 'TAG',
    });
  });

  it('does not wait when told so', async () => {
    broker.answers.set(RequestCode.PULL_MESSAGE, () => pullReply(19, { next: 5 }));
    await pull(context.pool, queue, 5, { waits: false });
    const { sysFlag, suspendTimeoutMillis } = broker.requests[0]?.extFields ?? {};
    assert.deepEqual([sysFlag, suspendTimeoutMillis], ['4', '0']);
  });

  it('reads what was found', async () => {
    const properties = [
      ['KEYS', 'k1'],
      ['UNIQ_KEY', 'ABC'],
    ] as const;
    const body = Buffer.from('größe');
    const pulled = await pullAnswered(
      pullReply(0, { next: 7 }, [record('T', 2, 5, { body, properties }), record('T', 2, 6)]),
    );
    assert.equal(pulled.nextOffset, 7);
    assert.deepEqual(pulled.messages[0], {
      topic: 'T',
      brokerName: 'broker-a',
      queueId: 2,
      offset: 5,
      storedAtMs: 1_700_000_000_001,
      bornAtMs: 1_700_000_000_000,
      bornHost: '10.0.0.1:50000',
      storeHost: '127.0.0.1:10911',
      reconsumeTimes: 0,
      messageId: 'ABC',
      offsetMessageId: '7F00000100002A9F00000000000003ED',
      properties: new Map(properties),
      body,
      bodyProblem: undefined,
      sizeBytes: 7,
    });
    assert.equal(pulled.messages[1]?.messageId, pulled.messages[1]?.offsetMessageId);
    // Small bodies do not hold on to the answer that they came in.
    assert.ok(pulled.messages[0].body.buffer.byteLength <= 8192);
  });

  it('inflates a compressed body, and hands a damaged one over with its problem', async () => {
    const body = deflateSync(Buffer.from('x'.repeat(5000)));
    const sysFlag = SysFlag.COMPRESSED;
    const { messages } = await pullAnswered(
      pullReply(0, { next: 7 }, [
        record('T', 2, 5, { body, sysFlag }),
        record('T', 2, 6, { body: body.subarray(0, 9), sysFlag }),
      ]),
    );
    assert.equal(messages[0]?.body.toString(), 'x'.repeat(5000));
    assert.equal(messages[0].sizeBytes, 5000);
    assert.equal(messages[1]?.bodyProblem?.code, 'message-illegal');
    assert.equal(messages[1].body.length, 9);
  });

  it('drops records before the offset', async () => {
    const { messages } = await pullAnswered(pullReply(0, { next: 6 }, [record('T', 2, 4), record('T', 2, 5)]));
    assert.deepEqual(
      messages.map(({ offset }) => offset),
      [5],
    );
  });

  const empty: readonly [string, number, { next: number; min: number; max: number }, number][] = [
    ['nothing new', 19, { next: 5, min: 0, max: 5 }, 5],
    ['nothing matched', 20, { next: 9, min: 0, max: 9 }, 9],
    ['the offset is gone', 21, { next: 8, min: 8, max: 20 }, 8],
    ['the queue began anew', 21, { next: 3, min: 1, max: 3 }, 1],
  ];
  for (const [name, code, offsets, next] of empty) {
    it(`goes on at ${next} when ${name}`, async () => {
      assert.deepEqual(await pullAnswered(pullReply(code, offsets)), { messages: [], nextOffset: next });
    });
  }

  it('fails for anything else', async () => {
    await assert.rejects(
      pullAnswered({ code: 16, remark: 'no' }),
      (error) => isCodedError(error, 'response-error') && error.details['responseCode'] === 16,
    );
    await assert.rejects(pullAnswered({ code: 17 }), (error) => isCodedError(error, 'topic-not-found'));
    await assert.rejects(pullAnswered({ code: 0 }), (error) => isCodedError(error, 'header-illegal'));
    await assert.rejects(pullAnswered(pullReply(0, { next: 6 }, [record('T', 2, 5).subarray(0, 60)])), (error) =>
      isCodedError(error, 'message-illegal'),
    );
  });

  it('is cancelled', async () => {
    broker.answers.set(RequestCode.PULL_MESSAGE, () => undefined);
    const abort = new AbortController();
    const held = pull(context.pool, queue, 5, { signal: abort.signal });
    abort.abort();
    await assert.rejects(held, (error) => isCodedError(error, 'cancelled'));
  });

  it('reads positions of a queue, and takes -1 for an empty one', async () => {
    const offsets = { [RequestCode.GET_MAX_OFFSET]: '9', [RequestCode.GET_MIN_OFFSET]: '-1' };
    for (const [code, offset] of Object.entries(offsets)) {
      broker.answers.set(Number(code), () => ({ code: 0, extFields: { offset } }));
    }
    broker.answers.set(RequestCode.SEARCH_OFFSET_BY_TIMESTAMP, ({ command }) => ({
      code: 0,
      extFields: { offset: command.extFields['timestamp'] ?? '' },
    }));
    const options = { timeoutMs: 20_000 };
    assert.equal(await readMaxOffset(context.pool, queue, options), 9);
    assert.equal(await readMinOffset(context.pool, queue, options), 0);
    assert.equal(await findOffset(context.pool, queue, 1234, options), 1234);
    assert.deepEqual(broker.requests[0]?.extFields, { topic: 'T', queueId: '2' });
  });
});
