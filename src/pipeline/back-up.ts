/**
 * The whole run on one page: wake, open, check, mount, verify, pull, stamp. Unmounting and closing are the undo of
 * mounting and opening, so they happen however the run ends.
 */
import { recentRunsOf, withRun } from '../guard/recent-runs.ts';
import { labelPattern, sealPath, type DriveRecord, type Seal } from '../records/drive-record.ts';
import { parseSeal, verifyIdentity } from '../records/identity.ts';
import { isKnownFilesystem, type KnownFilesystem } from '../disk/filesystem.ts';
import { mappingName } from '../disk/luks.ts';
import { uuidIn, type LuksFacts } from '../disk/luks-header.ts';
import { NotReleasedError } from '../errors.ts';
import { requireBox } from './confined.ts';
import { markBegun, markEnded } from './begun-mark.ts';
import { createHooks, type Hooks } from './hooks.ts';
import type { Machine } from './machine.ts';
import { measuredMachine } from './measured-machine.ts';
import type { Story } from './story.ts';
import { settleLayout } from './layout.ts';
import { pullAll } from './pull-all.ts';
import { filesystemFailure, mountFailure, openFailure, strangeVolume, wakeFailure } from '../disk/disk-errors.ts';
import { verifyPart } from './verify-part.ts';
import { withUndo, throwIfCancelled, type TakeStep } from '../system/undo.ts';
import type { Job, PullResult, RunResult, RunTime } from './job.ts';
import { prune } from './room.ts';
import { settleTime, timeOfStamp } from './run-time.ts';

/**
 * Backs up to one disk and closes it again. @throws ExtbackupError with words for the operator; NotReleasedError when
 * the disk could not be closed
 */
export async function backUp(job: Job, rawMachine: Machine, story: Story, signal: AbortSignal): Promise<RunResult> {
  const machine = measuredMachine(rawMachine, job);
  const hooks = createHooks(job, machine, story, signal);
  const run: Run = { job, machine, story, signal, mapping: mappingName(job.record.label) };
  try {
    return await hooks.untilClosed(() =>
      withUndo(signal, async (take) => {
        await requireBox(machine, story);
        await wake(run);
        await hooks.before('mount');
        const luks = await open(run, take); // undone by closing LUKS
        const fstype = await checkFilesystem(run);
        await mount(run, fstype, hooks, take); // undone by unmounting
        const seal = await verifyInside(run);
        const wasCutOff = await begin(run, take); // undone by noting that it ended
        const layout = await settleLayout(job, machine, story);
        await hooks.after('mount');
        const time = await settleTime(job, seal, machine, story, signal);
        job.onPosition?.(time.position);
        const timed = { ...job, sealed: seal, time, wasCutOff };
        const pulled = await hooks.aroundSync(() => pullAll(timed, layout, machine, story, signal));
        await hooks.before('close'); // before the stamp: a failure here makes the run incomplete
        const result = { ...resultOf(pulled), luks };
        if (!pulled.complete) return { ...result, gaps: true, generation: seal.generation };
        await flush(run);
        const stamped = await stamp(run, seal, time, pulled);
        if (!pulled.suspicious && job.record.suspicion === undefined) await thinOutHistory({ ...run, job: timed });
        const room = await machine.readRoom();
        const verified = await verifyPart(job, machine, story, pulled.figures, signal);
        return { ...result, ...stamped, room, ...(verified && { verified }) };
      }),
    );
  } catch (error) {
    // A cancelled step fails in its own words; the operator needs the reason of the cancellation.
    if (signal.aborted && !(error instanceof NotReleasedError)) throwIfCancelled(signal);
    throw error;
  }
}

/** Shared by the steps of one run. */
interface Run {
  readonly job: Job;
  readonly machine: Machine;
  readonly story: Story;
  readonly signal: AbortSignal;
  /** Name of the disk's mapping while it is open. */
  readonly mapping: string;
}

async function wake({ job: { record, device }, machine, story, signal }: Run): Promise<void> {
  story.enter('waking');
  const begin = await wakeFailure(record.label, () => machine.wake(device, signal));
  if (uuidIn(begin) === record.luksUuid) return;
  // cryptsetup has a second header, in case the first one is damaged
  if ((await machine.luksUuid(device, signal)) !== record.luksUuid) throw strangeVolume(record.label);
}

