import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { brokerHandlers } from '../../src/broker/brokerRouter.ts';
import { nameServerHandlers } from '../../src/broker/nameServer/handlers.ts';
import { RequestCode } from '../../src/protocol/codes.ts';
import { repository } from '../support/repository.ts';

interface Row {
  readonly code: number;
  readonly name: string;
  readonly broker: string;
  readonly nameServer: string;
  readonly proof: string;
}

/** docs/compatibility.md says of every request what the servers do with it. */
describe('the table of compatibility', () => {
  const text = readFileSync(path.join(repository, 'docs', 'compatibility.md'), 'utf8');
  const rows = [...text.matchAll(/^\| (\d+) +\| (\w+) +\| ([^|]+?) +\| ([^|]+?) +\| ([^|]+?) +\|$/gm)].map(
    ([, code, name = '', broker = '', nameServer = '', proof = '']): Row => ({
      code: Number(code),
      name,
      broker,
      nameServer,
      proof,
    }),
  );

  it('has one row for every request code', () => {
    assert.deepEqual(
      rows.map(({ code, name }) => `${code} ${name}`),
      Object.entries(RequestCode).map(([name, code]) => `${code} ${name}`),
    );
  });

  for (const [server, handlers] of [
    ['broker', brokerHandlers],
    ['nameServer', nameServerHandlers],
  ] as const) {
    it(`says handled of what the ${server} handles, and of nothing else`, () => {
      const handled = new Set<number>(handlers.map(([code]) => code));
      const wrong = rows.filter((row) => (row[server] === 'handled') !== handled.has(row.code));
      assert.deepEqual(wrong, []);
      const strange = rows.filter((row) => !['handled', '3', 'to clients'].includes(row[server]));
      assert.deepEqual(strange, []);
    });
  }

  it('names a test that is there for what is handled, and a reason for what is refused', () => {
    for (const { name, broker, nameServer, proof } of rows) {
      const isRefused = broker === '3' && nameServer === '3';
      const tests = [...proof.matchAll(/`(test\/[^`]+)`/g)].map(([, file = '']) => file);
      assert.equal(tests.length > 0, !isRefused, name);
      for (const file of tests) assert.ok(existsSync(path.join(repository, file)), `${name}: there is no ${file}`);
    }
  });
});
