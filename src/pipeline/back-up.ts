/**
 * The whole run on one page: wake, open, check, mount, verify, pull, stamp. Unmounting and closing are the undo of
 * mounting and opening, so they happen however the run ends.
 */
import { labelPattern, sealPath, type DriveRecord, type Seal } from '../records/drive-record.ts';
import { parseSeal, verifyIdentity } from '../records/identity.ts';
import { isKnownFilesystem, type KnownFilesystem } from '../disk/filesystem.ts';
import { mappingName } from '../disk/luks.ts';
import { createHooks } from './hooks.ts';
import { timeForAge } from '../history/retention.ts';
import type { Machine } from './machine.ts';
import type { Story } from './story.ts';
import { settleLayout } from './layout.ts';
import { pullAll } from './pull-all.ts';
import { filesystemFailure, mountFailure, openFailure, strangeVolume, wakeFailure } from '../disk/disk-errors.ts';
import { verifyPart } from './verify-part.ts';
import { withUndo, throwIfCancelled } from '../system/undo.ts';
import type { Job, RunResult } from './job.ts';

/**
 * Backs up to one disk and closes it again.
 * @throws ExtbackupError with what the operator has to know; NotReleasedError when the disk could not be closed
 */
export async function backUp(job: Job, machine: Machine, story: Story, signal: AbortSignal): Promise<RunResult> {
  const { record, device } = job;
  const mapping = mappingName(record.label);
  const hooks = createHooks(job, machine, story, signal);
  try {
    return await hooks.untilClosed(() =>
      withUndo(signal, async (take) => {
        story.enter('waking');
        await wakeFailure(record.label, () => machine.wake(device, signal));
        if ((await machine.luksUuid(device, signal)) !== record.luksUuid) throw strangeVolume(record.label);
        await hooks.before('mount');
        story.enter('opening');
        const opened = await story.timed(() =>
          take({
            check: async () => {
              if (await machine.isOpen(mapping)) throw openFailure(record.label, 'busy');
            },
            apply: async () => {
              const { label: called, luks: enrolled } = record;
              const opening = await machine.open({ device, name: mapping, called, enrolled }, signal);
              if (opening.outcome !== 'opened') throw openFailure(called, opening.outcome);
              return opening.luks;
            },
            undo: async () => {
              story.enter('closing');
              const closed = await story.timed(() => machine.ensureClosed(mapping));
              story.tell('luks:closed', { tookMs: closed.tookMs });
            },
            leftover: `LUKS is still open as ${mapping}`,
          }),
        );
        story.tell('luks:opened', { tookMs: opened.tookMs });
        const fstype = await checkFilesystem(mapping, record.label, machine, story, signal);
        story.enter('mounting');
        const mounted = await story.timed(() =>
          take({
            check: async () => {
              if (await machine.isMounted()) throw filesystemFailure(record.label, 'mount-point-taken');
            },
            apply: async () => {
              await mountFailure(record.label, fstype, () => machine.mount(mapping, fstype, signal));
            },
            undo: async () => {
              await hooks.beforeUndo();
              story.enter('unmounting');
              const unmounted = await story.timed(() => machine.ensureUnmounted());
              story.tell('fs:unmounted', { tookMs: unmounted.tookMs });
            },
            leftover: 'the file system is still mounted at /mnt/plaintext',
          }),
        );
        story.tell('fs:mounted', { tookMs: mounted.tookMs });
        story.enter('verifying');
        const seal = await verifyInside(record, machine);
        story.tell('label:verified', {});
        const layout = await settleLayout(job, machine, story);
        await hooks.after('mount');
        const pulled = await hooks.aroundSync(() => pullAll(job, layout, machine, story, signal));
        await hooks.before('close'); // not after the stamp: a run that fails here is not complete
        if (!pulled.complete)
          return {
            figures: pulled.figures,
            gaps: true,
            vanished: pulled.vanished,
            generation: seal.generation,
            luks: opened.result,
            ...(pulled.suspicious && { suspicious: true }),
          };
        story.enter('flushing');
        await machine.flush(signal);
        throwIfCancelled(signal);
        story.enter('stamping');
        const generation = seal.generation + 1;
        await machine.writeInside(sealPath, `${JSON.stringify({ ...seal, generation })}\n`);
        const historyAt = await machine.historyStand();
        const stampedAt = new Date();
        await machine.stamp(stampedAt);
        story.tell('label:stamped', { stampedAt: stampedAt.toISOString() });
        if (!pulled.suspicious && record.suspicion === undefined) await thinOutHistory(job, machine, story, signal);
        const verified = await verifyPart(job, machine, story, pulled.figures, signal);
        return {
          figures: pulled.figures,
          gaps: pulled.vanished > 0,
          vanished: pulled.vanished,
          stampedAt,
          historyAt,
          generation,
          luks: opened.result,
          ...(verified && { verified }),
          ...(pulled.suspicious && { suspicious: true }),
        };
      }),
    );
  } catch (error) {
    // A step that was cancelled fails in its own words; the reason for the cancelling is what happened.
    if (signal.aborted && !isNotReleased(error)) throwIfCancelled(signal);
    throw error;
  }
}

/** Only after a good run: nothing old is given up for a state that may be bad. */
async function thinOutHistory(
  { config: { history }, record }: Job,
  machine: Machine,
  story: Story,
  signal: AbortSignal,
): Promise<void> {
  if (!history.enabled) return;
  story.enter('pruning');
  try {
    const removed = await machine.pruneHistory({ now: timeForAge(record), ...history.keep }, signal);
    if (removed > 0) story.tell('history:pruned', { removed });
  } catch {
    // the backup is complete; the next run tries again
  }
}

const isNotReleased = (error: unknown): boolean => error instanceof Error && 'leftovers' in error;

async function checkFilesystem(
  mapping: string,
  label: string,
  machine: Machine,
  story: Story,
  signal: AbortSignal,
): Promise<KnownFilesystem> {
  story.enter('checking');
  const fstype = await machine.filesystemType(mapping);
  if (!isKnownFilesystem(fstype)) throw filesystemFailure(label, 'unknown-type');
  const checked = await story.timed(() => machine.check(mapping, fstype, signal));
  if (checked.result === 'needs-a-person') throw filesystemFailure(label, 'needs-a-person');
  if (checked.result !== 'at-mount')
    story.tell('fs:checked', { tookMs: checked.tookMs, repaired: checked.result === 'repaired' });
  return fstype;
}

/** The inside must belong to the outside; nothing that stands on the disk is used for anything else. */
async function verifyInside(record: DriveRecord, machine: Machine): Promise<Seal> {
  const label = (await machine.readInside('LABEL'))?.trim();
  const seal = parseSeal(await machine.readInside(sealPath));
  verifyIdentity(record, {
    label: label !== undefined && labelPattern.test(label) ? label : label && '(unreadable)',
    seal,
  });
  return (
    seal ?? {
      version: 1,
      sealedId: record.sealedId,
      luksUuid: record.luksUuid,
      label: record.label,
      generation: record.generation,
    }
  );
}
