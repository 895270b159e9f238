import assert from 'node:assert/strict';
import { SIGNATURE, isSignedWith, signed } from '../../../src/protocol/acl.ts';
import { request, versionOrdinal } from '../../../src/protocol/command.ts';
import type { RemotingCommand } from '../../../src/protocol/command.ts';

const KEYS = { accessKey: 'ak', secretKey: 'secret' };

function command(extFields: Record<string, string>, body = '', version?: number): RemotingCommand {
  const made = request(1, { code: 310, extFields, body: Buffer.from(body) });
  return version === undefined ? made : { ...made, version };
}

describe('signature of a request', () => {
  it('is that of the sheet: §8', () => {
    assert.deepEqual(signed({ code: 310, extFields: { topic: 'T1' } }, KEYS), {
      code: 310,
      extFields: { topic: 'T1', AccessKey: 'ak', Signature: '1NzwF6t1GdGsJvl4433xwKWUklk=' },
    });
  });

  it('covers the values in the order of their names, capitals first, and the body', () => {
    const one = signed({ code: 310, extFields: { b: '1', a: '2', B: '3' }, body: Buffer.from('x') }, KEYS);
    const same = signed({ code: 310, extFields: { B: '3ak', AccessKey: 'ignored' }, body: Buffer.from('x') }, KEYS);
    assert.notEqual(one.extFields[SIGNATURE], same.extFields[SIGNATURE]);
    // HMAC of "ak" + "3" + "2" + "1" + "x": AccessKey, B, a, b, body.
    assert.equal(
      one.extFields[SIGNATURE],
      signed({ code: 1, extFields: { z: '321' }, body: Buffer.from('x') }, KEYS).extFields[SIGNATURE],
    );
  });

  it('covers the security token', () => {
    const { extFields } = signed({ code: 10 }, { ...KEYS, securityToken: 'token' });
    assert.equal(extFields['SecurityToken'], 'token');
    assert.notEqual(extFields[SIGNATURE], signed({ code: 10 }, KEYS).extFields[SIGNATURE]);
  });

  it('is checked against every value and the body', () => {
    const { extFields } = signed({ code: 310, extFields: { b: 'T' }, body: Buffer.from('x') }, KEYS);
    assert.equal(isSignedWith('secret', command(extFields, 'x')), true);
    assert.equal(isSignedWith('Secret', command(extFields, 'x')), false);
    assert.equal(isSignedWith('secret', command(extFields, 'y')), false);
    assert.equal(isSignedWith('secret', command({ ...extFields, b: 'U' }, 'x')), false);
    assert.equal(isSignedWith('secret', command({ ...extFields, Signature: 'short' }, 'x')), false);
    assert.equal(isSignedWith('secret', command({ b: 'T', AccessKey: 'ak' }, 'x')), false);
  });

  it('of a client up to 4.9.3 does not cover what it adds afterwards; that of a later one does', () => {
    const { extFields } = signed({ code: 12, extFields: { topic: 'T' } }, KEYS);
    const late = { ...extFields, _UNIQUE_KEY_QUERY: 'true' };
    assert.equal(isSignedWith('secret', command(late, '', versionOrdinal(4, 9, 3))), true);
    assert.equal(isSignedWith('secret', command(late, '', versionOrdinal(4, 9, 4))), false);
    const covered = signed({ code: 12, extFields: { topic: 'T', _UNIQUE_KEY_QUERY: 'true' } }, KEYS).extFields;
    assert.equal(isSignedWith('secret', command(covered, '', versionOrdinal(5, 3, 3))), true);
  });
});
