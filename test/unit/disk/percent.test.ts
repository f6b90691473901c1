import { describe, expect, it } from 'vitest';
import { readBadblocks, readMke2fs } from '../../../src/disk/percent.ts';
import { tellPercent } from '../../../src/terminal/tell-percent.ts';

describe('the progress of', () => {
  it('badblocks is the last percentage of what it drew', () => {
    expect(
      readBadblocks(
        'Checking for bad blocks (read-only test):   0.00% done, 0:00 elapsed. (0/0/0 errors)\b\b\b 12.50% done, 0:05 elapsed.',
      ),
    ).toBe(12.5);
    expect(readBadblocks('done      \n')).toBeUndefined();
  });

  it('mke2fs is that of its inode tables, over several pieces, and of nothing else', () => {
    const read = readMke2fs();
    const pieces = [
      'Allocating group tables:  3/50\b\b\bdone\n',
      'Writing inode tables:  0/50',
      '\b\b\b\b\b10/50\b\b\b\b\b',
      '25/50',
      '\b\b\b\b\bdone\nCreating journal (4096 blocks): ',
      'done\nWriting superblocks: 3/50',
    ];
    expect(pieces.map(read)).toEqual([undefined, 0, 20, 50, undefined, undefined]);
  });

  it('anything is told every five seconds, with the time that is left', () => {
    const lines: string[] = [];
    let now = 0;
    const tell = tellPercent(
      {
        note: (line) => {
          lines.push(line);
        },
      },
      'Checking',
      5_000,
      () => now,
    );
    for (const [time, percent] of [
      [1_000, 10],
      [5_000, 50.7],
      [6_000, 60],
      [10_000, 0],
    ] as const) {
      now = time;
      tell(percent);
    }
    expect(lines).toEqual(['Checking: 50 %, about 5 s left', 'Checking: 0 %']);
  });
});
