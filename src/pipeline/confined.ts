import { PullError } from '../errors.ts';
import type { Machine } from './machine.ts';
import type { Story } from './story.ts';

const remedy = 'Install it again: apt-get install --reinstall bubblewrap ; then see: extbackup doctor';

/**
 * Before a disk is opened: rsync is to run in its box.
 * @throws PullError where it did once, and does not any more; where it never did, the run tells
 */
export async function requireBox(machine: Pick<Machine, 'confinement'>, story: Story): Promise<void> {
  const confinement = await machine.confinement();
  if (confinement === 'lost')
    throw new PullError(
      'EXB_NOT_CONFINED',
      'rsync cannot be confined on this station any more; nothing was opened.',
      `${remedy}. To go on without: rm /var/lib/extbackup/confined`,
    );
  if (confinement === 'none')
    story.tell('run:warned', {
      about: 'box',
      reason:
        'rsync runs without its box, because bwrap(1) does not work here: a hostile server could reach more than the opened disk.',
      todo: remedy,
    });
}
