import { DriveError } from '../errors.ts';
import { CommandError, type StartProgram } from '../system/command.ts';
import { readBadblocks } from './percent.ts';

/** The kind of check: `write` fills the disk with random bytes and reads them back, and takes twice as long. */
export const surfaceChecks = ['read', 'write'] as const;
export type SurfaceCheck = (typeof surfaceChecks)[number];

/** The program that checks. */
export const surfaceChecker = '/usr/sbin/badblocks';

const blockBytes = 4096;

/**
 * Reads, or writes and reads, every block of a disk; ends at the first bad one.
 * @param device a disk, or an image file
 * @throws DriveError for a bad block; CommandError when the check itself fails
 */
export async function checkSurface(
  start: StartProgram,
  device: string,
  how: SurfaceCheck,
  onPercent: (percent: number) => void,
  signal?: AbortSignal,
): Promise<void> {
  let bad = '';
  await start({
    file: surfaceChecker,
    args: [
      '-s',
      '-b',
      String(blockBytes),
      '-c',
      '1024',
      '-e',
      '1',
      ...(how === 'write' ? ['-w', '-t', 'random'] : []),
      device,
    ],
    timeoutMs: 14 * 86_400_000,
    onStdout: (chunk) => {
      bad += chunk;
    }, // at most one number, because of -e
    onStderr: (chunk) => {
      const percent = readBadblocks(chunk);
      if (percent !== undefined) onPercent(percent);
    },
    ...(signal && { signal }),
  }).catch((error: unknown) => {
    if (bad === '' || !(error instanceof CommandError)) throw error; // a bad block counts, whatever the exit code
  });
  const [block] = /\d+/.exec(bad) ?? [];
  if (block !== undefined) {
    throw new DriveError(
      'EXB_BAD_BLOCKS',
      `${device} has a bad block, at ${Math.floor((Number(block) * blockBytes) / 1024 / 1024)} MiB, or disappeared while ` +
        'it was checked. It was not prepared.',
      'Check cable and power and try once more; if it happens again, use another disk.',
    );
  }
}
