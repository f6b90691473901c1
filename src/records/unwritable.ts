/** What to do when the records of this machine cannot be written, by the error of its file system. */
export function adviceForRecords(error: unknown): string {
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'EROFS')
    return (
      'The file system of /var/lib/extbackup on this machine is read-only, often because its own disk reported errors. ' +
      'See: journalctl -k -p err ; then make it writable again, or replace that disk'
    );
  if (code === 'EIO') return 'The own disk of this machine reports errors. See: journalctl -k -p err';
  if (code === 'ENOSPC' || code === 'EDQUOT') return 'Check the space on this machine: df /var/lib/extbackup';
  return 'Check the directory and its file system on this machine: ls -ld /var/lib/extbackup ; df /var/lib/extbackup';
}
