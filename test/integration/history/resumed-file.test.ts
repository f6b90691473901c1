import { randomBytes } from 'node:crypto';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openDisk, readTree, type DiskAndServer } from './a-disk.ts';

/** One large file over a line that breaks again and again, and over several plugs. */
const size = 24_000_000;
const eachTime = 4_200_000;
let disk: DiskAndServer;
let room: string;
beforeEach(async () => {
  disk = await openDisk();
  room = dirname(disk.top);
  await writeFile(join(disk.source, 'film'), randomBytes(size));
  // In place of ssh: hangs up after some bytes, as often as the file "breaks" says, and counts in "came" what came.
  await writeFile(
    join(room, 'relay.py'),
    `import os, sys
os.set_blocking(1, True)
left, came = int(sys.argv[1]), open(sys.argv[2], 'ab', 0)
while left > 0:
    piece = os.read(0, min(left, 65536))
    if not piece: break
    came.write(piece); left -= len(piece)
    while piece: piece = piece[os.write(1, piece):]
`,
  );
  await writeFile(
    join(room, 'shell'),
    `#!/bin/bash
    while [ "$1" != rsync ]; do shift; done
    cd '${disk.source}'
    breaks=$(<'${room}/breaks') most=1000000000
    if ((breaks > 0)); then echo $((breaks - 1)) >'${room}/breaks'; most=${eachTime}; fi
    "$@" | python3 '${room}/relay.py' $most '${room}/came'`,
    { mode: 0o755 },
  );
});
afterEach(() => disk.remove());

/** A plug with that many breaks. @param retries how often a break is tried again within the plug */
async function plug(breaks: number, retries: number): Promise<string> {
  await writeFile(join(room, 'breaks'), String(breaks));
  return disk.pull({ settings: { pull: { retries } } }).then(
    () => 'complete',
    (error: unknown) => (error as { code: string }).code,
  );
}

it('comes once, over five breaks and four plugs', async () => {
  expect([await plug(1, 0), await plug(1, 0), await plug(1, 0)]).toEqual(Array(3).fill('EXB_NETWORK'));
  expect(await plug(2, 5)).toBe('complete');
  expect(await readFile(join(room, 'breaks'), 'utf8')).toBe('0\n');
  expect(await readTree(disk.mirror)).toEqual(await readTree(disk.source));
  const came = (await stat(join(room, 'came'))).size;
  expect(came).toBeGreaterThan(size);
  expect(came).toBeLessThan(1.2 * size);
}, 120_000);
