import type { RunResult } from '../host.ts';
import { lookInside } from './operator.ts';
import { useStation, type Station } from './use-station.ts';

/** A station with disk BACKUP_1, and a server with the letters of an office: 150 in office/, a copy of each in plans/. */
export interface Office {
  readonly lab: Station;
  /** Writes the letters on the server. */
  readonly writeLetters: () => Promise<void>;
  /** Overwrites the letters in office/ with random bytes, as an attacker would encrypt them. */
  readonly encryptOffice: () => Promise<void>;
  /** One checksum of all names and contents of the mirror on the disk. */
  readonly onDisk: () => Promise<string>;
  /** The same for the directory on the server. */
  readonly onServer: () => Promise<string>;
  /** Runs the CLI; accepts every exit code. */
  readonly extbackup: (...args: readonly string[]) => Promise<RunResult>;
}

const checksums = (directory: string): string =>
  `cd ${directory} && find . -type f -print0 | sort -z | xargs -0 -r md5sum | md5sum`;

const letters = `mkdir -p /backups/office /backups/plans; cd /backups
for i in $(seq 150); do echo "the letter number $i to a customer" | tee office/$i.txt > plans/$i.txt; done`;

export function useOffice(): Office {
  const lab = useStation('BACKUP_1');
  return {
    lab,
    writeLetters: async () => {
      await lab.server.shell(letters);
    },
    encryptOffice: async () => {
      await lab.server.shell('cd /backups && for f in office/*.txt; do head -c 3000 /dev/urandom > $f; done');
    },
    onDisk: () => lookInside(lab, lab.disk, (top) => lab.guest.ask(checksums(`${top}/backups`))),
    onServer: () => lab.server.ask(checksums('/backups')),
    extbackup: (...args) => lab.guest.run(['extbackup', ...args], { okCodes: 'any', timeoutMs: 180_000 }),
  };
}
