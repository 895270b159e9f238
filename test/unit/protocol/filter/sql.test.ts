import assert from 'node:assert/strict';
import fc from 'fast-check';
import { isCodedError } from '../../../../src/base/errors.ts';
import { sqlFilter } from '../../../../src/protocol/filter/messageFilter.ts';
import { compileSql } from '../../../../src/protocol/filter/sql.ts';
import { breaksProperties, encodeProperties } from '../../../../src/protocol/messageProperty.ts';
import { SQL_CASES, SQL_ILLEGAL, SQL_MESSAGES, takenBy } from '../../../support/sqlCases.ts';

function takes(expression: string, properties: Readonly<Record<string, string>>): boolean {
  return sqlFilter(expression).matchesProperties!(encodeProperties(Object.entries(properties)));
}

describe('SQL92 filter', () => {
  for (const [expression, expected] of SQL_CASES) {
    it(`${expression} takes ${expected === '' ? 'nothing' : expected}`, () => {
      const taken = Object.keys(SQL_MESSAGES).filter((name) => takes(expression, SQL_MESSAGES[name]!));
      assert.deepEqual(taken, takenBy(expected));
    });
  }

  for (const expression of SQL_ILLEGAL) {
    it(`refuses ${expression === '' ? 'an empty expression' : expression}`, () => {
      assert.throws(
        () => compileSql(expression),
        (error) => isCodedError(error, 'filter-illegal'),
      );
    });
  }

  it('refuses nesting that would end the stack, and ends no stack by a long chain', () => {
    assert.throws(
      () => compileSql(`${'('.repeat(100_000)}a = 1`),
      (error) => isCodedError(error, 'filter-illegal'),
    );
    assert.equal(takes(Array.from({ length: 50_000 }, () => 'a = 1').join(' OR '), { a: '1' }), false);
    assert.equal(takes(Array.from({ length: 500 }, () => 'a = 1').join(' OR '), { a: '1' }), true);
  });

  it('reads a number out of long text in one pass', () => {
    const [blanks, ones] = [' '.repeat(200_000), '1'.repeat(200_000)];
    assert.equal(takes('a > 1.5', { a: `${blanks}2.5${blanks}` }), true);
    assert.equal(takes('a > 1.5', { a: '\n\t 2.d\r' }), true);
    assert.equal(takes('a > 1.5', { a: blanks }), false);
    assert.equal(takes('a > 1.5', { a: `2${blanks}5` }), false);
    assert.equal(takes('a > 1.5', { a: ones }), true);
    assert.equal(takes('a > 1.5', { a: `${ones}x` }), false);
  });

  it('compiles an expression once while it is among the last 100, failures too', () => {
    const first = compileSql('kept = 1');
    assert.equal(compileSql('kept = 1'), first);
    const failures = [0, 1].map(() => {
      try {
        return compileSql('broken =');
      } catch (error) {
        return error;
      }
    });
    assert.equal(failures[0], failures[1]);
    for (let index = 0; index < 98; index += 1) compileSql(`other = ${index}`);
    assert.equal(compileSql('kept = 1'), first);
    for (let index = 0; index < 100; index += 1) compileSql(`another = ${index}`);
    assert.notEqual(compileSql('kept = 1'), first);
  });

  const truth = fc.constantFrom<boolean | undefined>(true, false, undefined);
  const written = (value: boolean | undefined): string => (value === undefined ? 'NULL' : String(value));

  it('knows three truths', () => {
    const not = (a: boolean | undefined): boolean | undefined => (a === undefined ? undefined : !a);
    const or = (a: boolean | undefined, b: boolean | undefined): boolean | undefined =>
      a === true || b === true ? true : a === undefined || b === undefined ? undefined : false;
    const isTrue = (expression: string): boolean => takes(expression, {});
    const isFalse = (expression: string): boolean => takes(`NOT (${expression})`, {});
    fc.assert(
      fc.property(truth, truth, truth, (a, b, c) => {
        const [x, y, z] = [a, b, c].map(written);
        const expression = `NOT ${x} OR (${y} AND ${z})`;
        const expected = or(not(a), not(or(not(b), not(c))));
        assert.equal(isTrue(expression), expected === true, expression);
        assert.equal(isFalse(expression), expected === false, expression);
      }),
    );
  });

  it('compares whole numbers as they are, in 32 and in 64 bits', () => {
    const int64 = fc.bigInt({ min: 0n, max: 2n ** 63n - 1n });
    fc.assert(
      fc.property(fc.oneof(fc.nat().map(BigInt), int64), int64, fc.boolean(), (literal, text, same) => {
        const value = same ? literal : text;
        // A small literal asks for a small number beside it.
        const comparable = literal < 2n ** 31n ? value < 2n ** 31n : true;
        const result = (operator: string): boolean => takes(`a ${operator} ${literal}`, { a: String(value) });
        assert.equal(result('='), comparable && value === literal);
        assert.equal(result('<>'), comparable && value !== literal);
        assert.equal(result('>'), comparable && value > literal);
        assert.equal(result('<='), comparable && value <= literal);
        assert.equal(result('BETWEEN 0 AND'), value < 2n ** 31n && value <= literal);
      }),
    );
  });

  it('finds any text that is quoted as it should be', () => {
    const text = fc.string({ unit: 'grapheme', minLength: 1 }).filter((value) => !breaksProperties(value));
    fc.assert(
      fc.property(text, text, (value, other) => {
        const quoted = `'${value.replaceAll("'", "''")}'`;
        assert.equal(takes(`a = ${quoted}`, { a: value }), true);
        assert.equal(takes(`a = ${quoted}`, { a: other }), value === other);
        assert.equal(takes(`a IN ('-', ${quoted})`, { a: other }), other === value || other === '-');
        assert.equal(takes(`a STARTSWITH ${quoted}`, { a: value + other }), true);
        assert.equal(takes(`a ENDSWITH ${quoted}`, { a: other + value }), true);
        assert.equal(takes(`a CONTAINS ${quoted}`, { a: other }), other.includes(value));
      }),
    );
  });

  it('compiles or refuses whatever it is given, and throws nothing else', () => {
    const word = fc.constantFrom(
      ...['a', '5', '5.5', "'x'", '(', ')', ',', '=', '<>', '<', '>=', '+', '-', 'NOT', 'AND', 'OR', 'IS', 'NULL'],
      ...['TRUE', 'BETWEEN', 'IN', 'CONTAINS', '--', '/*', '*/', "'", '.', '\n'],
    );
    const anything = fc.oneof(
      fc.array(word).map((words) => words.join(' ')),
      fc.string({ unit: 'binary' }),
    );
    fc.assert(
      fc.property(anything, (expression) => {
        try {
          assert.equal(typeof takes(expression, { a: '5' }), 'boolean');
        } catch (error) {
          assert.ok(isCodedError(error, 'filter-illegal'), String(error));
        }
      }),
      { numRuns: 300 },
    );
  });
});