/** Opens LUKS; undone by closing it. */
async function open(
  { job: { record, device }, machine, story, signal, mapping }: Run,
  take: TakeStep,
): Promise<LuksFacts> {
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
  return opened.result;
}

/** Mounts the checked file system; undone by the hooks before closing, and unmounting. */
async function mount(run: Run, fstype: KnownFilesystem, hooks: Hooks, take: TakeStep): Promise<void> {
  const {
    job: { record },
    machine,
    story,
    signal,
    mapping,
  } = run;
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
}

/** Notes on the disk that the run begins, and at any orderly end that it ended. */
const begin = ({ job, machine, story }: Run, take: TakeStep): Promise<boolean> =>
  take({
    apply: () => markBegun(job, machine, story),
    undo: () => markEnded(machine).catch(() => undefined), // the run itself reports a disk that cannot be written
    leftover: '',
  });

/** Waits until all pulled files are on the medium. */
async function flush({ machine, story, signal }: Run): Promise<void> {
  story.enter('flushing');
  await machine.flush(signal);
  throwIfCancelled(signal);
}

/** Records, inside the disk, that the pull was complete. */
async function stamp(
  { job: { record }, machine, story }: Run,
  seal: Seal,
  time: RunTime,
  pulled: PullResult,
): Promise<Required<Pick<RunResult, 'stampedAt' | 'history' | 'measured' | 'generation'>>> {
  story.enter('stamping');
  const generation = seal.generation + 1;
  const measured = time.measured.toISOString();
  const next: Seal = { ...seal, ...recentInSeal(record, seal, pulled), generation, measured };
  await machine.writeInside(sealPath, `${JSON.stringify(next)}\n`);
  const history = await machine.historyPosition();
  const stampedAt = timeOfStamp(new Date(), record.lastSuccess, time);
  await machine.stamp(stampedAt);
  story.tell('label:stamped', { stampedAt: stampedAt.toISOString() });
  return { stampedAt, history, measured: time.station, generation };
}

/** The figures of this run, added to those of earlier runs: a newly set-up station finds them on the disk. */
function recentInSeal(
  record: DriveRecord,
  seal: Seal,
  { figures, bySource }: PullResult,
): Pick<Seal, 'recent' | 'sources'> {
  if (bySource === undefined) return { recent: withRun(seal.recent ?? recentRunsOf(record), figures) };
  const sources = Object.entries(bySource).map(([name, own]) => {
    const known = record.sources?.[name];
    return [name, withRun(seal.sources?.[name] ?? (known ? recentRunsOf(known) : []), own)] as const;
  });
  return { sources: Object.fromEntries(sources) };
}

const resultOf = ({
  figures,
  vanished,
  suspicious,
}: PullResult): Pick<RunResult, 'figures' | 'gaps' | 'vanished' | 'suspicious'> => ({
  figures,
  gaps: vanished > 0,
  vanished,
  ...(suspicious && { suspicious: true }),
});

/** Only after a good run: a state that may be bad must not push out old history. */
async function thinOutHistory({ job, machine, story, signal }: Run): Promise<void> {
  if (!job.config.history.enabled) return;
  story.enter('pruning');
  try {
    await prune(job, machine, story, signal);
  } catch {
    // the backup is complete; the next run tries again
  }
}

async function checkFilesystem({ job, machine, story, signal, mapping }: Run): Promise<KnownFilesystem> {
  const { label } = job.record;
  story.enter('checking');
  const fstype = await machine.filesystemType(mapping);
  if (!isKnownFilesystem(fstype)) throw filesystemFailure(label, 'unknown-type');
  const checked = await story.timed(() => machine.check(mapping, fstype, signal));
  if (checked.result === 'needs-a-person') throw filesystemFailure(label, 'needs-a-person');
  if (checked.result !== 'at-mount')
    story.tell('fs:checked', { tookMs: checked.tookMs, repaired: checked.result === 'repaired' });
  return fstype;
}

/** The inside must belong to the outside; before this check, no other data of the disk is used. */
async function verifyInside({ job: { record }, machine, story }: Run): Promise<Seal> {
  story.enter('verifying');
  const label = (await machine.readInside('LABEL'))?.trim();
  const seal = parseSeal(await machine.readInside(sealPath));
  verifyIdentity(record, {
    label: label !== undefined && labelPattern.test(label) ? label : label && '(unreadable)',
    seal,
  });
  story.tell('label:verified', {});
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
