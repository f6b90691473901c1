import { expect, it } from 'vitest';
import { summary } from '../../../src/commands/drive-prepare.ts';

const disk = { label: 'BACKUP_4', luksUuid: '3f2504e0-4f89-41d3-9a0c-0305e82c3301' };

it('a disk that was prepared without a copy of its header is told with the command that makes one now', () => {
  expect(summary(disk, undefined)).toContain(
    'cryptsetup luksHeaderBackup UUID=3f2504e0-4f89-41d3-9a0c-0305e82c3301 --header-backup-file /dev/shm/BACKUP_4.header',
  );
});

it.each([
  ['-', 'went to standard output'],
  ['/media/stick/h', 'is in /media/stick/h'],
])('a copy of the header at %s is named, and no other command', (target, words) => {
  expect(summary(disk, target)).toContain(words);
  expect(summary(disk, target)).not.toContain('cryptsetup');
});
