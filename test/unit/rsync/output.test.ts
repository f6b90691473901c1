import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseChange } from '../../../src/history/change.ts';
import {
  type Complaints,
  countComplaint,
  createLineSplitter,
  onlyWaitsForDeletion,
  parseProgress,
  parseRegularFiles,
  parseSkippedDeletions,
  parseStats,
} from '../../../src/rsync/output.ts';

describe('progress of rsync', () => {
  it('reads a line of a finished file list', () => {
    expect(parseProgress('      1,234,567  42%   12.34MB/s    0:01:05 (xfr#12, to-chk=345/678)')).toEqual({
      bytes: 1_234_567,
      percent: 42,
      files: 12,
      passed: 100 * (1 - 345 / 678),
    });
  });
  it('gives no share while the list still grows', () => {
    expect(parseProgress('  1234567  99%   12.34MB/s    0:00:00 (xfr#1, ir-chk=1000/1234)')).toEqual({
      bytes: 1_234_567,
      files: 1,
    });
  });
  it('takes a line without counts', () => {
    expect(parseProgress('         32,768   3%   31.25kB/s    0:00:30')).toEqual({ bytes: 32_768, percent: 3 });
  });
  it.each(['sending incremental file list', 'Number of files: 3', '', '42%'])('takes %j for something else', (line) => {
    expect(parseProgress(line)).toBeUndefined();
  });
  it('never throws', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        parseProgress(text);
        parseStats(text);
        parseRegularFiles(text);
        parseSkippedDeletions(text, 25);
        countComplaint({ vanished: 0, waiting: 0, others: 0 }, text);
        parseChange(text);
      }),
    );
  });
});

describe('statistics of rsync', () => {
  const text = `Number of files: 1,203 (reg: 1,000, dir: 200, link: 3)
Number of created files: 5 (reg: 5)
Number of deleted files: 2 (reg: 2)
Number of regular files transferred: 7
Total file size: 12,345,678 bytes
Total transferred file size: 1,234 bytes
Literal data: 1,234 bytes
Total bytes sent: 99
Total bytes received: 4,321
`;
  it('reads the figures', () => {
    expect(parseStats(text)).toEqual({
      filesTotal: 1003,
      filesTransferred: 7,
      filesDeleted: 2,
      bytesTotal: 12_345_678,
      bytesTransferred: 1234,
      bytesReceived: 4321,
    });
  });
  it('counts what is no directory', () => {
    expect(parseRegularFiles(text)).toBe(1003);
    expect(parseRegularFiles('Number of files: 1 (dir: 1)')).toBe(0);
    expect(parseRegularFiles('')).toBe(0);
  });
});

const complaintsIn = (stderr: string): Complaints => {
  const complaints: Complaints = { vanished: 0, waiting: 0, others: 0 };
  for (const line of stderr.split('\n').filter((text) => text !== '')) countComplaint(complaints, line);
  return complaints;
};

describe('deletions that a limit kept back', () => {
  it('are counted', () => {
    expect(
      parseSkippedDeletions('Deletions stopped due to --max-delete limit (1,017 skipped)\nrsync error: …', 25),
    ).toBe(1017);
    expect(parseSkippedDeletions('', 25)).toBe(0);
  });
  it('explain a directory that could not make way, and nothing else', () => {
    const way =
      'could not make way for new regular file: a\nDeletions stopped due to --max-delete limit (3 skipped)\nrsync error: some files/attrs were not transferred (code 23)\n';
    expect(onlyWaitsForDeletion(complaintsIn(way), 3)).toBe(true);
    expect(onlyWaitsForDeletion(complaintsIn(way), 0)).toBe(false);
    expect(
      onlyWaitsForDeletion(
        complaintsIn(`rsync: [sender] send_files failed to open "x": Permission denied (13)\n${way}`),
        3,
      ),
    ).toBe(false);
  });
  it('counts files that vanished', () => {
    expect(
      complaintsIn(
        'file has vanished: "/a"\nfile has vanished: "/b"\nrsync warning: some files vanished before they could be transferred (code 24)\n',
      ),
    ).toEqual({ vanished: 2, waiting: 0, others: 0 });
  });
});

describe('lines of a stream', () => {
  it('come out whole, whatever pieces they arrive in', () => {
    fc.assert(
      fc.property(
        fc.array(fc.stringMatching(/^[a-z ]{1,20}$/), { minLength: 1 }),
        fc.integer({ min: 1, max: 7 }),
        (lines, size) => {
          const seen: string[] = [];
          const split = createLineSplitter((line) => {
            seen.push(line);
          });
          const text = `${lines.join('\r')}\n`;
          for (let at = 0; at < text.length; at += size) split(text.slice(at, at + size));
          expect(seen).toEqual(lines);
        },
      ),
    );
  });
});
