import { password } from '../station.ts';
import type { Lab } from '../lab.ts';
import { assertClosed, waitForState } from '../stories/operator.ts';
import type { UsbDisk } from '../usb-disk.ts';
import { describeTree, notices, stock } from './pause-points.ts';

interface Run {
  readonly id: string;
  readonly outcome: string;
  readonly exitCode: number;
  readonly released: boolean;
  readonly pulledOut: boolean;
  readonly message: string;
}

interface Told {
  readonly kind: string;
  readonly subject: string;
  readonly payload: { readonly runId?: string };
}

/** What was before the fault, and what the fault may cost. */
export interface Before {
  readonly labelTime: number;
  readonly runs: number;
  /** The agent dies while it tells how the first run ended. */
  readonly diesTelling: boolean;
}

/** What must hold after every fault. Throws with what does not; returns what the operator should know all the same, or ''. */
export async function checkAftermath(lab: Lab, disk: UsbDisk, before: Before): Promise<string> {
  const { guest, server } = lab;
  await guest.shell(`while [ -n "$(${stillOpen})" ]; do sleep 0.2; done`, { timeoutMs: 120_000 });
  if (guest.isPlugged(disk)) await guest.unplug(disk);
  await guest.shell('until grep -q \'"agent":"running"\' /run/extbackup/status.json && ! grep -q \'"present":true\' /run/extbackup/status.json; do sleep 0.2; done', { timeoutMs: 120_000 });
  const runs = await readRuns(lab);
  await putRight(lab);
  const claims = await claimedSuccess(lab);

  // The next plug: what it finds on the disk is what the fault left there, what it leaves is the new mirror.
  await guest.shell(`mkdir -p ${stock}`);
  await guest.plug(disk);
  const { message } = await waitForState(lab, 'BACKUP_1', ['safe-to-unplug', 'failed', 'held', 'do-not-unplug'], 180_000);
  const after = await readRuns(lab);
  if (after.length !== runs.length + 1 || after.at(-1)?.outcome !== 'success') throw new Error(`the next plug did not end in a good run: ${message ?? after.at(-1)?.message ?? ''}`);
  await assertClosed(lab);
  await guest.waitFor('word of the good run', `grep -q '"runId":"${after.at(-1)?.id ?? ''}"' ${notices}`); // and so of all before it: they are told in order
  const remark = checkMessages(after.slice(before.runs), await readLines<Told>(lab, notices), before.diesTelling);
  const source = await server.ask(`cd /backups; ${describeTree}`);
  const found = await readStock(lab, 'find');
  const left = await readStock(lab, 'leave');
  if (found.kept !== 'kept') throw new Error('what was mirrored before is gone');
  if (found.labelTime !== before.labelTime && found.tree !== source) throw new Error(`LABEL was stamped, but the pull was not complete: ${found.tree}\nThe source: ${source}`);
  if (claims !== null && claims > found.labelTime) throw new Error(`status claims a success at ${String(claims)}, LABEL says ${String(found.labelTime)}`);
  if (left.tree !== source) throw new Error(`after a good run the mirror differs: ${left.tree}\nThe source: ${source}`);
  if (left.labelTime <= found.labelTime) throw new Error('a good run did not stamp LABEL');
  const stray = await guest.ask('ps -eo args | grep -E "^/(usr|opt)/[^ ]*(rsync|ssh -|cryptsetup)" | grep -v sshd || true; ls -A /run/extbackup/spool /run/extbackup/rejected 2>/dev/null | grep -v : || true');
  if (stray !== '') throw new Error(`left behind: ${stray}`);
  return remark;
}

const stillOpen = 'cat /sys/class/block/dm-*/dm/name 2>/dev/null | grep ^extbackup-; grep -l " /mnt/plaintext " /proc/[0-9]*/mountinfo 2>/dev/null';

/** Each run that is written down was told, in words that fit. What waits to be told is in the agent's memory alone. */
function checkMessages(runs: readonly Run[], told: readonly Told[], diesTelling: boolean): string {
  for (const notice of told) {
    const run = runs.find(({ id }) => id === notice.payload.runId);
    if (run === undefined) continue;
    const good = run.outcome === 'success';
    if ((notice.kind === 'success') !== (good && run.released)) throw new Error(`the operator was told "${notice.subject}" of a run that was: ${run.outcome}`);
    if (notice.subject.includes('safe to unplug') && (run.pulledOut || !run.released)) throw new Error(`the operator was told "${notice.subject}" of a disk that was not closed`);
    if (!run.released && !run.pulledOut && !notice.subject.includes('DO NOT UNPLUG')) throw new Error(`the operator was not warned: "${notice.subject}"`);
  }
  const untold = runs.filter(({ id }) => !told.some(({ payload }) => payload.runId === id));
  const lost = diesTelling && untold[0] === runs[0] ? untold.shift() : undefined;
  if (untold[0] !== undefined) throw new Error(`the operator was not told of ${String(untold.length)} of ${String(runs.length)} runs, the first of which was: ${untold[0].outcome}`);
  return lost === undefined ? '' : `the notice of the first run (${lost.outcome}) is lost: what waits to be told dies with the agent; status and history have it`;
}

const readRuns = (lab: Lab): Promise<Run[]> => readLines<Run>(lab, '/var/lib/extbackup/runs.jsonl');

async function readLines<T>({ guest }: Lab, file: string): Promise<T[]> {
  const text = await guest.ask(`cat ${file} 2>/dev/null || true`);
  return text.split('\n').filter((line) => line.startsWith('{')).map((line) => JSON.parse(line) as T);
}

async function readStock({ guest }: Lab, when: 'find' | 'leave'): Promise<{ labelTime: number; kept: string; tree: string }> {
  const [labelTime, kept = '', ...tree] = (await guest.ask(`cat ${stock}/${when}`)).split('\n');
  return { labelTime: Number(labelTime), kept, tree: tree.join('\n') };
}

/** When the last success was, as the status has it, in seconds; null when it knows of none. */
async function claimedSuccess({ guest }: Lab): Promise<number | null> {
  const { drives } = JSON.parse(await guest.ask('cat /run/extbackup/status.json')) as { drives: { lastSuccess: string | null }[] };
  const at = drives[0]?.lastSuccess ?? null;
  return at === null ? null : Math.floor(Date.parse(at) / 1000);
}

/** What only a person can put right again: the key after a boot, the network, a wrong configuration. */
async function putRight({ guest, server }: Lab): Promise<void> {
  await server.healNetwork();
  await server.thaw().catch(() => undefined); // mostly it is not frozen
  await guest.shell("sed -i '/^sorce:/d' /etc/extbackup/config.yaml");
  if (!(await guest.isTrue('test -s /mnt/ramfs/luks_pw -a -s /mnt/ramfs/id_ed25519.decrypted'))) {
    await guest.run(['extbackup', 'unlock', '--password-stdin'], { input: `${password}\n`, timeoutMs: 120_000 });
  }
}
