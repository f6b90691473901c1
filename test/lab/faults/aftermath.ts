import { password } from '../station.ts';
import type { Lab } from '../lab.ts';
import type { UsbDisk } from '../usb-disk.ts';
import { aheadSeconds, clockIsAhead } from './faults.ts';
import { notices, serverLie, stock } from './pause-points.ts';

interface Run {
  readonly id: string;
  readonly outcome: string;
  readonly exitCode: number;
  readonly released: boolean;
  readonly pulledOut: boolean;
  readonly message: string;
}

interface Told {
  readonly id: string;
  readonly event: string;
  readonly kind: string;
  readonly subject: string;
  readonly payload: { readonly runId?: string };
}

/** The state before the fault. */
export interface Before {
  readonly labelTime: number;
  readonly runs: number;
  /** The tree of the server, from {@link describeTree}. */
  readonly source: string;
  /** The run that was hit may have stamped LABEL with a time of years ahead, which the next good run puts right. */
  readonly clockWasAhead?: boolean;
  /** The result that the fault requires of the run; undefined if several are right. */
  readonly expected?: { readonly outcome: string; readonly message: RegExp };
}

const status = '/run/extbackup/status.json';
const runLog = '/var/lib/extbackup/runs.jsonl';

/** Checks everything that must hold after every fault. Throws with the failed checks. */
export async function checkAftermath(lab: Lab, disk: UsbDisk, before: Before): Promise<void> {
  const { guest } = lab;
  await guest.shell(`while [ -n "$(${stillOpen})" ]; do sleep 0.2; done`, { timeoutMs: 120_000 });
  if (guest.isPlugged(disk)) await guest.unplug(disk);
  await guest.waitFor(
    'the agent, and the disk to be gone',
    `grep -q '"agent":"running"' ${status} && ! grep -q '"present":true' ${status}`,
    120_000,
  );
  // Repairs that need a person: the network, a wrong configuration, the key after a boot.
  const [runs = '', claimed = '', key] = (
    await guest.shell(`
    ip link set to-backup up
    nsenter --target "$(cat /run/lab-server.pid)" --net nft delete table inet frozen 2>/dev/null || true
    if [ -e ${clockIsAhead} ]; then rm ${clockIsAhead}; date --set "@$(($(date +%s) - ${aheadSeconds}))" > /dev/null; fi
    rm -f "${serverLie}"
    sed -i '/^sorce:/d' /etc/extbackup/config.yaml
    mkdir -p ${stock}
    cat ${runLog} 2>/dev/null || true; echo ---; cat ${status}; echo; echo ---
    test -s /mnt/ramfs/luks_pw -a -s /mnt/ramfs/id_ed25519.decrypted || echo missing`)
  ).stdout.split('---\n');
  if (key !== '')
    await guest.run(['extbackup', 'unlock', '--password-stdin'], { input: `${password}\n`, timeoutMs: 120_000 });
  const known = parseLines<Run>(runs).length;
  const claims = claimedSuccess(claimed);
  checkExpected(parseLines<Run>(runs)[before.runs], before);

  // The next plug-in finds the disk as the fault left it, and must leave an exact mirror.
  await guest.plug(disk);
  await guest.waitFor(
    'the next run',
    `[ "$(wc -l < ${runLog})" -gt ${String(known)} ] && grep -qE '"state":"(safe-to-unplug|failed|held|do-not-unplug)"' ${status}`,
    180_000,
  );
  const after = parseLines<Run>(await guest.ask(`cat ${runLog}`));
  const good = after.at(-1);
  if (after.length !== known + 1 || good?.outcome !== 'success')
    throw new Error(`the next plug did not end in a good run: ${good?.message ?? ''}`);
  // Notices are delivered in order: after the notice of this run, all earlier ones are there.
  await guest.waitFor('word of the good run', `grep -q '"runId":"${good.id}"' ${notices}`);
  const [told = '', found, left, stray] = (
    await guest.shell(`
    cat ${notices}; echo ---; cat ${stock}/find; echo ---; cat ${stock}/leave; echo ---
    ${stillOpen}
    ps -eo args | grep -E "^/(usr|opt)/[^ ]*(rsync|ssh -|cryptsetup)" | grep -v sshd || true
    for try in 1 2 3 4 5 6 7 8 9; do [ -n "$(ls -A /var/lib/extbackup/outbox 2>/dev/null || true)" ] || break; sleep 1; done
    find /run/extbackup/spool /run/extbackup/rejected /var/lib/extbackup/outbox -type f 2>/dev/null || true
    find /var/lib/extbackup /run/extbackup -name '*.json*.[0-9]*' 2>/dev/null || true`)
  ).stdout.split('---\n');
  checkMessages(after.slice(before.runs), parseLines<Told>(told));
  checkDisk(readStock(found), readStock(left), claims, before);
  if (stray !== '') throw new Error(`left behind: ${stray ?? ''}`);
}

