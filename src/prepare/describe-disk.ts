import prettyBytes from 'pretty-bytes';
import { withDescendants, type BlockDevice } from '../disk/block-devices.ts';

/** Lines that a person needs to see before a disk is erased: the disk, and its content. */
export function describeDisk(disk: BlockDevice): string[] {
  const name = [
    disk.model ?? 'unknown model',
    disk.serial === null ? 'no serial number' : `serial ${disk.serial}`,
    size(disk),
    disk.transport ?? 'unknown connection',
  ];
  const parts = [...withDescendants(disk)].filter((part) => part !== disk || part.fstype !== null);
  return [
    `${disk.path}: ${name.map(clean).join(', ')}`,
    ...(disk.partitionTable === null ? [] : [`  partition table: ${clean(disk.partitionTable)}`]),
    ...parts.map((part) => `  ${part.path}: ${size(part)}, ${content(part)}, not mounted`),
    ...(parts.length === 0 && disk.partitionTable === null ? ['  nothing recognised on it'] : []),
  ];
}

const size = ({ sizeBytes }: BlockDevice): string => prettyBytes(sizeBytes, { space: true });

function content({ fstype, label, partlabel }: BlockDevice): string {
  const name = label ?? partlabel;
  return `${clean(fstype ?? 'nothing recognised')}${name === null ? '' : ` "${clean(name)}"`}`;
}

/** Names on a strange disk may hold anything, also control sequences for the terminal. */
const clean = (text: string): string => text.replace(/[^\x20-\x7e]/g, '?');
