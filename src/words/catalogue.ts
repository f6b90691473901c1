import type { en } from './en.ts';

/** A message with placeholders such as {drive}; English has the list. */
export type MessageName = keyof typeof en.messages;
/** A thing that is counted. */
export type Noun = keyof typeof en.nouns;
/** The matter of a warning, which gives it its subject. A new one needs its words in every language. */
export type WarningName = keyof typeof en.warnings;
/** The reasons why a plugged disk is not used. */
export const ignoredNames = ['not-enrolled', 'duplicate-uuid', 'no-block-device', 'not-authorized', 'no-luks'] as const;
export type IgnoredName = (typeof ignoredNames)[number];

/** The texts of a part of the catalogue, in another language than English. */
export type Words<English> = Readonly<Record<keyof English, string>>;

/** Forms of a noun by the plural rules of the language; {count} is the number. */
export type Forms = { readonly other: string } & { readonly [Rule in Intl.LDMLPluralRule]?: string };

/** What happened, and what to do. */
export type Said = readonly [happened: string, todo: string];

/**
 * Short words of another language for the English words of the program. Details follow in English.
 */
export interface Translated {
  readonly warnings: Readonly<Record<WarningName, string>>;
  readonly ignored: Readonly<Record<IgnoredName, string>>;
  /** What to do about a held run: too many changes, or the server's heartbeat. */
  readonly held: { readonly limits: string; readonly heartbeat: string };
  /** By code; `other` for those that are missing. */
  readonly errors: Readonly<Record<string, Said>> & { readonly other: Said };
}

/** All words of a language. */
export interface Catalogue {
  readonly numbers: { readonly decimal: string; readonly thousands: string };
  readonly dates: {
    /** BCP 47, for the names of days and months. */
    readonly locale: string;
    readonly day: string;
    readonly dayOfYear: string;
    /** In figures, each with two digits at least. */
    readonly date: string;
    readonly moment: string;
  };
  readonly nouns: Readonly<Record<Noun, Forms>>;
  readonly messages: Readonly<Record<MessageName, string>>;
  /** Subjects. */
  readonly warnings: Readonly<Record<WarningName, string>>;
  /** Absent for English. */
  readonly translated?: Translated;
}
