import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { unplugs } from '../../src/notify/channel.ts';
import { mailHtml } from '../../src/notify/mail-html.ts';
import { usualRotation } from '../../src/config/rotation-setting.ts';
import { driveRecordSchema } from '../../src/records/drive-record.ts';
import { cardFacts } from '../../src/report/card-facts.ts';
import { evidencePage } from '../../src/report/evidence-page.ts';
import { fleetPage } from '../../src/report/fleet-page.ts';
import { judgeStation } from '../../src/report/fleet.ts';
import { quickCard } from '../../src/report/quick-card.ts';
import { reportPage } from '../../src/report/report-page.ts';
import { everyNotice } from '../unit/words/every-notice.ts';
import { sheetAsHtml } from '../../src/restore/recovery-sheet-text.ts';
import { buildRecoverySheet } from '../../src/restore/recovery-sheet.ts';
import { languages, type Language } from '../../src/words/languages.ts';
import { speakerOf } from '../../src/words/speaker.ts';
import { aRun, aStatus } from '../fakes/a-status.ts';
import { now, stationFacts } from './a-station.ts';
import { startBrowser, type Browser } from './browser.ts';

/** Every page as a person sees it: on a phone, on a monitor, in the dark and on paper. */
const pages: Readonly<Record<string, () => string>> = Object.fromEntries(
  languages.flatMap((language) => {
    const words = speakerOf(language);
    const stations = [judgeStation('attic', aStatus(), now, words), judgeStation('barn', undefined, now, words)];
    return [
      [`report, ${language}`, () => reportPage(stationFacts(words), words)],
      [`evidence, ${language}`, () => evidencePage(stationFacts(words), words)],
      [`fleet, ${language}`, () => fleetPage(stations, now, words)],
    ] as const;
  }),
);
/** Wide labels, a long name to call, and more disks than fit. */
const card = (language: Language, contact: string) => () =>
  quickCard(
    cardFacts({
      ...{ station: 'attic', contact, now, rotation: usualRotation, present: new Set(['BACKUP_1']) },
      runs: [aRun({ tookMs: 4_000_000 })],
      records: ['BACKUP_1', 'WWWWWWWWWWWWWWWW', 'C', 'D', 'E', 'F', 'G', 'H'].map((label, index) =>
        driveRecordSchema.parse({
          ...{ label, luksUuid: label, sealedId: '11111111-1111-4111-8111-111111111111', generation: 1 },
          ...{
            enrolledAt: '2026-01-05T09:00:00Z',
            lastSuccess: index === 2 ? null : `2026-11-0${index + 1}T09:00:00Z`,
          },
        }),
      ),
    }),
    speakerOf(language),
  );
const cards: Readonly<Record<string, () => string>> = {
  'English card': card('en', 'Ann Smith, +41 44 123 45 67'),
  'German card': card('de', `Anna Keller, Informatik, ${'Telefon +41 44 123 45 67, '.repeat(6)}`),
  'card that names nobody': card('de', ''),
};
const axe = readFileSync(new URL('../../node_modules/axe-core/axe.min.js', import.meta.url), 'utf8');
let browser: Browser;
let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'extbackup-pages-'));
  browser = await startBrowser();
});
afterAll(async () => {
  await browser.close();
  await rm(directory, { recursive: true });
});

async function show(html: string, width: number, scheme: 'light' | 'dark'): Promise<void> {
  const file = join(directory, 'page.html');
  await writeFile(file, html);
  await browser.send('Emulation.setDeviceMetricsOverride', {
    ...{ width, height: 900, deviceScaleFactor: 1, mobile: width < 600 },
  });
  await browser.send('Emulation.setEmulatedMedia', { features: [{ name: 'prefers-color-scheme', value: scheme }] });
  await browser.open(file);
}

/** What axe finds wrong, such as "color-contrast: td". */
async function faults(): Promise<string[]> {
  await browser.evaluate(`${axe}; 0`);
  return browser.evaluate<string[]>(
    `axe.run().then(({ violations }) => violations.flatMap(({ id, nodes }) => nodes.map((node) => id + ': ' + node.target)))`,
  );
}

const widths = [380, 1280];
const views = widths.flatMap((width) => (['light', 'dark'] as const).map((scheme) => [width, scheme] as const));

/** A mail for each state that a disk may have. */
const mails: Readonly<Record<string, () => string>> = Object.fromEntries(
  unplugs.map((unplug) => [
    `mail, ${unplug}`,
    () => {
      const [, notice] = everyNotice('de', 'BACKUP_2').find(([, each]) => each.unplug === unplug) ?? [];
      if (notice === undefined) throw new Error(`no notice is ${unplug}`);
      return mailHtml(notice);
    },
  ]),
);

