import assert from 'node:assert/strict';
import { CodedError } from '../../../src/base/errors.ts';
import { versionName, versionOrdinal } from '../../../src/protocol/command.ts';
import { requestCodeName, responseCodeName } from '../../../src/protocol/codes.ts';
import { parseDelayLevels, DEFAULT_DELAY_LEVELS } from '../../../src/protocol/delayLevel.ts';
import { tagFilter } from '../../../src/protocol/filter/messageFilter.ts';
import { javaHash, parseTagExpression, tagsCodeOf } from '../../../src/protocol/filter/tag.ts';
import { checkTopicName, groupNameProblem, isSystemTopic, topicNameProblem } from '../../../src/protocol/topicName.ts';

describe('tag filter', () => {
  it('hashes as Java does, over UTF-16 units', () => {
    assert.equal(javaHash('TagA'), 2598919);
    assert.equal(javaHash('polygenelubricants'), -2147483648);
    assert.equal(javaHash('😀'), 1772899);
    assert.equal(tagsCodeOf(''), 0);
    assert.equal(tagsCodeOf(undefined), 0);
  });

  it('splits expressions and takes all without one', () => {
    assert.deepEqual(parseTagExpression(' TagA || TagB||| '), ['TagA', 'TagB', '|']);
    assert.deepEqual(parseTagExpression('TagA || '), ['TagA']);
    for (const all of [undefined, '', '*']) assert.equal(tagFilter(all).matchesCode(1), true);
  });

  it('matches by hash alone, so that tags with equal hashes pass', () => {
    const { matchesCode } = tagFilter('Aa || TagB');
    assert.equal(javaHash('Aa'), javaHash('BB'));
    assert.deepEqual([javaHash('BB'), javaHash('TagB'), javaHash('TagC'), 0].map(matchesCode), [
      true,
      true,
      false,
      false,
    ]);
  });

  it('takes nothing when an expression names no tag', () => {
    for (const none of ['||', ' || ']) assert.equal(tagFilter(none).matchesCode(0), false);
  });
});

describe('topicName', () => {
  it('refuses what a broker refuses', () => {
    assert.equal(topicNameProblem('  '), 'blank');
    assert.equal(topicNameProblem('a b'), 'illegal-characters');
    assert.equal(topicNameProblem('订单'), 'illegal-characters');
    assert.equal(topicNameProblem('x'.repeat(128)), 'too-long');
    assert.equal(topicNameProblem('x'.repeat(127)), undefined);
    assert.equal(topicNameProblem(`%RETRY%${'x'.repeat(200)}`), undefined);
    assert.equal(groupNameProblem('g'.repeat(121)), 'too-long');
    assert.throws(
      () => checkTopicName('a.b'),
      (error) => error instanceof CodedError && error.details['reason'] === 'illegal-characters',
    );
  });

  it('knows system topics by name and prefix', () => {
    assert.deepEqual(['TBW102', 'rmq_sys_wheel_timer', 'Orders', '%RETRY%g'].map(isSystemTopic), [
      true,
      true,
      false,
      false,
    ]);
  });
});

describe('delay levels', () => {
  it('reads the eighteen of Apache', () => {
    const levels = parseDelayLevels(DEFAULT_DELAY_LEVELS);
    assert.equal(levels.length, 18);
    assert.deepEqual([levels[0], levels[4], levels[17]], [1000, 60_000, 7_200_000]);
  });

  it('names the part that cannot be read', () => {
    assert.throws(
      () => parseDelayLevels('1s 5x'),
      (error) => error instanceof CodedError && error.details['value'] === '5x',
    );
  });
});

describe('release ordinals', () => {
  it('match the anchors of the sheet both ways', () => {
    assert.deepEqual([versionOrdinal(4, 9, 4), versionOrdinal(5, 3, 3), versionOrdinal(5, 0, 0)], [401, 479, 413]);
    assert.deepEqual([479, 401, 317, 513, 612, 28].map(versionName), [
      'V5_3_3',
      'V4_9_4',
      'V4_5_2',
      'V5_5_0',
      'HIGHER_VERSION',
      'V3',
    ]);
  });
});

describe('code names', () => {
  it('are those of the sources, or the number', () => {
    assert.equal(requestCodeName(310), 'SEND_MESSAGE_V2');
    assert.equal(responseCodeName(17), 'TOPIC_NOT_EXIST');
    assert.equal(requestCodeName(99_999), '99999');
  });
});
