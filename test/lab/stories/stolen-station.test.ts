import { beforeAll, expect, it } from 'vitest';
import { password } from '../station.ts';
import { dataMarker, giveSwap, nameMarker, plantOnServer } from './markers.ts';
import { eventsOf, waitForState, waitUntilGone } from './operator.ts';
import { atTerminal, giveTerminal, shellPrompt } from './person.ts';
import { useStation } from './use-station.ts';

/** A thief finds no secret on the station's disk, after unlocking, runs, crashes, locking and reboots. */
const lab = useStation('BACKUP_1');

beforeAll(async () => {
  await plantOnServer(lab);
  await giveSwap(lab);
  await lab.guest.plug(lab.disk);
  await waitForState(lab, 'BACKUP_1', ['safe-to-unplug']);
});

/** A secret in pieces of 16 bytes: any 32 bytes of the secret contain one of them. */
const pieces = (secret: Buffer): Buffer[] =>
  Array.from({ length: Math.floor(secret.length / 16) }, (_, index) => secret.subarray(index * 16, index * 16 + 16));

interface Secrets {
  readonly keyHex: Buffer;
  readonly seed: Buffer;
  readonly pem: Buffer;
}

/** The secrets in RAM; of the ssh key, only the part that is not in its public half. */
async function secretsInRam(): Promise<Secrets> {
  const keyHex = Buffer.from(await lab.guest.ask('cat /mnt/ramfs/luks_pw'));
  const text = await lab.guest.ask('cat /mnt/ramfs/id_ed25519.decrypted');
  const decoded = Buffer.from(text.replace(/-----[^\n]*/g, ''), 'base64');
  const publicHalf = Buffer.from(await lab.guest.ask('cut -d" " -f2 /etc/extbackup/id_ed25519.pub'), 'base64').subarray(
    -32,
  );
  const at = decoded.lastIndexOf(publicHalf) - 32; // the private part is the seed, and the public half once more
  const inText = (byte: number): number =>
    text.indexOf('\n') + 1 + Math.floor((byte * 4) / 3) + Math.floor((byte * 4) / 3 / 70); // lines of 70
  return { keyHex, seed: decoded.subarray(at, at + 32), pem: Buffer.from(text.slice(inText(at) + 1, inText(at + 32))) };
}

it('a crash of the agent leaves no core file', async () => {
  const { guest } = lab;
  await guest.shell(
    'echo /var/crash-%p > /proc/sys/kernel/core_pattern; systemctl kill --kill-whom=main --signal=SIGSEGV extbackup',
  );
  await guest.waitFor('the agent to be back', async () => (await eventsOf(lab, 'agent:started')).length >= 2);
  expect(await guest.ask('ls -d /var/crash-* 2>/dev/null || true')).toBe('');
  // The same crash without the agent's limits leaves a core dump: the check can fail.
  await guest.shell("sh -c 'ulimit -c unlimited; kill -SEGV $$' || true");
  expect(await guest.ask('ls /var | grep -c ^crash-')).toBe('1');
  await guest.shell('rm /var/crash-*');
});

it('the disk of the station holds no piece of a secret, of a file or of a file name, also in its swap and free space', async () => {
  const { guest } = lab;
  const { keyHex, seed, pem } = await secretsInRam();
  const salt = Buffer.from((await guest.ask('cat /etc/extbackup/salt')).slice(0, 32));
  expect(keyHex.length).toBe(128);
  expect(seed.length).toBe(32);
  const runsBefore = (await eventsOf(lab, 'run:succeeded')).length;
  await guest.unplug(lab.disk);
  await waitUntilGone(lab);
  await guest.plug(lab.disk);
  await guest.waitFor('another run', async () => (await eventsOf(lab, 'run:succeeded')).length > runsBefore, 240_000);
  // Asks the kernel to swap out memory of every service; EAGAIN when it swapped less. Not of sshd: the lab
  // itself reads the secrets through it.
  await guest.shell(
    "for service in /sys/fs/cgroup/system.slice/*.service; do case $service in *ssh*) continue;; esac; echo '200M swappiness=200' > $service/memory.reclaim || true; done",
  );
  expect(Number(await guest.ask("awk '/swapfile/ {print $4}' /proc/swaps"))).toBeGreaterThan(0);
  await guest.run(['extbackup', 'lock'], { timeoutMs: 60_000 });
  expect(await guest.ask('ls -A /mnt/ramfs')).toBe('');
  await guest.unplug(lab.disk);
  await guest.reboot();
  await giveTerminal(guest);
  // The first login after the boot.
  const shown = await atTerminal(
    guest,
    ['su', '-'],
    ['Password of the backup disks', `${password}\n`],
    ['The keys are loaded', ''],
    [shellPrompt, 'exit\n'],
  );
  expect(shown).not.toContain(password);
  expect(await guest.ask('cat /mnt/ramfs/luks_pw')).toBe(keyHex.toString());
  const secrets = [
    ...pieces(keyHex),
    ...pieces(Buffer.from(keyHex.toString(), 'hex')),
    ...pieces(seed),
    ...pieces(pem),
    Buffer.from(password),
    Buffer.from(dataMarker),
    Buffer.from(nameMarker),
  ];
  const found = await guest.searchRootDisk([salt, ...secrets]);
  expect(found.map(({ pattern }) => pattern.toString('latin1'))).toEqual([salt.toString('latin1')]);
});
