import { expect, it } from 'vitest';
import { forecastRun, readForecast } from '../../../src/records/run-forecast.ts';
import { aRunRecord } from '../../fakes/a-run-record.ts';

const figures = (filesTotal: number, bytesTotal: number, filesTransferred: number, bytesTransferred: number) => ({
  ...{ filesTotal, bytesTotal, filesTransferred, bytesTransferred, outcome: 'success' as const },
});
const other = aRunRecord({ drive: 'BACKUP_2', tookMs: 9_000, ...figures(10, 1_000, 2, 150) });
const first = aRunRecord({ tookMs: 60_000, ...figures(10, 1_000, 10, 1_000) });
const later = aRunRecord({ tookMs: 5_000, ...figures(11, 1_100, 1, 100) });
const source = { outcome: 'success' as const, code: null, message: '', filesDeleted: 0, bytesReceived: 0 };

it.each([
  ['without a run before', [], { lastTookMs: null, isFirst: true }, []],
  ['of a first copy is what another disk found on the server', [other], { lastTookMs: null, isFirst: true }, [1_000]],
  ['of the run after the first copy is its time alone', [other, first], { lastTookMs: 60_000, isFirst: false }, []],
  ['of a later run is what the last one copied', [first, later, other], { lastTookMs: 5_000, isFirst: false }, [100]],
  [
    'leaves out runs that were not complete',
    [later, { ...first, outcome: 'failure' as const, tookMs: 1 }],
    { lastTookMs: 5_000, isFirst: false },
    [100],
  ],
])('the forecast %s', (_what, runs, facts, bytes) => {
  const forecast = forecastRun('BACKUP_1', runs);
  expect(forecast).toMatchObject(facts);
  expect([...forecast.bytes]).toEqual(bytes.map((one) => ['', one]));
});

it('each source has a forecast of its own', () => {
  const sources = [
    { ...source, name: 'mail', ...figures(5, 500, 1, 50) },
    { ...source, name: 'photos', ...figures(5, 500, 5, 500) },
  ];
  expect([...forecastRun('BACKUP_1', [{ ...later, sources }]).bytes]).toEqual([['mail', 50]]);
});

it('a first copy is as large as the newest copy of each of its sources, on any disk', () => {
  const of = (name: string, bytesTotal: number) => ({
    ...other,
    sources: [{ ...source, name, ...figures(5, bytesTotal, 1, 50) }],
  });
  const forecast = forecastRun('BACKUP_9', [of('mail', 400), of('mail', 500), of('photos', 900)]);
  expect(Object.fromEntries(forecast.bytes)).toEqual({ mail: 500, photos: 900 });
});

it('an unreadable run log foresees nothing', async () => {
  const list = () => Promise.reject(new Error('EIO'));
  expect(await readForecast({ list }, 'BACKUP_1')).toEqual({ lastTookMs: null, isFirst: true, bytes: new Map() });
});
