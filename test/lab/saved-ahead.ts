import { openLab } from './lab.ts';
import { openStation } from './stories/operator.ts';

/** Saves the states that most stories need, so that two stories do not prepare the same state at once. */
export default async function saveAhead(): Promise<void> {
  for (const open of [openLab, () => openStation('BACKUP_1')]) await (await open()).close();
}
