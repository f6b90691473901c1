import { describe, expect, it } from 'vitest';
import { noticeSchema } from '../../../src/notify/notice-schema.ts';
import { toldLate } from '../../../src/notify/told-late.ts';
import { catalogues, languages } from '../../../src/words/languages.ts';
import { everyNotice } from './every-notice.ts';

const longest = 'BACKUP_12.OFFICE'; // 16 letters, as many as a label may have

describe.each(languages)('every notice in %s', (language) => {
  const all = everyNotice(language, longest);
  const { messages } = catalogues[language];

  it('has a subject of one line, under 60 letters, that names the disk', () => {
    expect(all.length).toBeGreaterThan(150);
    for (const [name, { subject, drive }] of all) {
      expect([name, subject, subject.length < 60]).toEqual([name, subject, true]);
      expect(subject).not.toMatch(/[\n{}]/);
      if (drive !== undefined) expect(subject).toContain(longest);
    }
  });

  it('has a text without an open placeholder, and is as the schema says', () => {
    for (const [, notice] of all) {
      expect(notice.text).not.toMatch(/[{}]|undefined|\[object/);
      expect(noticeSchema.parse(JSON.parse(JSON.stringify(notice)))).toMatchObject({ language });
    }
  });

  it('says at the end of a run whether the disk may be unplugged, in the text and for programs', () => {
    const ends = all.filter(([, { event }]) => ['run:succeeded', 'run:failed', 'run:held'].includes(event));
    expect(ends.length).toBeGreaterThan(60);
    for (const [name, { unplug, text, subject }] of ends) {
      const isSafe = unplug === 'safe';
      expect([name, text.includes(messages['advice.safe'])]).toEqual([name, isSafe]);
      if (name.endsWith(', open'))
        expect([name, unplug, `${subject} ${text}`]).toEqual([
          name,
          'no',
          expect.stringContaining(messages['verdict.no']),
        ]);
      if (name.endsWith(', unknown'))
        expect([name, unplug]).toEqual([name, name === 'interrupted' ? 'leave' : 'unknown']);
    }
  });

  it('never says safe when it comes late', () => {
    const safe = [messages['advice.safe'], messages['release.safe'], messages['verdict.safe']];
    const before = all.filter(([, notice]) =>
      safe.some((words) => `${notice.subject}\n${notice.text}`.includes(words)),
    );
    expect(before.length).toBeGreaterThan(15);
    for (const [name, notice] of all) {
      const { subject, text, unplug } = toldLate(notice);
      expect([name, unplug === 'safe', safe.filter((words) => `${subject}\n${text}`.includes(words))]).toEqual([
        name,
        false,
        [],
      ]);
      expect(subject.length).toBeLessThan(60);
    }
  });

  it('is urgent when it says DO NOT UNPLUG after a run', () => {
    for (const [name, { unplug, kind, priority }] of all)
      if (unplug === 'no' && (kind === 'failure' || kind === 'held'))
        expect([name, priority]).toEqual([name, 'urgent']);
  });

  it('names whom to call when something is wrong', () => {
    for (const [name, { kind, text }] of all)
      if (!['success', 'started'].includes(kind))
        expect([name, text]).toEqual([name, expect.stringContaining('Ann, +41 44 000 00 00')]);
  });
});

it('in German, an error says first what, which disk, and whether it may be unplugged; English details follow', () => {
  const told = new Map(everyNotice('de', 'BACKUP_2'));
  expect(told.get('failed, safe')).toMatchObject({
    subject: 'BACKUP_2 fehlgeschlagen, darf ausgesteckt werden',
    text: [
      'Die Sicherung auf die Platte BACKUP_2 ist fehlgeschlagen: Der Server nahm den Schlüssel der Station nicht an.',
      'Die Platte ist geschlossen. Sie können sie ausstecken.',
      'Auf dem Server als root das Skript von extbackup server-setup ausführen.',
      'Einzelheiten (englisch): The server could not be reached. Check the network.',
      'Hilfe: Ann, +41 44 000 00 00',
    ].join('\n'),
  });
  expect(told.get('done, safe')).toMatchObject({
    subject: 'BACKUP_2 ist fertig, darf ausgesteckt werden',
    text: expect.stringMatching(
      /^Die Sicherung auf die Platte BACKUP_2 ist vollständig\.\nDie Platte ist geschlossen\. [^]*\nBitte bringen: BACKUP_2, bis Freitag, 4\. Dezember\.$/,
    ) as string,
  });
});
