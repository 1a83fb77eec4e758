import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Timeline } from '../../../local/rds/timeline.ts';

test('happenings come in order of time, and at one moment in the order in which they were planned', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 20 })), fc.integer({ min: 0, max: 20 }), (times, limit) => {
      const timeline = new Timeline();
      const happened: { at: number; planned: number }[] = [];
      times.forEach((at, planned) => {
        timeline.plan(new Date(at), () => {
          happened.push({ at, planned });
        });
      });
      const pass = (until: number) => {
        for (let next = timeline.takeDue(new Date(until)); next; next = timeline.takeDue(new Date(until))) next.run();
      };
      const expected = times
        .map((at, planned) => ({ at, planned }))
        .sort((a, b) => a.at - b.at || a.planned - b.planned);
      pass(limit);
      expect(happened).toEqual(expected.filter(({ at }) => at <= limit));
      pass(20);
      expect(happened).toEqual(expected);
    }),
  );
});
