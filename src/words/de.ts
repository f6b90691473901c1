import type { Catalogue } from './catalogue.ts';
import { verdicts } from './de/verdicts.ts';
import { runs } from './de/runs.ts';
import { holds } from './de/holds.ts';
import { disks } from './de/disks.ts';
import { rotation } from './de/rotation.ts';
import { delivery } from './de/delivery.ts';
import { card } from './de/card.ts';
import { screen } from './de/screen.ts';
import { report } from './de/report.ts';
import { judgement } from './de/judgement.ts';
import { warnings } from './de/warnings.ts';
import { errors } from './de/errors.ts';
import { answers, explainedDisks, explainedWarnings } from './de/explained.ts';

/** German, in a spelling that is right in Switzerland, Germany and Austria. */
export const de: Catalogue = {
  numbers: { decimal: ',', thousands: '\u00A0' },
  dates: {
    locale: 'de-CH',
    day: '{weekday}, {day}. {month}',
    dayOfYear: '{weekday}, {day}. {month} {year}',
    date: '{day}.{month}.{year}',
    moment: '{day}, {time} Uhr ({zone})',
  },
  nouns: {
    second: { one: '{count} Sekunde', other: '{count} Sekunden' },
    minute: { one: '{count} Minute', other: '{count} Minuten' },
    hour: { one: '{count} Stunde', other: '{count} Stunden' },
    day: { one: '{count} Tag', other: '{count} Tage' },
    file: { one: '{count} Datei', other: '{count} Dateien' },
    newFile: { one: '{count} neue Datei', other: '{count} neue Dateien' },
    entry: { one: '{count} Eintrag', other: '{count} Einträge' },
    run: { one: '{count} Lauf', other: '{count} Läufe' },
    station: { one: '{count} Station', other: '{count} Stationen' },
    ioError: { one: '{count} E/A-Fehler', other: '{count} E/A-Fehler' },
    oldState: { one: '{count} alter Zustand', other: '{count} alte Zustände' },
    oldEntry: { one: '{count} alter Eintrag', other: '{count} alte Einträge' },
  },
  messages: {
    ...verdicts,
    ...runs,
    ...holds,
    ...disks,
    ...rotation,
    ...delivery,
    ...card,
    ...screen,
    ...report,
    ...judgement,
  },
  warnings,
  translated: { warnings: explainedWarnings, ignored: explainedDisks, held: answers, errors },
};
