import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { causeSchema } from '../../../shared/domain/causes.ts';
import {
  allMeaningsOf,
  count,
  fields,
  meaningsOf,
  type Of,
  text,
  time,
  toJson,
} from '../../../shared/domain/schema.ts';

const cause = causeSchema<{ code: string; facts: object }>();

const schema = fields({
  id: text.describe('its id'),
  began: time.describe('when it began'),
  ended: time.describe('when it ended, or null while it lasts').exactOptional(),
  cause: cause.nullable().describe('why: `code` and `facts`'),
  part: fields({ bytes: count.describe('its size').exactOptional() })
    .describe('a part of it')
    .exactOptional(),
  notes: z
    .array(fields({ by: text.describe('who'), at: time.describe('when').exactOptional() }))
    .readonly()
    .describe('remarks'),
});
const names = { id: 'database' };
const moment = new Date('2026-11-23T04:08:53.123Z');
const value: Of<typeof schema> = { id: 'orders', began: moment, cause: null, notes: [] };

describe('the JSON of a row', () => {
  it('has every field in its order: what does not apply is null, times are ISO 8601', () => {
    const json = toJson(schema, value, names);
    expect(Object.entries(json)).toEqual([
      ['database', 'orders'],
      ['began', '2026-11-23T04:08:53.123Z'],
      ['ended', null],
      ['cause', null],
      ['part', null],
      ['notes', []],
    ]);
  });

  it('has the same of objects and lists within, facts of a cause as they are, and nothing of a later version', () => {
    const later = { mood: 'a field of a later version' };
    const whole = {
      ...value,
      ...later,
      cause: { code: 'any', facts: { list: [1] } },
      part: later as object,
      notes: [
        { by: 'ann', at: moment },
        { by: 'bob', ...later },
      ],
    };
    expect(toJson(schema, whole)).toEqual({
      id: 'orders',
      began: '2026-11-23T04:08:53.123Z',
      ended: null,
      cause: { code: 'any', facts: { list: [1] } },
      part: { bytes: null },
      notes: [
        { by: 'ann', at: '2026-11-23T04:08:53.123Z' },
        { by: 'bob', at: null },
      ],
    });
  });
});

describe('the meanings of the fields of that JSON', () => {
  const own = {
    database: 'its id',
    began: 'when it began',
    ended: 'when it ended, or null while it lasts',
    cause: 'why: `code` and `facts`, or null',
    part: 'a part of it, or null',
    notes: 'remarks',
  };

  it('say what may be null', () => {
    expect(meaningsOf(schema, names)).toEqual(own);
  });

  it('have the fields within by their paths; a cause is described as a whole', () => {
    expect(allMeaningsOf(schema, names)).toEqual({
      ...own,
      'part.bytes': 'its size, or null',
      'notes[].by': 'who',
      'notes[].at': 'when, or null',
    });
  });

  it('are there for every field, or the documentation is not made', () => {
    expect(() => meaningsOf(fields({ id: text }))).toThrow('field id has no description');
  });
});
