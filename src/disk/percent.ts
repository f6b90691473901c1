/** Reads the next piece of a program's output that redraws its progress on one line; returns the percent, if any. */
export type PercentReader = (chunk: string) => number | undefined;

/** badblocks -s: "Checking for bad blocks (read-only test):  43.21% done, 0:05 elapsed." @see badblocks(8) */
export const readBadblocks: PercentReader = (chunk) => {
  const last = [...chunk.matchAll(/(\d+(?:\.\d+)?)% done/g)].at(-1)?.[1];
  return last === undefined ? undefined : Number(last);
};

/** mke2fs: "Writing inode tables:  12/745", the only long step. */
export function readMke2fs(): PercentReader {
  let inTables = false;
  return (chunk) => {
    const begin = chunk.lastIndexOf('inode tables:');
    inTables ||= begin >= 0;
    const text = chunk.slice(Math.max(begin, 0));
    const [done, all] = [...text.matchAll(/(\d+)\/(\d+)/g)].at(-1)?.slice(1).map(Number) ?? [];
    const percent = inTables && done !== undefined && all !== undefined && all > 0 ? (100 * done) / all : undefined;
    if (text.includes('done') || text.includes('Creating journal')) inTables = false;
    return percent;
  };
}
