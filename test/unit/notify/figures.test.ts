import { expect, it } from 'vitest';
import { speakerOf } from '../../../src/words/speaker.ts';
import { describeFigures } from '../../../src/notify/wording.ts';

const run = {
  runId: 'r',
  drive: 'BACKUP_1',
  tookMs: 60_000,
  gaps: false,
  stamped: true,
  filesTotal: 2_028,
  bytesTotal: 5_000,
  filesTransferred: 0,
  bytesTransferred: 0,
  filesDeleted: 0,
};

it.each<[object, string]>([
  [{}, 'Nothing had changed. The backup'],
  [{ attributesChanged: 0 }, 'Nothing had changed. The backup'],
  [{ filesDeleted: 2_073 }, 'Nothing was copied. 2073 files no longer on the server. The backup'],
  [
    { attributesChanged: 2_000 },
    'Owner, rights or attributes of 2000 entries changed; the old ones are kept if the disk has a history. The backup',
  ],
  [
    { filesTransferred: 1, bytesTransferred: 10, attributesChanged: 1, filesDeleted: 3 },
    '1 file copied (10 B). Owner, rights or attributes of 1 entry changed; the old ones are kept if the disk has a history. 3 files no longer on the server. The backup',
  ],
])('tells of a run that did %j', (figures, words) => {
  expect(describeFigures(speakerOf('en'), { ...run, ...figures })).toBe(
    `${words} now holds 5 kB in 2028 entries. It took 60 seconds.`,
  );
});
