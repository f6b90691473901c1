import type { Lab } from '../lab.ts';
import type { UsbDisk } from '../usb-disk.ts';
import { goOn, serverLie } from './pause-points.ts';

/** A fault that is injected into a paused run. Afterwards the run continues, if it still exists. */
export type Fault = (lab: Lab, disk: UsbDisk) => Promise<void>;

const toAgent =
  (signal: string): Fault =>
  async ({ guest }) => {
    await guest.shell(`systemctl kill --kill-whom=main --signal=${signal} extbackup`);
  };

/** While this file exists, a person has to correct the clock. */
export const clockIsAhead = '/run/lab-clock-ahead';
export const aheadSeconds = 10 * 365 * 86_400;

/** Messages that would end a run, or remove its history, if words decided. */
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
    // A paused program continues at the shutdown, so that systemd does not wait for it.
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
    // The disk is mounted only for the agent. The file that fills it is removed after the next mount.
    await guest.shell(
      'nsenter --target "$(systemctl show -P MainPID extbackup)" --mount -- sh -c \'head -c 1G /dev/zero > /mnt/plaintext/filler 2>/dev/null || true\'',
    );
    await goOn(guest);
  },
  'out of inodes': async ({ guest }) => {
    // One program makes all files. They are removed after the next mount.
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
    await guest.shell('rm -f /mnt/ramfs/luks_pw /mnt/ramfs/*.decrypted'); // by hand, because `lock` refuses this during a run
    await goOn(guest);
  },
  'config changed': async ({ guest }) => {
    await guest.shell('echo "sorce: misspelt" >> /etc/extbackup/config.yaml');
    await goOn(guest);
  },
} as const satisfies Record<string, Fault>;

export type FaultName = keyof typeof faults;

/** A disk that was plugged in during the power cut is there again at boot; the lab must know that. */
async function reconnect(guest: Lab['guest'], disk: UsbDisk): Promise<void> {
  await guest.deviceOf(disk);
}
