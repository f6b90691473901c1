/** The entry's place in the order, in the second line of its log; see log-header.ts. */
export interface EntryStamp {
  /** Increases with each entry, from 1: the order of entries, independent of the clock. */
  readonly number: number;
  /** Start on the disk's measured time, which does not jump with a clock; see measured-time.ts. */
  readonly measured: Date;
  /** The clock had jumped without confirmation: the time in the entry's name is only a claim. */
  readonly isDoubtful: boolean;
}

const pattern = /^number (\d{1,12}) measured (\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z)( doubtful)?$/;

/** One line for a person, too: `number 57 measured 2026-11-24T06:25:00.123Z`. */
export const renderStamp = ({ number, measured, isDoubtful }: EntryStamp): string =>
  `number ${number} measured ${measured.toISOString()}${isDoubtful ? ' doubtful' : ''}`;

/** undefined for anything else: a disk may come from anywhere. */
export function parseStamp(text: string): EntryStamp | undefined {
  const [, number = '', time = '', doubtful] = pattern.exec(text) ?? [];
  const measured = new Date(time);
  if (number === '' || Number(number) < 1 || Number.isNaN(measured.getTime())) return undefined;
  return { number: Number(number), measured, isDoubtful: doubtful !== undefined };
}
