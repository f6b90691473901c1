import type { Counts } from '../bus/events.ts';
import type { HeldSign } from '../bus/held-sign.ts';
import { count } from '../text/wording.ts';
import type { Before } from './limits.ts';

/** The largest change: in a few words, and for the words of other languages. */
export function headlineOf(
  { filesTotal }: Before,
  counts: Counts,
  isAlarm: boolean,
): { readonly headline: string; readonly sign: HeldSign } {
  const { created, changed, deleted, attributes = 0 } = counts;
  const kinds: { what: HeldSign['what']; files: number; one: string; several: string }[] = [
    { what: 'deleted', files: deleted, one: 'is gone on the server', several: 'are gone on the server' },
    { what: 'changed', files: changed, one: 'is changed on the server', several: 'are changed on the server' },
    {
      ...{ what: 'attributes', files: attributes },
      ...{ one: 'has another owner or other rights', several: 'have another owner or other rights' },
    },
  ];
  const { what, files, one, several } = kinds.reduce((a, b) => (b.files > a.files ? b : a));
  const percent = filesTotal === 0 ? 0 : Math.min(100, Math.round((100 * files) / filesTotal));
  const amount = percent === 0 ? count(files, 'file') : `${percent} % of the files`;
  const change =
    files === 0 ? `${count(created, 'new file')} on the server` : `${amount} ${amount === '1 file' ? one : several}`;
  return {
    headline: isAlarm ? `${change}; this looks like an attack` : change,
    sign: files === 0 ? { what: 'created', files: created } : { what, files, ...(percent > 0 && { percent }) },
  };
}
