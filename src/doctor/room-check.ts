import { constants } from 'node:fs';
import { access, statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fail, ok, warn, type Check } from './check.ts';

/** Below these shares of free room or free inodes, the station will soon be unable to write. */
const [little, none] = [0.05, 0.01];

/** The figures of statfs(2) that are used here. */
export interface RoomFigures {
  readonly blocks: number;
  readonly bavail: number;
  /** 0 if the file system makes inodes on demand. */
  readonly files: number;
  readonly ffree: number;
}

/** Whether this machine can write its records: a writable file system, free room and inodes. */
export const roomCheck = (
  figures: (place: string) => Promise<RoomFigures> = (place) => statfs(place),
  isReadOnly: (place: string) => Promise<boolean> = isOnReadOnly,
): Check => ({
  name: 'room',
  check: async ({ paths }) => {
    if (await isReadOnly(paths.state))
      return fail(
        `The file system of ${paths.state} is read-only: nothing can be recorded.`,
        'Its own disk may have reported errors: journalctl -k -p err ; make it writable again, or replace that disk',
      );
    const places = [paths.state, dirname(paths.config), paths.run];
    const full: { readonly share: number; readonly words: string }[] = [];
    for (const place of places) {
      const found = await figures(place).catch(() => undefined); // does not exist yet
      if (!found) continue;
      const { blocks, bavail, files, ffree } = found;
      if (blocks > 0)
        full.push({ share: bavail / blocks, words: `${percent(bavail / blocks)} of the room at ${place}` });
      if (files > 0) full.push({ share: ffree / files, words: `${percent(ffree / files)} of the inodes at ${place}` });
    }
    const short = full.filter(({ share }) => share < little);
    if (short.length === 0) return ok('There is room, and there are inodes, for the records of this machine.');
    const happened = `Free are only ${short.map(({ words }) => words).join(', ')}.`;
    const todo = 'Make room there; see: df -h ; df -i';
    return (short.some(({ share }) => share < none) ? fail : warn)(happened, todo);
  },
});

const isOnReadOnly = (place: string): Promise<boolean> =>
  access(place, constants.W_OK).then(
    () => false,
    (error: unknown) => (error as NodeJS.ErrnoException).code === 'EROFS',
  );

const percent = (share: number): string => `${Math.floor(share * 100)} %`;
