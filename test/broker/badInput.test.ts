import assert from 'node:assert/strict';
import { RequestCode, ResponseCode } from '../../src/protocol/codes.ts';
import { request } from '../../src/protocol/command.ts';
import { encodeFrame } from '../../src/protocol/frame.ts';
import { RawClient } from './rawClient.ts';
import { TestBroker, sendRequest } from './testBroker.ts';

/** Whatever comes in, other clients are served on and nothing stored is lost. */
describe('broker: bad input', () => {
  let broker: TestBroker;
  let raw: RawClient;
  beforeEach(async () => {
    broker = await TestBroker.start();
    await broker.createTopic('T');
    await broker.send('T', 'before');
    raw = await RawClient.connect(broker.runtime.broker.address);
  });
  afterEach(async () => {
    raw.close();
    await broker.stop();
  });

  const stillServes = async (): Promise<void> => {
    assert.equal((await broker.send('T', 'after')).code, ResponseCode.SUCCESS);
    assert.deepEqual(
      (await broker.read('T')).map((message) => message.body.toString()),
      ['before', 'after'],
    );
  };

  const illegal: readonly [string, Buffer][] = [
    ['a frame of 2 GB announced', Buffer.from('7fffffff0000001000000000', 'hex')],
    ['a negative length', Buffer.from('ffffffff0000001000000000', 'hex')],
    ['a header longer than its frame', Buffer.from('0000001000ffffff000000000000000000000000', 'hex')],
    ['a header that is no JSON', Buffer.from('0000000c000000087b7b7b7b7b7b7b7b', 'hex')],
    ['an unknown serialisation', Buffer.from('0000000c090000087b7d7b7b7b7b7b7b', 'hex')],
    ['HTTP', Buffer.from('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n')],
    ['zeros', Buffer.alloc(64)],
  ];
  for (const [what, bytes] of illegal) {
    it(`closes a connection that sends ${what}, and serves the others`, async () => {
      raw.write(bytes);
      assert.equal(await raw.answer(), 'closed');
      await stillServes();
    });
  }

  it('serves the others while a frame does not come to its end', async () => {
    const frame = encodeFrame(request(1, sendRequest('T', 'cut')));
    raw.write(frame.subarray(0, frame.length - 1));
    await stillServes();
    raw.close();
    assert.equal((await broker.read('T')).length, 2);
  });

  const bodies: readonly [number, string][] = [
    [RequestCode.HEART_BEAT, '{"clientID":'],
    [RequestCode.HEART_BEAT, '[1,2]'],
    [RequestCode.LOCK_BATCH_MQ, 'not json'],
    [RequestCode.UPDATE_AND_CREATE_SUBSCRIPTIONGROUP, ''],
    [RequestCode.CHECK_CLIENT_CONFIG, '\u0000\u0001'],
  ];
  for (const [code, body] of bodies) {
    it(`answers code ${code} with the body ${JSON.stringify(body)} with 1 and a reason`, async () => {
      const answer = await broker.ask(code, {}, Buffer.from(body));
      assert.equal(answer.code, ResponseCode.SYSTEM_ERROR);
      assert.match(answer.remark ?? '', /json-illegal/);
      await stillServes();
    });
  }

  it('answers numbers that are none with 1 and the field', async () => {
    const answer = await broker.ask(RequestCode.GET_MAX_OFFSET, { topic: 'T', queueId: 'zero' });
    assert.equal(answer.code, ResponseCode.SYSTEM_ERROR);
    assert.match(answer.remark ?? '', /queueId/);
  });

  it('answers a registration that is no JSON with 1', async () => {
    const extFields = { brokerName: 'x', brokerAddr: 'x:1', clusterName: 'C', haServerAddr: 'x:2', brokerId: '0' };
    const answer = await broker.askNameServer(RequestCode.REGISTER_BROKER, extFields, Buffer.from('{{'));
    assert.equal(answer.code, ResponseCode.SYSTEM_ERROR);
    assert.equal((await broker.askNameServer(RequestCode.GET_ROUTEINFO_BY_TOPIC, { topic: 'T' })).code, 0);
  });
});