describe.each(Object.entries({ ...pages, ...mails }))('the page of %s', (_, make) => {
  it.each(views)('at %i pixels, %s: accessible, no wider than the screen, alone', async (width, scheme) => {
    await show(make(), width, scheme);
    expect(await faults()).toEqual([]);
    expect(await browser.evaluate<number>('document.documentElement.scrollWidth')).toBeLessThanOrEqual(width);
    expect(browser.asked).toEqual([`file://${join(directory, 'page.html')}`]);
    const paper = await browser.evaluate<string>('getComputedStyle(document.body).backgroundColor');
    expect(paper).toBe(scheme === 'light' ? 'rgb(255, 255, 255)' : 'rgb(13, 17, 23)');
  });
});

describe.each(Object.entries(pages))('the page of %s', (_, make) => {
  it('is printed on A4, without a cut column', async () => {
    await show(make(), 1280, 'light');
    const { sheets, size } = await print();
    expect(size).toEqual([595, 842]);
    expect(sheets).toBeGreaterThan(0);
    await browser.send('Emulation.setEmulatedMedia', { media: 'print' });
    await browser.send('Emulation.setDeviceMetricsOverride', {
      ...{ width: 680, height: 1010, deviceScaleFactor: 1, mobile: false }, // A4 without its margins, at 96 dpi
    });
    expect(await browser.evaluate<string[]>(cutTables)).toEqual([]);
  });
});

describe('the recovery sheet', () => {
  const make = (): string =>
    sheetAsHtml(
      buildRecoverySheet({
        ...{ station: 'attic', salt: 'ab'.repeat(32), withSalt: true, printedAt: now },
        previous: { version: 1, keys: [], pending: [] },
        config: { source: 'extbackup@backup', key: { derivation: 'scrypt', scrypt: { N: 16_384, r: 8, p: 1 } } },
        drives: ['BACKUP_1', 'BACKUP_2'].map((label) =>
          driveRecordSchema.parse({
            ...{ label, luksUuid: '11111111-1111-4111-8111-111111111111', generation: 1 },
            ...{ sealedId: '11111111-1111-4111-8111-111111111111', enrolledAt: '2026-01-05T09:00:00Z' },
          }),
        ),
      }),
    );

  it.each(widths)('is accessible at %i pixels, and no wider', async (width) => {
    await show(make(), width, 'light');
    expect(await faults()).toEqual([]);
    expect(await browser.evaluate<number>('document.documentElement.scrollWidth')).toBeLessThanOrEqual(width);
    expect(browser.asked).toHaveLength(1);
  });

  it('is printed on A4', async () => {
    await show(make(), 1280, 'light');
    expect((await print()).size).toEqual([595, 842]);
  });
});

describe.each(Object.entries(cards))('the %s', (_, make) => {
  it.each(widths)('is accessible at %i pixels, and no wider', async (width) => {
    await show(make(), width, 'light');
    expect(await faults()).toEqual([]);
    expect(await browser.evaluate<number>('document.documentElement.scrollWidth')).toBeLessThanOrEqual(width);
    expect(browser.asked).toHaveLength(1);
  });

  it('fits on one sheet of A4', async () => {
    await show(make(), 1280, 'light');
    expect(await print()).toEqual({ sheets: 1, size: [595, 842] });
  });
});

/** Tables that would scroll: on paper, what is beyond the edge is lost. */
const cutTables = `[...document.querySelectorAll('.wide')]
  .filter((box) => box.scrollWidth > box.clientWidth)
  .map((box) => box.textContent.slice(0, 60))`;

/** The page as PDF: number of sheets, and their size in points. */
async function print(): Promise<{ readonly sheets: number; readonly size: readonly number[] }> {
  const { data } = await browser.send('Page.printToPDF', { preferCSSPageSize: true, printBackground: true });
  const text = Buffer.from(String(data), 'base64').toString('latin1');
  const [, width, height] = /\/MediaBox\s*\[0 0 ([\d.]+) ([\d.]+)\]/.exec(text) ?? [];
  return {
    sheets: text.match(/\/Type\s*\/Page\b(?!s)/g)?.length ?? 0,
    size: [width, height].map((points) => Math.round(Number(points))),
  };
}

it('would find a page without contrast, a picture without words, and a picture from elsewhere', async () => {
  const bad =
    '<html lang="en"><title>x</title><main><h1 style="color:#eee">pale</h1><img src="https://example.org/a"></main>';
  await show(`<!doctype html>${bad}`, 380, 'light');
  expect((await faults()).map((fault) => fault.split(':')[0]).sort()).toEqual(['color-contrast', 'image-alt']);
  expect(browser.asked).toContain('https://example.org/a');
});
