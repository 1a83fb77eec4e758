import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { asciiLine, columns, gsm7Length, gsm7Line, isGsm7, oneLine, wrap } from '../../../shared/lib/safe-text.ts';

const anything = fc.string({ unit: 'binary', maxLength: 400 });

describe('one line', () => {
  it('has no line break, control or direction character, whatever came in', () => {
    expect(oneLine('a\r\nb\u0000c\u2028d\u202Ee\u200Ff\uFEFFg\tend ', 99)).toBe('a b c d e f g end');
    fc.assert(fc.property(anything, (text) => !/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u.test(oneLine(text, 400))));
  });

  it('replaces half a surrogate pair, which would not be valid UTF-8', () => {
    expect(oneLine('a\ud83d!', 99).isWellFormed()).toBe(true);
  });

  it('cuts between characters and says so', () => {
    expect(oneLine('👍👍👍👍👍', 4)).toBe('👍...');
    expect(oneLine('exactly', 7)).toBe('exactly');
  });
});

describe('ASCII', () => {
  it('spells accents and punctuation plainly', () => {
    expect(asciiLine('Zürich – “Łódź” …', 99)).toBe('Zurich - "Lodz" ...');
    expect(asciiLine('顧客', 99)).toBe('??');
  });

  it('is printable ASCII within its length', () => {
    fc.assert(
      fc.property(anything, fc.integer({ min: 4, max: 120 }), (text, max) => {
        expect(asciiLine(text, max)).toMatch(/^[\x20-\x7e]*$/);
        expect(asciiLine(text, max).length).toBeLessThanOrEqual(max);
      }),
    );
  });
});

describe('GSM-7', () => {
  it('keeps what its alphabet has, and counts its extension twice', () => {
    expect(gsm7Line('Größe 5 € {x}', 160)).toBe('Größe 5 € {x}');
    expect(gsm7Length('€{}[]~^|\\')).toBe(18);
    expect(gsm7Length('@£Δ ñ_')).toBe(6);
  });

  it('spells the rest plainly', () => {
    expect(gsm7Line('café – Łódź `x` 顧', 160)).toBe("café - Lodz 'x' ?");
  });

  it('fits one part, whatever came in', () => {
    fc.assert(
      fc.property(anything, (text) => {
        const line = gsm7Line(text, 160);
        expect(isGsm7(line)).toBe(true);
        expect(gsm7Length(line)).toBeLessThanOrEqual(160);
      }),
    );
    expect(gsm7Length(gsm7Line('€'.repeat(200), 160))).toBeLessThanOrEqual(160);
    expect(gsm7Line('x'.repeat(160), 160)).toBe('x'.repeat(160));
  });
});

it('lines break between words, and a long word stays whole', () => {
  expect(wrap('one two https://example.com/long three', 9)).toEqual(['one two', 'https://example.com/long', 'three']);
});

it('columns are as wide as their widest cell', () => {
  expect(
    columns([
      ['a', 'bb', 'c'],
      ['aaa', 'b', 'c'],
    ]),
  ).toEqual(['a    bb  c', 'aaa  b   c']);
});
