import type { SetStatus, Status } from '../protocol/status.ts';
import { describeAge } from '../text/wording.ts';

/** A set of disks: its freshest offline copy, sources without a fresh one, the disk to bring next, overdue disks. */
export function describeSet({ drives }: Pick<Status, 'drives'>, set: SetStatus, now: Date): string[] {
  const { name, offlineCopy, overdue, next, overdueDrives, sources } = set;
  const copy =
    offlineCopy === null
      ? `no complete offline copy${overdue ? '; FOR TOO LONG' : ''}`
      : `${describeAge(offlineCopy.at, now)} old, on ${offlineCopy.drive}${overdue ? '; TOO OLD' : ''}`;
  const late = sources.filter((source) => source.offlineCopy === null || source.overdue);
  const isHere = drives.some(({ label, present }) => label === next && present);
  return [
    `Set ${name}: ${copy}`,
    ...late.map((source) => `  ${source.name}: ${copyOf(source.offlineCopy, now)}`),
    ...(next === null || isHere ? [] : [`  Bring next  ${next}`]),
    ...(overdueDrives.length === 0 ? [] : [`  Overdue     ${overdueDrives.join(', ')}`]),
  ];
}

const copyOf = (copy: SetStatus['offlineCopy'], now: Date): string =>
  copy === null ? 'no offline copy in this set' : `${describeAge(copy.at, now)} old, on ${copy.drive}`;
