import { expect, it } from 'vitest';
import { describeDrill } from '../../../src/records/drill-state.ts';

const day = 86_400_000;
const now = new Date('2026-06-01T00:00:00Z');
const disk = (drilledAt?: string) => ({ enrolledAt: '2026-01-01T00:00:00.000Z', drilledAt });

it('is overdue when the last sample of any disk is too old, and from the first enrolment without one', () => {
  expect(describeDrill([disk('2026-01-02T00:00:00.000Z'), disk('2026-05-20T00:00:00.000Z')], 30 * day, now)).toEqual({
    ...{ everySeconds: 30 * 86_400, last: '2026-05-20T00:00:00.000Z', overdue: false },
  });
  expect(describeDrill([disk('2026-01-02T00:00:00.000Z')], 30 * day, now).overdue).toBe(true);
  expect(describeDrill([disk()], 30 * day, now)).toMatchObject({ last: null, overdue: true });
  expect(describeDrill([disk()], undefined, now).overdue).toBe(false);
  expect(describeDrill([], 30 * day, now).overdue).toBe(false);
});

it('does not count a sample that was restored while the clock was ahead', () => {
  const ahead = '2036-01-01T00:00:00.000Z';
  expect(describeDrill([disk(ahead)], 30 * day, now)).toMatchObject({ last: null, overdue: true });
  expect(describeDrill([disk(ahead), disk('2026-05-20T00:00:00.000Z')], 30 * day, now)).toMatchObject({
    last: '2026-05-20T00:00:00.000Z',
    overdue: false,
  });
});
