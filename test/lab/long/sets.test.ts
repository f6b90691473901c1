import { beforeAll, expect, it } from 'vitest';
import type { UsbDisk } from '../usb-disk.ts';
import { addSettings, assertClosed, lookInside, takeOut, waitForState } from '../stories/operator.ts';
import { useStation } from '../stories/use-station.ts';

/** Two sets of one disk and one source each, through three rotations. */
const lab = useStation('DAILY', 'LARGE');
let daily: UsbDisk;
let large: UsbDisk;

const settings = (dailySources: string, largeSources: string): string =>
  `rotation: {sets: [{name: daily, drives: [DAILY], sources: [${dailySources}]}, {name: large, drives: [LARGE], sources: [${largeSources}]}]}`;
const status = (): Promise<string> => lab.guest.ask('extbackup status');
const contentOf = (disk: UsbDisk): Promise<string> =>
  lookInside(lab, disk, (top) => lab.guest.ask(`cd ${top}/backups && find . -type f | sort`));

async function rotate(label: string, disk: UsbDisk): Promise<string> {
  await lab.guest.plug(disk);
  await waitForState(lab, label, ['safe-to-unplug']);
  await assertClosed(lab);
  const content = await contentOf(disk);
  await takeOut(lab, disk);
  return content;
}

beforeAll(async () => {
  [daily, large] = lab.drawer as [UsbDisk, UsbDisk];
  await lab.server.shell(
    'mkdir -p /backups/office /backups/films; echo 1 > /backups/office/letter; echo 1 > /backups/films/one',
  );
  await lab.guest.shell(
    `grep -q ^backup /etc/extbackup/known_hosts || ssh-keyscan -T 120 backup > /etc/extbackup/known_hosts
    sed -i 's/^source: .*/sources:\\n  - {name: office, source: "extbackup@backup:office"}\\n  - {name: films, source: "extbackup@backup:films"}/' /etc/extbackup/config.yaml`,
  );
  await addSettings(lab, settings('office', 'films'));
});

it('each disk takes the source of its set and nothing else, in every rotation', async () => {
  expect(await rotate('DAILY', daily)).toBe('./office/letter');
  expect(await status()).toMatch(
    /^Set daily: .* old, on DAILY\n(?:.*\n)*?Set large: no complete offline copy\n {2}films: no offline copy in this set\n {2}Bring next {2}LARGE/m,
  );
  expect(await rotate('LARGE', large)).toBe('./films/one');
  expect(await status()).toMatch(/Set large: .* old, on LARGE/);
  await lab.server.shell('echo 2 > /backups/office/second; echo 2 > /backups/films/two');
  expect(await rotate('DAILY', daily)).toBe('./office/letter\n./office/second');
});

it('a source that was moved is warned of until its new set has a copy', async () => {
  await lab.guest.shell(`sed -i '/^rotation:/d' /etc/extbackup/config.yaml`);
  await addSettings(lab, settings('films', 'office'));
  await lab.guest.run(['systemctl', 'restart', 'extbackup']);
  await lab.guest.waitFor(
    'the warning',
    'grep -q "The source films belongs to the set daily now" /run/extbackup/status.json',
  );
  expect(await status()).toMatch(/Set daily: no complete offline copy/);
  expect(await rotate('DAILY', daily)).toBe('./films/one\n./films/two\n./office/letter\n./office/second');
  await lab.guest.waitFor('the warning to go', '! grep -q "The source films belongs" /run/extbackup/status.json');
});
