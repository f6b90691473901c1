import { alarmOf, type Findings } from '../guard/content-sampler.ts';
import { looksWrong } from '../guard/hold.ts';
import type { Guard } from '../guard/guard.ts';
import type { Job } from './job.ts';
import type { Machine } from './machine.ts';
import type { PullOrder } from '../rsync/order.ts';
import type { Story } from './story.ts';

/** File on the disk with the names of files that look encrypted. It names files, so it stays on the disk. */
export const contentReport = '.extbackup/suspicious.txt';

/**
 * Checks a sample of the copied files, before anything is deleted. @param deletions how many files would be deleted
 * @returns whether the sample looks wrong; then the operator was warned
 * @throws HeldError if the settings ask for it
 */
export async function checkContent(
  job: Job,
  machine: Machine,
  guard: Guard,
  order: PullOrder,
  deletions: number,
  story: Story,
): Promise<boolean> {
  const alarm = await signsIn(machine, guard, order, deletions);
  if (alarm === undefined) return false;
  const { label } = job.record;
  if (order.source.guard.content === 'hold')
    throw looksWrong(
      label,
      alarm,
      { ...guard.tally.counts, deleted: guard.tally.counts.deleted + deletions },
      { deleted: guard.tally.counts.deleted, isKept: job.config.history.enabled },
    );
  story.tell('run:warned', {
    about: 'attack',
    reason: `The data from the server looks as if it had been attacked: ${alarm}.`,
    todo:
      `Look at the server. The earlier versions are kept on ${label}, and no history is removed until you answer. ` +
      `If all is well: extbackup approve ${label} --reason TEXT. If not: extbackup rollback ${label}`,
  });
  return true;
}

/** Signs of encryption in the sample, in words without file names; the names go into a report on the disk. */
export async function signsIn(
  machine: Machine,
  guard: Guard,
  { source }: PullOrder,
  deletions: number,
): Promise<string | undefined> {
  const findings = await guard.content?.examine(
    {
      now: (path) => machine.readHead(path, source),
      before: async (path) => {
        for (const entry of guard.kept) {
          const bytes = await machine.readHead(path, source, entry);
          if (bytes) return bytes;
        }
        return undefined;
      },
    },
    deletions,
  );
  const alarm = findings && alarmOf(findings);
  if (findings && alarm !== undefined) await writeReport(machine, alarm, findings);
  return alarm;
}

async function writeReport(machine: Machine, alarm: string, findings: Findings): Promise<void> {
  const { ending, noteNames, examples } = findings;
  const lines = [
    ...(ending === undefined ? [] : [`New ending of many files: ${ending}`]),
    ...noteNames.map((name) => `Named like a ransom note: ${name}`),
    ...examples.map((name) => `Looks encrypted: ${name}`),
  ];
  try {
    await machine.writeInside(contentReport, [alarm, '', ...lines, ''].join('\n'));
  } catch {
    // a full disk: the operator has the numbers, only not the names
  }
}
