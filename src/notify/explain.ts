import type { EventMap } from '../bus/events.ts';
import type { Failure } from '../bus/events.ts';
import type { IgnoredName, Said, WarningName } from '../words/catalogue.ts';
import type { Speaker } from '../words/speaker.ts';

/** An error or a warning in the language of the operator. */
export interface Explained {
  readonly happened: string;
  readonly todo: string;
  /** The program's own English words, if the operator reads another language. */
  readonly details: readonly string[];
}

/**
 * The words of an error. In English, the error brings its own words. Another language has short ones for its code,
 * and the English ones, with their figures and names, follow as details.
 */
export function explain(
  words: Speaker,
  { code, happened, todo }: Pick<Failure, 'code' | 'happened' | 'todo'>,
): Explained {
  const { translated } = words.catalogue;
  if (translated === undefined) return { happened, todo, details: [] };
  const [own, advice]: Said = translated.errors[code] ?? translated.errors.other;
  return { happened: own, todo: advice, details: [details(words, happened, todo)] };
}

/** The lines of a warning, by the same rule. */
export function explainWarning(
  words: Speaker,
  { about, reason, todo }: { readonly about: WarningName; readonly reason: string; readonly todo: string },
): string[] {
  const own = words.catalogue.translated?.warnings[about];
  return own === undefined ? [reason, todo] : [own, details(words, reason, todo)];
}

/** The lines about a plugged disk that is not used, by the same rule. */
export function explainIgnored(words: Speaker, { reason, happened, todo }: EventMap['drive:ignored']): string[] {
  const own = words.catalogue.translated?.ignored[reason as IgnoredName];
  return own === undefined ? [happened, todo] : [own, details(words, happened, todo)];
}

const details = (words: Speaker, happened: string, todo: string): string =>
  words.say('details', { text: `${happened} ${todo}` });
