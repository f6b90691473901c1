import { expect, test } from 'vitest';
import { inSandbox } from '../keys/sandbox.ts';

/** Runs commands where the records have a format. */
const withRecords = (format: number, commands: string) =>
  inSandbox(`mount -t tmpfs tmpfs /var/lib; mkdir /var/lib/extbackup; echo '{"format":${format},"writtenBy":"9.0.0"}' > /var/lib/extbackup/format.json
    ready_station 'correct horse'
    ${commands}
    ls -A /var/lib/extbackup`);

test('an older program reads no records of a newer one, and says what to do', () => {
  const { stdout, stderr } = withRecords(
    99,
    'for verb in status history "drive list" doctor; do extbackup $verb; echo "$verb $?"; done',
  );
  expect(stdout).toBe('status 2\nhistory 2\ndrive list 2\ndoctor 2\nformat.json\n');
  expect(stderr.match(/are of format 99, written by extbackup 9\.0\.0\..*\nInstall that version again/g)).toHaveLength(
    4,
  );
});

test('keys are wiped, and known records are read, all the same', () => {
  const wiped = withRecords(99, 'extbackup lock >/dev/null; echo "$? $(ls -A /mnt/ramfs)"');
  expect(wiped.stdout).toBe('0 \nformat.json\n');
  const known = withRecords(1, 'extbackup history; echo "$?"');
  expect(known.stdout).toMatch(/\n0\nformat\.json\n$/);
});
