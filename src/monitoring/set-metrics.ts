import type { Status } from '../protocol/status.ts';
import { flag, gauge, unixTime, type Metric } from './gauge.ts';

/** Sets of disks, if the settings have any. */
export function ofSets({ rotation: { sets = [] } }: Pick<Status, 'rotation'>): Metric[] {
  const copies = sets.flatMap(({ name, offlineCopy }) =>
    offlineCopy === null ? [] : [{ labels: { set: name, drive: offlineCopy.drive }, value: unixTime(offlineCopy.at) }],
  );
  const sources = sets.flatMap(({ name: set, sources: all }) =>
    all.flatMap(({ name: source, offlineCopy }) =>
      offlineCopy === null ? [] : [{ labels: { set, source }, value: unixTime(offlineCopy.at) }],
    ),
  );
  return [
    gauge(
      'set_overdue',
      '1 while even the freshest offline copy of the set is too old.',
      sets.map(({ name, overdue }) => ({ labels: { set: name }, value: flag(overdue) })),
    ),
    gauge(
      'set_offline_copy_timestamp_seconds',
      'Time of the freshest copy of all sources of the set on a disk that is not plugged in.',
      copies,
    ),
    gauge(
      'set_source_offline_copy_timestamp_seconds',
      'Time of the freshest copy of a source on a disk of the set that is not plugged in.',
      sources,
    ),
  ];
}