function checkExpected(hit: Run | undefined, { expected }: Before): void {
  if (expected === undefined) return;
  if (hit?.outcome !== expected.outcome || !expected.message.test(hit.message))
    throw new Error(`the run that was hit should be ${expected.outcome}, and is: ${JSON.stringify(hit)}`);
}

const stillOpen =
  '{ cat /sys/class/block/dm-*/dm/name 2>/dev/null | grep ^extbackup- || true; grep -l " /mnt/plaintext " /proc/[0-9]*/mountinfo 2>/dev/null || true; }';

interface Stock {
  readonly labelTime: number;
  readonly kept: string;
  readonly tree: string;
}

function checkDisk(found: Stock, left: Stock, claims: number | null, before: Before): void {
  if (found.kept !== 'kept') throw new Error('what was mirrored before is gone');
  if (found.labelTime !== before.labelTime && found.tree !== before.source)
    throw new Error(`LABEL was stamped, but the pull was not complete: ${found.tree}\nThe source: ${before.source}`);
  if (claims !== null && claims > found.labelTime)
    throw new Error(`status claims a success at ${String(claims)}, LABEL says ${String(found.labelTime)}`);
  if (left.tree !== before.source)
    throw new Error(`after a good run the mirror differs: ${left.tree}\nThe source: ${before.source}`);
  const stampBefore = before.clockWasAhead === true ? before.labelTime : found.labelTime;
  if (left.labelTime <= stampBefore) throw new Error('a good run did not stamp LABEL');
}

/** Every recorded run has a true notice; a second notice has the same id. */
function checkMessages(runs: readonly Run[], news: readonly Told[]): void {
  const told = news.filter(({ event }) => ['run:succeeded', 'run:failed', 'run:held'].includes(event));
  for (const notice of told) {
    const run = runs.find(({ id }) => id === notice.payload.runId);
    if (run === undefined) continue;
    const good = run.outcome === 'success';
    if ((notice.kind === 'success') !== (good && run.released))
      throw new Error(`the operator was told "${notice.subject}" of a run that was: ${run.outcome}`);
    if (notice.subject.includes('safe to unplug') && (run.pulledOut || !run.released))
      throw new Error(`the operator was told "${notice.subject}" of a disk that was not closed`);
    if (!run.released && !run.pulledOut && !notice.subject.includes('DO NOT UNPLUG'))
      throw new Error(`the operator was not warned: "${notice.subject}"`);
    if (told.some((other) => other.payload.runId === run.id && other.id !== notice.id))
      throw new Error(`the operator was told of one run as of two: "${notice.subject}"`);
  }
  const untold = runs.filter(({ id }) => !told.some(({ payload }) => payload.runId === id));
  if (untold[0] !== undefined)
    throw new Error(
      `the operator was not told of ${String(untold.length)} of ${String(runs.length)} runs, the first of which was: ${untold[0].outcome}`,
    );
}

const parseLines = <T>(text: string): T[] =>
  text
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as T);

function readStock(text = ''): Stock {
  const [labelTime, kept = '', ...tree] = text.replace(/\n$/, '').split('\n');
  return { labelTime: Number(labelTime), kept, tree: tree.join('\n') };
}

/** Time of the last success in the status, in seconds; null without one. */
function claimedSuccess(text: string): number | null {
  const { drives } = JSON.parse(text) as { drives: { lastSuccess: string | null }[] };
  const at = drives[0]?.lastSuccess ?? null;
  return at === null ? null : Math.floor(Date.parse(at) / 1000);
}
