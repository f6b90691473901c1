import type { Lab } from '../lab.ts';
import type { UsbDisk } from '../usb-disk.ts';
import { goOn, serverLie } from './pause-points.ts';

/** Something that goes wrong while a run stands still. Afterwards the run goes on, if there is still one. */
export type Fault = (lab: Lab, disk: UsbDisk) => Promise<void>;

const toAgent =
  (signal: string): Fault =>
  async ({ guest }) => {
    await guest.shell(`systemctl kill --kill-whom=main --signal=${signal} extbackup`);
  };

/** While it exists, a person has to put the clock right. */
export const clockIsAhead = '/run/lab-clock-ahead';
export const aheadSeconds = 10 * 365 * 86_400;

/** Each of them would be the end of a run, or of its history, if words decided. */
const lies = [
  'Host key verification failed.',
  'rsync: write failed on "/mnt/plaintext/backups/docs/new": No space left on device (28)',
  'rsync: read errors mapping "/backups/docs/new": Input/output error (5)',
  'Number of files: 900,000,000 (reg: 900,000,000)',
  'Deletions stopped due to --max-delete limit (900000 skipped)',
];

export const faults = {
  'agent SIGKILL': async (lab, disk) => {
    await toAgent('SIGKILL')(lab, disk);
    await goOn(lab.guest);
  },
  'agent SIGTERM': async (lab, disk) => {
    await toAgent('SIGTERM')(lab, disk);
    await goOn(lab.guest);
  },
  yank: async ({ guest }, disk) => {
    await guest.yank(disk);
    await goOn(guest);
  },
  'power cut': async ({ guest }, disk) => {
    await guest.powerCut();
    await guest.boot();
    await reconnect(guest, disk);
  },
  reboot: async ({ guest }) => {
    // The tool that stands still must not keep systemd waiting: it goes on when the machine goes down.
    await guest.shell(
      `systemd-run --quiet --on-active=2 rm -rf /run/extbackup/pause "/proc/$(cat /run/lab-server.pid)/root/run/pause"`,
    );
    await guest.reboot();
  },
  'rsync killed': async ({ guest }) => {
    await guest.shell('pkill -KILL -f "^/usr/bin/rsync|^/opt/real/rsync"');
    await goOn(guest);
  },
  'ssh killed': async ({ guest }) => {
    await guest.shell('pkill -KILL -x ssh');
    await goOn(guest);
  },
  'network cut and back': async ({ guest, server }) => {
    await server.cutNetwork();
    await goOn(guest);
    await new Promise((resolve) => setTimeout(resolve, 5_000)); // long enough for a first try to fail
    await server.healNetwork();
  },
  'server frozen': async ({ guest, server }) => {
    await server.freeze(); // until the run has ended
    await goOn(guest);
  },
  'write errors': async ({ guest }, disk) => {
    await guest.breakDisk(disk, 'write');
    await goOn(guest);
  },
  'read errors': async ({ guest }, disk) => {
    await guest.breakDisk(disk, 'read');
    await goOn(guest);
  },
  'disk full': async ({ guest }) => {
    // The disk is mounted for the agent alone. What fills it is taken away again at the next mount.
    await guest.shell(
      'nsenter --target "$(systemctl show -P MainPID extbackup)" --mount -- sh -c \'head -c 1G /dev/zero > /mnt/plaintext/filler 2>/dev/null || true\'',
    );
    await goOn(guest);
  },
  'out of inodes': async ({ guest }) => {
    // One program makes them all. What takes them is taken away again at the next mount.
    const take =
      'my $top = "/mnt/plaintext/filler"; mkdir $top; my $n = 0; while (open(my $file, ">", "$top/" . $n++)) {}';
    await guest.shell(
      `nsenter --target "$(systemctl show -P MainPID extbackup)" --mount -- perl -e '${take}'; ` +
        `nsenter --target "$(systemctl show -P MainPID extbackup)" --mount -- stat -f -c %d /mnt/plaintext | grep -x 0`,
      { timeoutMs: 240_000 },
    );
    await goOn(guest);
  },
  'out of memory': async ({ guest }) => {
    const limit = '/sys/fs/cgroup/system.slice/extbackup.service/memory.max';
    await guest.shell(`
      pid=$(systemctl show -P MainPID extbackup)
      echo 8M > ${limit}
      while [ -d "/proc/$pid" ]; do sleep 0.1; done
      echo max > ${limit} || true`);
    await goOn(guest);
  },
  'clock ahead': async ({ guest }) => {
    await guest.shell(`touch ${clockIsAhead}; date --set "@$(($(date +%s) + ${aheadSeconds}))"`);
    await goOn(guest);
  },
  'server prints a lie': async ({ guest }) => {
    await guest.shell(`printf '%s\\n' ${lies.map((lie) => `'${lie}'`).join(' ')} > ${serverLie}`);
    await goOn(guest);
  },
  'key locked': async ({ guest }) => {
    await guest.shell('rm -f /mnt/ramfs/luks_pw /mnt/ramfs/*.decrypted'); // what `lock` refuses during a run, by hand
    await goOn(guest);
  },
  'config changed': async ({ guest }) => {
    await guest.shell('echo "sorce: misspelt" >> /etc/extbackup/config.yaml');
    await goOn(guest);
  },
} as const satisfies Record<string, Fault>;

export type FaultName = keyof typeof faults;

/** A disk that was in its socket when the power went is there again at boot; the lab only has to know it. */
async function reconnect(guest: Lab['guest'], disk: UsbDisk): Promise<void> {
  await guest.deviceOf(disk);
}
