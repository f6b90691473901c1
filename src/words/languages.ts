import type { Catalogue } from './catalogue.ts';
import { de } from './de.ts';
import { en } from './en.ts';

/** The languages of notices and of the screen. A third one is a file and a folder like those of German, and its line here. */
export const catalogues = { en, de } as const satisfies Readonly<Record<string, Catalogue>>;

/** A language by its two letters. */
export type Language = keyof typeof catalogues;

/** The values of the setting `language`. */
export const languages = Object.keys(catalogues) as [Language, ...Language[]];
