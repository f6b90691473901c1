import { expect, it } from 'vitest';
import { lastEntries, renderPast } from '../../../src/client/past-runs-text.ts';
import type { ActionRecord } from '../../../src/records/action-log.ts';
import { aRunRecord } from '../../fakes/a-run-record.ts';

const action = (at: string, kind: ActionRecord['kind'] = 'drill'): ActionRecord => ({
  ...{ at, kind, drive: 'BACKUP_1', by: 'anna', result: '20 files restored, all right' },
});
const run = (startedAt: string) => aRunRecord({ startedAt });
const times = (...given: Parameters<typeof lastEntries>): string[] =>
  lastEntries(...given).map((entry) => ('run' in entry ? `run ${entry.run.startedAt}` : entry.action.at));

it('what people did stands between the runs, by time', () => {
  const runs = [run('2026-03-01T10:00:00Z'), run('2026-03-03T10:00:00Z')];
  const actions = [action('2026-02-01T10:00:00Z'), action('2026-03-02T10:00:00Z'), action('2026-03-04T10:00:00Z')];
  expect(times(runs, actions, 20)).toEqual([
    '2026-02-01T10:00:00Z',
    'run 2026-03-01T10:00:00Z',
    '2026-03-02T10:00:00Z',
    'run 2026-03-03T10:00:00Z',
    '2026-03-04T10:00:00Z',
  ]);
  expect(times(runs, actions, 2)).toEqual(['run 2026-03-03T10:00:00Z', '2026-03-04T10:00:00Z']);
});

it('runs keep their order when a clock was wrong', () => {
  const runs = [run('2027-01-01T00:00:00Z'), run('2026-03-03T10:00:00Z')];
  expect(times(runs, [], 20)).toEqual(['run 2027-01-01T00:00:00Z', 'run 2026-03-03T10:00:00Z']);
});

it('an action is a line with the person and the result', () => {
  expect(renderPast([{ action: action('2026-03-02T10:00:00Z', 'approval') }])).toMatch(
    /BACKUP_1 {2}approved .*by anna: 20 files restored, all right$/m,
  );
});
