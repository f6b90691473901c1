import { verdicts } from './en/verdicts.ts';
import { runs } from './en/runs.ts';
import { holds } from './en/holds.ts';
import { disks } from './en/disks.ts';
import { rotation } from './en/rotation.ts';
import { delivery } from './en/delivery.ts';
import { card } from './en/card.ts';
import { screen } from './en/screen.ts';
import { report } from './en/report.ts';
import { judgement } from './en/judgement.ts';
import { warnings } from './en/warnings.ts';

/** English, with the list of messages that each other language needs. {@link Catalogue} explains the parts. */
export const en = {
  numbers: { decimal: '.', thousands: ',' },
  dates: {
    locale: 'en-GB',
    day: '{weekday} {day} {month}',
    dayOfYear: '{weekday} {day} {month} {year}',
    date: '{year}-{month}-{day}',
    moment: '{day}, {time} ({zone})',
  },
  nouns: {
    second: { one: '{count} second', other: '{count} seconds' },
    minute: { one: '{count} minute', other: '{count} minutes' },
    hour: { one: '{count} hour', other: '{count} hours' },
    day: { one: '{count} day', other: '{count} days' },
    file: { one: '{count} file', other: '{count} files' },
    newFile: { one: '{count} new file', other: '{count} new files' },
    entry: { one: '{count} entry', other: '{count} entries' },
    run: { one: '{count} run', other: '{count} runs' },
    station: { one: '{count} station', other: '{count} stations' },
    ioError: { one: '{count} I/O error', other: '{count} I/O errors' },
    oldState: { one: '{count} old state', other: '{count} old states' },
    oldEntry: { one: '{count} old entry', other: '{count} old entries' },
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
} as const;
