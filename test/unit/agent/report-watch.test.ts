import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { createReportWatch } from '../../../src/agent/report-watch.ts';
import { createBus } from '../../../src/bus/bus.ts';
import type { EventMap } from '../../../src/bus/events.ts';
import { configSchema, type Config } from '../../../src/config/schema.ts';
import { createNoticeMaker } from '../../../src/notify/notices.ts';
import { files } from '../../../src/system/paths.ts';
import { aRun, aStatus } from '../../fakes/a-status.ts';
import { englishWordsIn } from '../words/english-words.ts';
import { useStationPaths } from './hear-warnings.ts';

const station = useStationPaths();
const week = 7 * 86_400_000;

/** One look of an agent that has just started. */
async function look(
  at: string,
  report: Partial<Config['report']>,
  language: Config['language'] = 'en',
): Promise<EventMap['report:made'][]> {
  const made: EventMap['report:made'][] = [];
  const bus = createBus((_event, error) => {
    throw error;
  });
  bus.on('report:made', (event) => {
    made.push(event);
  });
  const config = configSchema.parse({ source: 'a@b', key: { derivation: 'sha512' } });
  await createReportWatch({
    ...{ bus, paths: station.paths, status: () => aStatus(), drives: () => Promise.resolve([]) },
    loadConfig: () => Promise.resolve({ ...config, language, report: { attach: true, ...report } }),
    runs: { list: () => Promise.resolve([aRun()]) },
    now: () => new Date(at),
  })();
  return made;
}

it('is sent at once and then as often as the settings say, and not at all without them', async () => {
  expect(await look('2026-11-29T12:00:00Z', {})).toEqual([]);
  expect(await look('2026-11-29T12:00:00Z', { every: week })).toHaveLength(1);
  expect(await look('2026-12-05T12:00:00Z', { every: week })).toEqual([]);
  expect(await look('2026-12-06T12:00:00Z', { every: week })).toHaveLength(1);
  expect(await look('2026-01-01T12:00:00Z', { every: week })).toHaveLength(1); // the clock was in the future
});

it('has the page for mail, and says where else it is', async () => {
  const html = join(station.paths.state, 'www/backups.html');
  const [unwritten] = await look('2026-11-29T12:00:00Z', { every: week, html });
  expect(unwritten?.text).toContain(`could not be written to ${html} (ENOENT)`);
  await mkdir(join(station.paths.state, 'www'));
  const [made] = await look('2026-12-29T12:00:00Z', { every: week, html });
  expect(made).toMatchObject({
    page: files.report(station.paths),
    freshest: { drive: 'BACKUP_1', ageSeconds: 32 * 86_400 },
  });
  expect(made?.text).toContain(`The page: ${html}`);
  expect(await readFile(html, 'utf8')).toBe(await readFile(files.report(station.paths), 'utf8'));
  const [plain] = await look('2027-03-01T12:00:00Z', { every: week, attach: false });
  expect(plain).not.toHaveProperty('page');
});

it('has the language of the settings, the page too', async () => {
  const html = join(station.paths.state, 'none/page.html');
  const [made] = await look('2026-11-29T12:00:00Z', { every: week, html }, 'de');
  expect(made?.text).toContain('Die frischeste Kopie ausser Haus ist 2 Tage alt, auf BACKUP_1.');
  expect(made?.text).toContain(`Die Seite konnte nicht nach ${html} geschrieben werden (ENOENT)`);
  expect(englishWordsIn(made?.text.replaceAll(/BACKUP_\d|extbackup\S*|report\.html|\/\S+/g, '') ?? 'none')).toEqual([]);
  expect(await readFile(files.report(station.paths), 'utf8')).toContain('<html lang="de">');
});

it('becomes a notice of its own kind, of low priority', async () => {
  await writeFile(files.reported(station.paths), 'torn');
  const [made] = await look('2026-11-29T12:00:00Z', { every: week });
  if (made === undefined) throw new Error('no report');
  const [notice] = createNoticeMaker('attic', () => new Date()).take('report:made', made);
  expect(notice).toMatchObject({
    kind: 'report',
    priority: 'low',
    subject: 'Report: offline copy BACKUP_1 is 2 days old',
  });
  expect(notice?.text).toContain('The page with all figures is attached.');
});
