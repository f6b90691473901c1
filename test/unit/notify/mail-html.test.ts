import { describe, expect, it } from 'vitest';
import type { Notice } from '../../../src/notify/channel.ts';
import { mailHtml } from '../../../src/notify/mail-html.ts';

const notice: Notice = {
  ...{ version: 1, id: 'n', kind: 'success', priority: 'low', at: '2026-03-01T10:00:00.000Z', station: 'cellar' },
  ...{ drive: 'BACKUP_2', language: 'en', unplug: 'safe', subject: 'BACKUP_2 is done, safe to unplug' },
  ...{ text: 'The backup to disk BACKUP_2 is complete.\nThe disk is closed.', event: 'run:succeeded', payload: {} },
};
const unplugWords = (html: string): string | undefined => /<div style="[^"]*">([^<]*)/.exec(html)?.[1];

describe('the HTML of a mail', () => {
  it.each([
    ['safe', 'en', 'SAFE TO UNPLUG', '#1a7f37'],
    ['no', 'en', 'DO NOT UNPLUG', '#b42318'],
    ['no', 'de', 'NICHT AUSSTECKEN', '#b42318'],
    ['safe', 'de', 'DARF AUSGESTECKT WERDEN', '#1a7f37'],
    ['unknown', 'de', 'VOR DEM AUSSTECKEN PRÜFEN', '#f2c037'],
  ] as const)('begins with the big line: %s in %s', (unplug, language, words, colour) => {
    const html = mailHtml({ ...notice, unplug, language });
    expect(unplugWords(html)).toBe(words);
    expect(html).toContain(`background:${colour}`);
    expect(html.indexOf(words)).toBeLessThan(html.indexOf('<h1>'));
    expect(html).toContain(`<html lang="${language}">`);
  });

  it.each(['held', 'failure', 'warning'] as const)('is green after no bad news: %s', (kind) => {
    const html = mailHtml({ ...notice, kind, subject: 'STOPPED: BACKUP_2' });
    expect(unplugWords(html)).toBe('SAFE TO UNPLUG');
    expect(html).toContain('background:#f2c037;color:#1b1f24');
    expect(html).not.toContain('#1a7f37');
  });

  it('has no such line when it is about no plugged disk', () => {
    expect(unplugWords(mailHtml({ ...notice, unplug: undefined } as unknown as Notice))).toBeUndefined();
  });

  it('escapes what it shows, and has a paragraph for each line', () => {
    const html = mailHtml({ ...notice, subject: '<b>&"', text: '<script>alert(1)</script>\n"a" & \'b\'' });
    expect(html).toContain('<h1>&lt;b&gt;&amp;&quot;</h1>');
    expect(html).toContain('<p>&lt;script&gt;alert(1)&lt;/script&gt;</p>\n<p>&quot;a&quot; &amp; &#39;b&#39;</p>');
    expect(html).not.toContain('<script>');
  });

  it('is small, loads nothing from elsewhere, and knows dark surroundings', () => {
    const html = mailHtml(notice);
    expect(Buffer.byteLength(html)).toBeLessThan(4_000);
    expect(html).not.toMatch(/https?:|src=|href=|@import|url\(|<img|<link/);
    expect(html).toContain('prefers-color-scheme: dark');
  });

  it('is readable: the big line has a contrast of at least 4.5 to 1', () => {
    for (const unplug of ['safe', 'no', 'leave', 'gone', 'unknown'] as const) {
      const [, background = '', text = ''] =
        /background:(#\w{6});color:(#\w{6})/.exec(mailHtml({ ...notice, unplug })) ?? [];
      const [light, dark] = [luminance(background), luminance(text)].sort((a, b) => b - a) as [number, number];
      expect([unplug, (light + 0.05) / (dark + 0.05)]).toEqual([
        unplug,
        expect.toSatisfy((ratio: number) => ratio >= 4.5),
      ]);
    }
  });
});

/** Relative luminance (WCAG 2). */
function luminance(colour: string): number {
  const [red, green, blue] = [1, 3, 5].map((at) => {
    const share = parseInt(colour.slice(at, at + 2), 16) / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  }) as [number, number, number];
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
