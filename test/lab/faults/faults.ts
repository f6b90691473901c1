import type { Lab } from '../lab.ts';
import type { UsbDisk } from '../usb-disk.ts';
import { goOn } from './pause-points.ts';

/** Something that goes wrong while a run stands still. Afterwards the run goes on, if there is still one. */
export type Fault = (lab: Lab, disk: UsbDisk) => Promise<void>;

const toAgent = (signal: string): Fault => async ({ guest }) => {
  await guest.shell(`systemctl kill --kill-whom=main --signal=${signal} extbackup`);
};

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
    await guest.shell(`systemd-run --quiet --on-active=2 rm -rf /run/extbackup/pause`);
    await guest.reboot();
  },
  'rsync killed': async ({ guest }) => {
    await goOn(guest);
    await guest.waitFor('rsync', 'pkill -KILL -x rsync', 60_000);
  },
  'ssh killed': async ({ guest }) => {
    await goOn(guest);
    await guest.waitFor('ssh', 'pkill -KILL -x ssh', 60_000);
  },
  'network cut, then back': async ({ guest, server }) => {
    await server.cutNetwork();
    await goOn(guest);
    await new Promise((resolve) => setTimeout(resolve, 5_000)); // long enough for a first try to fail
    await server.healNetwork();
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
