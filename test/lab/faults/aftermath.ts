import { password } from '../station.ts';
import type { Lab } from '../lab.ts';
import { differences, manifestOf } from '../source-tree.ts';
import { assertClosed, eventsOf, lookInside, waitForState } from '../stories/operator.ts';
import type { UsbDisk } from '../usb-disk.ts';

/** What must hold after every fault. Throws with what does not. */
export async function checkAftermath(lab: Lab, disk: UsbDisk, before: { readonly labelTime: number }): Promise<void> {
  const { guest, server } = lab;
  await guest.waitFor('everything to be closed', async () => (await guest.ask(stillOpen)) === '', 120_000);
  if (guest.isPlugged(disk)) await guest.unplug(disk);
  await guest.waitFor('the agent to see it go', 'test -e /run/extbackup/status.json && ! grep -q \'"present":true\' /run/extbackup/status.json');
  await putRight(lab);
  const outside = await disk.clone(`LOOK${String(Date.now())}`);
  await guest.shell('systemctl stop extbackup'); // the clone must not get a run
  await guest.plug(outside);
  const found = await lookInside(lab, outside, async (top) => ({
    labelTime: Number(await guest.ask(`stat -c %Y ${top}/LABEL`)),
    kept: await guest.ask(`cat ${top}/backups/docs/kept`),
    differences: differences(await manifestOf(server, '/backups'), await manifestOf(guest, `${top}/backups`)),
  }));
  await guest.unplug(outside);
  await guest.shell('rm -f /run/extbackup/spool/*; systemctl start extbackup');
  if (found.kept !== 'kept') throw new Error('what was mirrored before is gone');
  if (found.labelTime !== before.labelTime && found.differences.length > 0) throw new Error(`LABEL was stamped, but the pull was not complete: ${found.differences.slice(0, 5).join(', ')}`);
  const claims = (JSON.parse(await guest.ask('extbackup status --json')) as { drives: { lastSuccess: string | null }[] }).drives[0]?.lastSuccess ?? null;
  if (claims !== null && Math.floor(Date.parse(claims) / 1000) > found.labelTime) throw new Error(`status claims a success at ${claims}, LABEL says ${String(found.labelTime)}`);

  const runs = (await eventsOf(lab, 'run:succeeded')).length;
  await guest.plug(disk);
  await waitForState(lab, 'BACKUP_1', ['safe-to-unplug']);
  if ((await eventsOf(lab, 'run:succeeded')).length !== runs + 1) throw new Error('the next plug did not end in a good run');
  await assertClosed(lab);
  const after = await lookInside(lab, disk, async (top) => differences(await manifestOf(server, '/backups'), await manifestOf(guest, `${top}/backups`)));
  if (after.length > 0) throw new Error(`after a good run the mirror differs: ${after.slice(0, 5).join(', ')}`);
  const stray = await guest.ask('ps -eo args | grep -E "^/(usr|opt)/[^ ]*(rsync|ssh -|cryptsetup)" | grep -v sshd || true; ls -A /run/extbackup/spool /run/extbackup/rejected 2>/dev/null | grep -v : || true');
  if (stray !== '') throw new Error(`left behind: ${stray}`);
}

const stillOpen = 'cat /sys/class/block/dm-*/dm/name 2>/dev/null | grep ^extbackup- || true; grep -l " /mnt/plaintext " /proc/[0-9]*/mountinfo 2>/dev/null || true';

/** What only a person can put right again: the key after a boot, the network, a wrong configuration. */
async function putRight({ guest, server }: Lab): Promise<void> {
  await server.healNetwork();
  await guest.shell("sed -i '/^sorce:/d; /bandwidthLimit/d' /etc/extbackup/config.yaml");
  if (!(await guest.isTrue('test -s /mnt/ramfs/luks_pw -a -s /mnt/ramfs/id_ed25519.decrypted'))) {
    await guest.run(['extbackup', 'unlock', '--password-stdin'], { input: `${password}\n`, timeoutMs: 120_000 });
  }
}
