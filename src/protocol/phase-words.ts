import type { Phase } from '../bus/events.ts';

const words: Readonly<Record<Phase, string>> = {
  waking: 'waiting for the disk to spin up',
  opening: 'opening',
  checking: 'checking the file system',
  mounting: 'mounting',
  verifying: 'checking whether it is the right disk',
  pulling: 'pulling',
  'waiting-for-server': 'waiting for the server to try again',
  deleting: 'deleting files that are gone on the server',
  stamping: 'noting the time of the backup',
  pruning: 'removing old history',
  'verifying-data': 'reading back a part of the copy',
  flushing: 'writing everything to the disk',
  unmounting: 'unmounting',
  closing: 'closing',
};

/** The present part of a run in words; an unknown phase is shown by its name. */
export const phaseWords = (phase: string): string => (words as Readonly<Record<string, string>>)[phase] ?? phase;
