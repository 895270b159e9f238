import assert from 'node:assert/strict';
import { controlRequest } from '../../../../src/broker/control/command/controlRequest.ts';

describe('controlRequest', () => {
  const asked = (line: string): unknown[] => {
    const { method, path, body } = controlRequest(line.split(' ').filter(Boolean), (file) => `content of ${file}`);
    return [method, path, ...(body === undefined ? [] : [body])];
  };

  it('says in HTTP what the words mean', () => {
    for (const [line, expected] of [
      ['faults', ['GET', '/faults']],
      ['faults list', ['GET', '/faults']],
      [
        'faults add kind=refuse code=SYSTEM_BUSY count=2 probability=0.5 request=SEND,PULL_MESSAGE',
        [
          'POST',
          '/faults',
          '{"kind":"refuse","code":"SYSTEM_BUSY","count":2,"probability":0.5,"request":["SEND","PULL_MESSAGE"]}',
        ],
      ],
      ['faults clear', ['DELETE', '/faults']],
      ['faults clear 3', ['DELETE', '/faults/3']],
      ['clock', ['GET', '/clock']],
      ['clock by 1h', ['POST', '/clock', '{"by":"1h"}']],
      ['clock to 2030-01-01T00:00:00Z', ['POST', '/clock', '{"to":"2030-01-01T00:00:00Z"}']],
      ['clock rate 60', ['POST', '/clock', '{"rate":60}']],
      ['clock freeze', ['POST', '/clock', '{"action":"freeze"}']],
      ['topics', ['GET', '/topics']],
      ['topic %RETRY%G', ['GET', '/topics/%25RETRY%25G']],
      ['messages T tag=a', ['GET', '/messages?topic=T&tag=a']],
      ['wait topic=T group=G', ['POST', '/wait', '{"topic":"T","group":"G"}']],
      ['seed s.yaml', ['POST', '/seed', 'content of s.yaml']],
      ['snapshot base', ['POST', '/snapshot', '{"name":"base"}']],
      ['restore base', ['POST', '/restore', '{"name":"base"}']],
      ['forget base', ['DELETE', '/snapshots/base']],
      ['reset', ['POST', '/reset']],
    ] as const) {
      assert.deepEqual(asked(line), expected, line);
    }
  });

  it('names the commands where it does not understand one', () => {
    for (const [line, expected] of [
      ['', /there is no command "control"; allowed: faults list/],
      ['fault', /there is no command "control fault"/],
      ['faults drop', /there is no command "control faults drop"/],
      ['clock back 1h', /there is no command "control clock back"/],
      ['faults add kind', /"kind" is to be KEY=VALUE/],
      ['reset now', /"now" is not understood/],
      ['topic', /wants one value/],
    ] as const) {
      assert.throws(() => asked(line), { message: expected });
    }
  });
});
