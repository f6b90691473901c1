import { describe, expect, it } from 'vitest';
import { fullSoon, roomNews, runsUntilFull, withRoom } from '../../../src/records/room-forecast.ts';

const room = (freeBytes: number, freeInodes = 900) => ({ bytes: 1000, freeBytes, inodes: 1000, freeInodes });
const rooms = (...free: number[]) => free.map((bytes) => room(bytes));

describe('when a disk will be full', () => {
  it.each([
    ['nothing is known after two runs', rooms(500, 400), undefined],
    ['room that gets less is divided by what a run takes', rooms(500, 450, 400), 8],
    ['one large run among small ones counts with them', rooms(500, 500, 200), 1],
    ['room that stays, or grows, says nothing', rooms(400, 500, 400), undefined],
    ['inodes count, too', [room(500, 60), room(500, 50), room(500, 40)], 4],
    ['another file system begins anew', [{ ...room(900), bytes: 2000 }, ...rooms(400, 300)], undefined],
  ])('%s', (_what, known, runs) => {
    expect(runsUntilFull(known)).toBe(runs);
  });

  it('is a remark only when it is soon', () => {
    expect(fullSoon({ rooms: rooms(500, 450, 400) })).toEqual([]);
    expect(fullSoon({ rooms: rooms(300, 200, 100) })).toEqual(['full in about 1 run at this rate']);
    expect(fullSoon({ rooms: rooms(300, 150, 0) })).toEqual(['full in the next run at this rate']);
  });

  it('is told once', () => {
    const before = rooms(500, 400, 350);
    expect(roomNews('BACKUP_1', rooms(900, 890), room(880))).toEqual([]);
    expect(roomNews('BACKUP_1', rooms(700, 500), room(300))[0]?.reason).toBe(
      'Disk BACKUP_1 is full in about 1 run at this rate: each of the last runs left less room on it.',
    );
    expect(roomNews('BACKUP_1', before, room(300))).toEqual([]);
    expect(withRoom(rooms(5, 4, 3, 2, 1), room(0))).toEqual(rooms(4, 3, 2, 1, 0));
  });
});
