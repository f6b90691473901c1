/**
 * A damaged file gets this time, so that rsync copies it again. The fraction distinguishes the mark from a real time
 * such as 0; both are exact in binary. A file system with whole seconds loses the fraction: there a marked file looks
 * like a changed one, and rsync still copies it.
 */
const marks = ['640625000', '1640625000'];

/** Whether a time, in nanoseconds, was set by {@link repairTime}. */
export const isRepairMark = (mtimeNs: string): boolean => marks.includes(mtimeNs);

/**
 * The time in seconds that marks a file: rsync compares whole seconds, so it differs from the file's own in them.
 * @returns undefined when the file is marked already
 */
export const repairTime = (mtimeNs: bigint): number | undefined =>
  isRepairMark(String(mtimeNs)) ? undefined : mtimeNs / 1_000_000_000n === 0n ? 1.640625 : 0.640625;
