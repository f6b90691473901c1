import { expect, it } from 'vitest';
import { usualRotation } from '../../../src/config/rotation-setting.ts';
import { driveRecordSchema } from '../../../src/records/drive-record.ts';
import { cardFacts, type CardInput } from '../../../src/report/card-facts.ts';
import { quickCard, quickCardText } from '../../../src/report/quick-card.ts';
import { languages } from '../../../src/words/languages.ts';
import { speakerOf } from '../../../src/words/speaker.ts';
import { aRun } from '../../fakes/a-status.ts';

const now = new Date('2026-11-25T12:00:00Z');
const disk = (label: string, lastSuccess: string | null, state = 'active') =>
  driveRecordSchema.parse({
    ...{ label, luksUuid: label, sealedId: '11111111-1111-4111-8111-111111111111', generation: 1, state },
    ...{ enrolledAt: '2026-01-01T00:00:00Z', lastSuccess },
  });
const facts = (more: Partial<CardInput> = {}) =>
  cardFacts({
    ...{ station: 'attic', contact: 'Ann <Smith>', now, rotation: { ...usualRotation, every: 14 * 86_400_000 } },
    ...{ present: new Set(['A']), runs: [aRun({ tookMs: 200_000 }), aRun({ tookMs: 1, outcome: 'failure' })] },
    records: [
      disk('A', '2026-11-24T09:00:00Z'),
      disk('B', '2026-11-20T09:00:00Z'),
      disk('C', '2026-11-10T09:00:00Z'),
      disk('OLD', '2026-01-10T09:00:00Z', 'retired'),
    ],
    ...more,
  });
const text = (page: string): string => page.replace(/<style>[^]*?<\/style>/, '').replace(/<[^>]*>/g, ' ');

it('names the disks in the order in which they are due, a plugged one last, and no retired one', () => {
  expect(facts().disks.map(({ label }) => label)).toEqual(['C', 'B', 'A']);
  const page = text(quickCard(facts(), speakerOf('en')));
  expect(page).toMatch(/C +now: it is overdue +Tuesday 10 November/);
  expect(page).toMatch(/B +Friday 4 December +Friday 20 November/);
  expect(page).toMatch(/A +is plugged in/);
  expect(page).not.toContain('OLD');
});

it('says the three states, how long the last good run took, and whom to call', () => {
  const page = quickCard(facts(), speakerOf('en'));
  expect(text(page)).toContain('SAFE TO UNPLUG');
  expect(text(page)).toContain('DO NOT UNPLUG');
  expect(text(page)).toContain('WAITING, STOPPED, FAILED or CALL FOR HELP');
  const german = text(quickCard(facts(), speakerOf('de')));
  for (const said of ['NICHT AUSSTECKEN / NICHT ABZIEHEN', 'DARF AUSGESTECKT WERDEN / ABZIEHEN OK'])
    expect(german).toContain(said);
  expect(page).toContain('The last one took 3 minutes 20 seconds.');
  expect(page).toContain('Ann &lt;Smith&gt;');
  expect(quickCard(facts({ contact: '' }), speakerOf('en'))).toContain('class="blank"');
});

it.each(languages)('has no empty place in %s, and the terminal shows the same', (language) => {
  const words = speakerOf(language);
  for (const page of [quickCard(facts(), words), quickCard(facts({ records: [], runs: [] }), words)]) {
    expect(page).toContain(`<html lang="${language}">`);
    expect(page).not.toMatch(/undefined|null|\{\w+\}(?!.*<\/style>)/);
  }
  const shown = quickCardText(facts(), words);
  expect(shown).toContain(words.say('verdict.no'));
  expect(shown.split('\n').length).toBeGreaterThan(10);
});
