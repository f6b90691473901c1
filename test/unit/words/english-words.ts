import { catalogues, type Language } from '../../../src/words/languages.ts';

const lettersOf = (text: string): string[] => text.toLowerCase().match(/\p{L}{2,}/gu) ?? [];

/** All words of a catalogue, without the names of placeholders. */
function wordsOf(language: Language): Set<string> {
  const words = new Set<string>();
  const take = (part: unknown): void => {
    if (typeof part === 'string') for (const word of lettersOf(part.replace(/\{\w+\}/g, ' '))) words.add(word);
    else if (typeof part === 'object' && part !== null) Object.values(part).forEach(take);
  };
  const { nouns, messages, warnings, translated } = { translated: undefined, ...catalogues[language] };
  [nouns, messages, warnings, translated].forEach(take);
  return words;
}

const german = wordsOf('de');
const onlyEnglish = new Set([...wordsOf('en')].filter((word) => !german.has(word)));

/** The words of a text that only the English catalogue has. */
export const englishWordsIn = (text: string): string[] =>
  [...new Set(lettersOf(text))].filter((word) => onlyEnglish.has(word));

/** What a person gets from a page: its texts, titles and labels. */
export const textOfPage = (html: string): string =>
  [
    html.replace(/<style>[^]*?<\/style>/g, ' ').replace(/<[^>]*>/g, ' '),
    ...[...html.matchAll(/(?:aria-label|title|alt)="([^"]*)"/g)].map(([, text = '']) => text),
  ].join(' ');
