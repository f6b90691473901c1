import { readRoom } from '../disk/room.ts';
import { listHistory } from './history-entry.ts';
import type { KeepRule } from './retention.ts';

/** The remaining budget of a run. */
export interface Budget {
  entries: number;
  bytes: number;
}

/** The most that one run removes: a share of the entries, but one at least, and of the disk. */
export async function budgetOf(top: string, { perRun }: Pick<KeepRule, 'perRun'>): Promise<Budget> {
  const { bytes } = await readRoom(top);
  return { entries: Math.max(1, Math.ceil((await listHistory(top)).length * perRun)), bytes: bytes * perRun };
}
