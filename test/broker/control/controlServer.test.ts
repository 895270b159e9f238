import assert from 'node:assert/strict';
import { request as httpRequest } from 'node:http';
import fc from 'fast-check';
import { FAULT_KINDS } from '../../../src/broker/control/faults/fault.ts';
import { matchesGlob } from '../../../src/broker/control/faults/glob.ts';
import { TestBroker } from '../testBroker.ts';
import type { Answered } from '../testBroker.ts';

describe('control interface', () => {
  let broker: TestBroker;
  before(async () => {
    broker = await TestBroker.start({ controlled: true });
  });
  after(() => broker.stop());
  afterEach(() => broker.control('DELETE', '/faults'));

  const messageOf = ({ json }: Answered): string => (json['error'] as { message: string }).message;

  it('serves who knows the token, and nobody else', async () => {
    assert.deepEqual(await broker.control('GET', '/faults'), { status: 200, json: { faults: [] } });
    for (const authorization of ['', 'Bearer', 'Bearer x', `Bearer ${'A'.repeat(43)}`, 'Basic eDp5']) {
      const answer = await broker.control('GET', '/faults', undefined, { authorization });
      assert.equal(answer.status, 401, authorization);
      assert.match(messageOf(answer), /ready line/);
    }
  });

  it('serves no page of a browser, whatever it knows', async () => {
    for (const headers of [
      { origin: 'http://evil.example' },
      { origin: 'null' },
      { 'sec-fetch-site': 'same-origin' },
      { host: 'evil.example' },
      { host: 'localhost:1' },
    ]) {
      const status = await rawStatus(broker, 'GET', '/faults', headers);
      assert.equal(status, 403, JSON.stringify(headers));
    }
    assert.equal(await rawStatus(broker, 'OPTIONS', '/faults', { origin: 'http://evil.example' }), 403);
    assert.equal(await rawStatus(broker, 'GET', '/faults', {}), 200);
  });

  it('says what there is where something is asked that is not', async () => {
    const missing = await broker.control('GET', '/nothing');
    assert.equal(missing.status, 404);
    assert.match(messageOf(missing), /there is no \/nothing; allowed: GET \/faults, POST \/faults/);
    const wrong = await broker.control('PUT', '/faults');
    assert.equal(wrong.status, 405);
    assert.match(messageOf(wrong), /PUT is not for \/faults; allowed: GET, POST, DELETE/);
    assert.equal((await broker.control('DELETE', '/faults/99')).status, 404);
    assert.equal((await broker.control('DELETE', '/faults/x')).status, 400);
    assert.equal((await broker.control('GET', '//')).status, 404);
    assert.equal((await broker.control('DELETE', '/faults/%E0%A4%A')).status, 404);
  });

  it('says what is wrong with a fault and what is allowed', async () => {
    for (const [fault, expected] of [
      [[], undefined],
      ['{"kind":', /the body is no JSON/],
      ['', /the body is no JSON/],
      [7, /a fault is to be an object, not 7/],
      [{}, /a fault needs "kind"; allowed: delay, refuse/],
      [{ kind: 'explode' }, /kind cannot be "explode"; allowed: delay, refuse/],
      [{ kind: 'refuse' }, /a fault needs "code"; allowed: SUCCESS, SYSTEM_ERROR/],
      [{ kind: 'refuse', code: 'BUSY' }, /code cannot be "BUSY".*allowed: .*SYSTEM_BUSY/],
      [
        { kind: 'refuse', code: 2, request: 'SENT' },
        /request cannot be "SENT".*allowed: SEND, PULL, POP, ACK, SEND_MESSAGE/,
      ],
      [{ kind: 'refuse', code: 2, request: [{}] }, /request is a name or a number/],
      [{ kind: 'refuse', code: 2, topc: 'T' }, /a fault has no "topc"; allowed: .*topic/],
      [{ kind: 'delay' }, /a fault needs "ms"/],
      [{ kind: 'delay', ms: 1e9 }, /ms is to be a number from 1 to 600000/],
      [{ kind: 'delay', ms: 1.5 }, /ms is to be a whole number/],
      [{ kind: 'delay', ms: '5' }, /ms is to be a number/],
      [{ kind: 'dropAnswer', ms: 5 }, /a fault has no "ms"/],
      [{ kind: 'dropAnswer', probability: 2 }, /probability is to be a number from 0 to 1/],
      [{ kind: 'dropAnswer', count: 0 }, /count is to be a number from 1/],
      [{ kind: 'dropAnswer', topic: '' }, /topic is to be a text that is not empty/],
      [{ kind: 'dropAnswer', topic: 'x'.repeat(256) }, /topic has more than 255 characters/],
      [{ kind: 'dropAnswer', server: 'proxy' }, /server cannot be "proxy"; allowed: broker, nameServer/],
      [{ kind: 'pretendVersion' }, /a fault needs "version"/],
      [{ kind: 'pretendVersion', version: 'new' }, /version cannot be "new": a release such as 4.9.4/],
    ] as const) {
      const answer = await broker.control('POST', '/faults', fault);
      if (expected === undefined) assert.deepEqual(answer, { status: 200, json: { faults: [] } });
      else {
        assert.equal(answer.status, 400, JSON.stringify(fault));
        assert.match(messageOf(answer), expected);
      }
    }
    assert.deepEqual((await broker.control('GET', '/faults')).json, { faults: [] });
  });

  it('reads no body without end', async () => {
    const answer = await broker.control('POST', '/faults', `"${'x'.repeat(9 * 1024 * 1024)}"`).catch(() => undefined);
    // Who still writes when the answer is there may see the end of the connection before it.
    if (answer !== undefined) assert.equal(answer.status, 413);
    assert.equal((await broker.control('GET', '/faults')).status, 200);
  });

  it('keeps no more faults than it can', async () => {
    const fault = { kind: 'dropAnswer', topic: 'none', count: 1 };
    assert.equal((await broker.control('POST', '/faults', new Array(998).fill(fault))).status, 200);
    const list = await broker.control('POST', '/faults', [fault, fault, fault]);
    assert.deepEqual([list.status, messageOf(list)], [409, 'there is room for 2 more faults']);
    assert.equal((await broker.control('POST', '/faults', [fault, fault])).status, 200);
    const one = await broker.control('POST', '/faults', fault);
    assert.deepEqual([one.status, messageOf(one)], [409, 'there are 1000 faults already; clear some']);
    assert.deepEqual((await broker.control('DELETE', '/faults')).json, { cleared: 1000 });
  });

  it('answers any JSON with 200 or 400', async () => {
    const field = fc.constantFrom('kind', 'code', 'topic', 'request', 'ms', 'count', 'probability', 'seed', 'version');
    const value = fc.oneof(fc.jsonValue(), fc.constantFrom(...FAULT_KINDS), fc.integer(), fc.string());
    await fc.assert(
      fc.asyncProperty(fc.oneof(fc.jsonValue(), fc.dictionary(field, value)), async (json) => {
        const { status } = await broker.control('POST', '/faults', JSON.stringify(json));
        assert.ok(status === 200 || status === 400, String(status));
        await broker.control('DELETE', '/faults');
      }),
      { numRuns: 60 },
    );
  });

  it('matches a * with any text, and everything else with itself', () => {
    for (const [pattern, text, expected] of [
      ['', '', true],
      ['*', '', true],
      ['T', 'T', true],
      ['T', 'TT', false],
      ['*T', 'aT', true],
      ['T*', 'Ta', true],
      ['a*b*c', 'aXbYbc', true],
      ['a*b*c', 'aXbYb', false],
      ['.*', 'x', false],
      ['%RETRY%*', '%RETRY%G', true],
    ] as const) {
      assert.equal(matchesGlob(pattern, text), expected, `${pattern} ${text}`);
    }
    assert.equal(matchesGlob(`${'*a'.repeat(100)}b`, 'a'.repeat(255)), false);
  });
});

/** `fetch` refuses some of these headers. */
function rawStatus(broker: TestBroker, method: string, path: string, headers: Record<string, string>): Promise<number> {
  const { url, token } = broker.access;
  return new Promise((resolve, reject) => {
    httpRequest(`${url}${path}`, { method, headers: { authorization: `Bearer ${token}`, ...headers } }, (answer) => {
      answer.resume();
      resolve(answer.statusCode ?? 0);
    })
      .on('error', reject)
      .end();
  });
}
