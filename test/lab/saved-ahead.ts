import { openLab } from './lab.ts';
import { openStation } from './stories/operator.ts';

/** Saves the states that most stories start from before two of them begin at once, which would both make them. */
export default async function saveAhead(): Promise<void> {
  for (const open of [openLab, () => openStation('BACKUP_1')]) await (await open()).close();
}
