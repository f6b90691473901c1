import { beforeAll, expect, it } from 'vitest';
import { assertClosed, waitForState, waitUntilGone } from '../stories/operator.ts';
import { useStation } from '../stories/use-station.ts';

/** Trouble outside of a run: two requests at once, and a full system disk. */
const lab = useStation('BACKUP_1');

beforeAll(async () => {
  await lab.server.shell('mkdir -p /backups/docs; head -c 3M /dev/urandom > /backups/docs/a');
});

const runCount = async (): Promise<number> =>
  Number(await lab.guest.ask('wc -l < /var/lib/extbackup/runs.jsonl 2>/dev/null || echo 0'));

it('a second agent ends at once, and the first one goes on', async () => {
  const { guest } = lab;
  const pid = await guest.ask('systemctl show -P MainPID extbackup');
  const second = await guest.shell('unshare --mount --propagation slave extbackup agent', {
    okCodes: 'any',
    timeoutMs: 60_000,
  });
  expect(second).toMatchObject({
    exitCode: 11,
    stderr: expect.stringContaining('Another agent is running already.') as string,
  });
  expect(await guest.ask('systemctl show -P MainPID extbackup')).toBe(pid);
});

it('while a person waits, cron and a second command ask too: one run at a time', async () => {
  const { guest } = lab;
  await guest.plug(lab.disk);
  await waitForState(lab, 'BACKUP_1', ['safe-to-unplug']);
  const before = await runCount();
  const codes = await guest.ask(
    `
    for who in "run" "run --drive BACKUP_1" "run --scheduled"; do
      { code=0; extbackup $who >/dev/null 2>&1 || code=$?; echo $code; } &
    done
    wait`,
    { timeoutMs: 180_000 },
  );
  // Each gets the result of the one run, a refusal because it is in progress, or the answer that the copy is fresh.
  for (const code of codes.split('\n')) expect([0, 11, 15]).toContain(Number(code));
  expect(codes.split('\n')).toContain('0');
  const runs = (await guest.ask('cat /var/lib/extbackup/runs.jsonl'))
    .split('\n')
    .map((line) => JSON.parse(line) as { startedAt: string; endedAt: string; outcome: string });
  expect(runs.length).toBeGreaterThan(before);
  for (const [index, run] of runs.entries()) {
    expect(run.outcome).toBe('success');
    expect(run.startedAt >= (runs[index - 1]?.endedAt ?? '')).toBe(true);
  }
  await assertClosed(lab);
  await guest.unplug(lab.disk);
});

it('without leave to hear of USB the agent says so once and goes on with what udev tells', async () => {
  const { guest } = lab;
  const extra = '/etc/systemd/system/extbackup.service.d';
  for (const setting of ['InaccessiblePaths=/sys/bus/usb', 'RestrictAddressFamilies=~AF_NETLINK']) {
    await waitUntilGone(lab);
    await guest.shell(
      `mkdir -p ${extra}; printf '[Service]\n${setting}\n' > ${extra}/no-usb.conf; systemctl daemon-reload; systemctl restart extbackup`,
    );
    const before = await runCount();
    await guest.plug(lab.disk);
    await guest.waitFor(
      'the backup',
      `[ "$(wc -l < /var/lib/extbackup/runs.jsonl)" -gt ${String(before)} ] && grep -q '"state":"safe-to-unplug"' /run/extbackup/status.json`,
      180_000,
    );
    const events = await guest.journal('extbackup');
    const started = events.map(({ event }) => event).lastIndexOf('agent:started');
    const told = events
      .slice(started)
      .filter(
        ({ event, reason }) => event === 'warning:raised' && String(reason).startsWith('USB cannot be listened to'),
      );
    expect(told).toHaveLength(1);
    expect(await guest.ask('systemctl show -P NRestarts extbackup')).toBe('0');
    await guest.unplug(lab.disk);
  }
  await guest.shell(`rm ${extra}/no-usb.conf; systemctl daemon-reload; systemctl restart extbackup`);
});

it('a full system disk stops no backup: the operator is told, and the next run writes down again', async () => {
  const { guest, server } = lab;
  await waitUntilGone(lab);
  await server.shell('head -c 1M /dev/urandom > /backups/docs/b');
  // Root may use the reserved blocks, too.
  await guest.shell(
    `fallocate -l $(($(stat -f -c %f /) * $(stat -f -c %S /) - 16000000)) /var/filler || true
    cat /dev/zero > /var/filler2 2>/dev/null || true
    ! echo x 2>/dev/null > /var/lib/extbackup/probe; rm -f /var/lib/extbackup/probe`,
  );
  await guest.plug(lab.disk);
  await guest.waitFor('the backup', 'grep -q \'"state":"safe-to-unplug"\' /run/extbackup/status.json', 180_000);
  await assertClosed(lab);
  expect(await guest.ask('cat /run/extbackup/status.json')).toContain('could not be');
  await guest.unplug(lab.disk);
  const before = await runCount(); // the last block of the list of runs may have had room for one more
  await guest.shell('rm /var/filler /var/filler2; sync');
  await waitUntilGone(lab);
  await guest.plug(lab.disk);
  await guest.waitFor(
    'the next run',
    `[ "$(wc -l < /var/lib/extbackup/runs.jsonl)" -gt ${String(before)} ] && grep -q '"state":"safe-to-unplug"' /run/extbackup/status.json`,
    180_000,
  );
  const { drives } = JSON.parse(await guest.ask('cat /var/lib/extbackup/drives.json')) as {
    drives: { label: string; lastSuccess: string | null }[];
  };
  expect(drives.find(({ label }) => label === 'BACKUP_1')?.lastSuccess).not.toBeNull();
  await guest.unplug(lab.disk);
});

it('the agent sees in its unit what rsync reads and writes, so that only a true standstill is one', async () => {
  const { guest, server } = lab;
  await server.shell('head -c 20M /dev/urandom > /backups/docs/c');
  await guest.shell(
    "sed -i 's/^source:.*/&\\npull: {stallTimeout: 15s, retries: 0, bandwidthLimit: 500, compress: never}/' /etc/extbackup/config.yaml",
  );
  await waitUntilGone(lab);
  await guest.plug(lab.disk);
  await guest.waitFor(
    'rsync',
    'pgrep -x rsync >/dev/null && grep -q \'"phase":"pulling"\' /run/extbackup/status.json',
    120_000,
  );
  // With the agent's capabilities, and no more.
  const io = await guest.ask(
    `
    capabilities=$(systemctl show -P CapabilityBoundingSet extbackup)
    for pid in $(pgrep -x rsync); do
      systemd-run --quiet --pipe --wait -p CapabilityBoundingSet="$capabilities" -p NoNewPrivileges=yes \\
        -p ProtectKernelTunables=yes cat /proc/$pid/io 2>/dev/null && break
    done`,
    { timeoutMs: 60_000 },
  );
  expect(io).toMatch(/^rchar: \d+$/m);
  await guest.shell('pkill -STOP -x rsync');
  await guest.waitFor('the end of the standstill', 'grep -q EXB_STALLED /var/lib/extbackup/runs.jsonl', 120_000);
  await assertClosed(lab);
});
