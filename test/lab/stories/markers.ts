import { createHash } from 'node:crypto';
import type { Lab } from '../lab.ts';

/** A text that is found nowhere by chance: 32 hexadecimal digits made from some words. */
export const markerOf = (words: string): string => createHash('sha256').update(words).digest('hex').slice(0, 32);

/** The same, made by a shell: what is typed in the lab passes through the memory of the station's sshd. */
export const inShell = (words: string): string => `$(printf '${words}' | sha256sum | cut -c1-32)`;

/** Name and content of a file on the server that the station may copy and must not remember. */
export const [nameMarker, dataMarker] = [markerOf('name of a payroll'), markerOf('content of a payroll')];

/** Puts that file into the server's backups. */
export async function plantOnServer({ server }: Lab): Promise<void> {
  await server.shell(
    `mkdir -p /backups/docs; echo ${inShell('content of a payroll')} > /backups/docs/${inShell('name of a payroll')}`,
  );
}

/** Gives the station swap on its disk, where a thief would look for secrets. */
export async function giveSwap({ guest }: Lab): Promise<void> {
  await guest.shell('fallocate -l 400M /swapfile; chmod 600 /swapfile; mkswap -q /swapfile; swapon /swapfile');
}
