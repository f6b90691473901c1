import { createHash } from 'node:crypto';
import type { Lab } from '../lab.ts';

/** A text that does not occur by chance: 32 hexadecimal digits made from some words. */
export const markerOf = (words: string): string => createHash('sha256').update(words).digest('hex').slice(0, 32);

/** The same, computed by a shell: text typed in the lab passes through the memory of the station's sshd. */
export const inShell = (words: string): string => `$(printf '${words}' | sha256sum | cut -c1-32)`;

/** Name and content of a file on the server; the station copies it, and must keep no trace of it. */
export const [nameMarker, dataMarker] = [markerOf('name of a payroll'), markerOf('content of a payroll')];

/** Puts that file into the server's backups. */
export async function plantOnServer({ server }: Lab): Promise<void> {
  await server.shell(
    `mkdir -p /backups/docs; echo ${inShell('content of a payroll')} > /backups/docs/${inShell('name of a payroll')}`,
  );
}

/** Gives the station swap space on its disk: a place where secrets could remain. */
export async function giveSwap({ guest }: Lab): Promise<void> {
  await guest.shell('fallocate -l 400M /swapfile; chmod 600 /swapfile; mkswap -q /swapfile; swapon /swapfile');
}
