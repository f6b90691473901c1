import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Catalogue } from '../../../src/words/catalogue.ts';
import { en } from '../../../src/words/en.ts';
import { catalogues, languages } from '../../../src/words/languages.ts';

/** Every text of a catalogue by its place, such as `messages.started.subject`. */
function textsOf(part: object, path = ''): Map<string, string> {
  const texts = new Map<string, string>();
  for (const [name, value] of Object.entries(part) as [string, unknown][]) {
    const place = path === '' ? name : `${path}/${name}`;
    if (typeof value === 'string') texts.set(place, value);
    else for (const [below, text] of textsOf(value as object, place)) texts.set(below, text);
  }
  return texts;
}

const placeholders = (text: string): string[] => [...new Set(text.match(/\{\w+\}/g) ?? [])].sort();

/** The plural forms of a language are its own. */
const ofEveryLanguage = [...textsOf(en)].filter(([place]) => !place.startsWith('nouns/'));

describe.each(languages)('%s', (language) => {
  const catalogue: Catalogue = catalogues[language];
  const texts = textsOf(catalogue);

  it('has every message, and no empty one', () => {
    expect(ofEveryLanguage.map(([place]) => place).filter((place) => (texts.get(place) ?? '').trim() === '')).toEqual([
      ...(catalogue.numbers.thousands === '\u00A0' ? ['numbers/thousands'] : []),
    ]);
    expect(Object.keys(catalogue.nouns).sort()).toEqual(Object.keys(en.nouns).sort());
  });

  it('has the same placeholders in each', () => {
    const different = ofEveryLanguage.filter(
      ([place, text]) => String(placeholders(texts.get(place) ?? '')) !== String(placeholders(text)),
    );
    expect(different.map(([place]) => place)).toEqual([]);
    for (const forms of Object.values(catalogue.nouns))
      for (const form of Object.values(forms)) expect(placeholders(form)).toEqual(['{count}']);
  });

  it.runIf(language !== 'en')('says what the program says in English: warnings, refused disks, errors of runs', () => {
    const { translated } = catalogue;
    if (translated === undefined) throw new Error('nothing is translated');
    expect(Object.keys(translated.warnings).sort()).toEqual(Object.keys(en.warnings).sort());
    expect(codesOfRuns().filter((code) => translated.errors[code] === undefined)).toEqual([]);
    expect(
      Object.values(translated.errors)
        .flat()
        .filter((text) => text.trim() === ''),
    ).toEqual([]);
  });
});

it('is written so that everybody reads it: no ß', () => {
  expect([...textsOf(catalogues.de).values()].filter((text) => text.includes('ß'))).toEqual([]);
});

/** Codes of docs/errors.md that a run can end with; those of commands alone are never in a notice. */
function codesOfRuns(): string[] {
  const page = readFileSync(new URL('../../../docs/errors.md', import.meta.url), 'utf8');
  const sections = page.split(/^## /m).filter((section) => isOfRuns.some((title) => section.startsWith(title)));
  const codes = sections.flatMap((section) => [...section.matchAll(/^\| `(EXB_\w+)`/gm)].map(([, code = '']) => code));
  expect(codes.length).toBeGreaterThan(50);
  return codes.filter((code) => !ofCommands.includes(code));
}

const isOfRuns = ['The server', 'A run', 'Which disk', 'Opening', 'Keys'];
const ofCommands = [
  'EXB_NEW_KEY',
  'EXB_PAUSED',
  'EXB_FRESH',
  'EXB_AMBIGUOUS',
  'EXB_AGENT_GONE',
  'EXB_PASSWORD',
  'EXB_USAGE',
];
