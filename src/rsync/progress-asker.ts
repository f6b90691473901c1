import { isReceiver, rsyncAt, rsyncsOf, type RsyncProcess } from './processes.ts';

/**
 * Regularly asks rsync for its progress. SIGVTALRM makes the receiving process print one line when the present file is
 * complete; see rsync(1), --progress. With --info=progress2 it prints a line for each file, which costs more than guard
 * and history together.
 */
export interface ProgressAsker {
  /** @param group id of the process group */
  begin(group: number): void;
  stop(): void;
}

const everyMs = 1_000;
/** Interval until the receiver is found: short, so that the first small file shows the total size. */
const lookEveryMs = 250;

/** An unanswered question is repeated after this many seconds, in case it was lost. */
const repeatAfter = 60;

/**
 * @param onWritten called before each question with the bytes that the receiving rsync has written, because it does not
 * answer in the middle of a large file. Returns whether the last question was answered.
 */
export function createProgressAsker(onWritten: (bytes: number) => boolean): ProgressAsker {
  let timer: NodeJS.Timeout | undefined;
  let known: string | undefined; // only a process seen twice: an rsync that is about to become ssh would die of the signal
  let unanswered = -1; // allows the first question
  const ask = async (group: number): Promise<void> => {
    const receiver = (known === undefined ? undefined : await rsyncAt(known, group)) ?? (await findReceiver(group));
    if (timer === undefined) return;
    if (receiver !== undefined && receiver.pid === known) {
      unanswered = onWritten(receiver.written) ? 0 : unanswered + 1;
      if (unanswered % repeatAfter === 0) process.kill(Number(receiver.pid), 'SIGVTALRM');
    }
    known = receiver?.pid;
  };
  const next = (group: number): void => {
    timer = setTimeout(
      () => {
        ask(group)
          .catch(() => undefined)
          .finally(() => {
            // it has just ended
            if (timer !== undefined) next(group);
          });
      },
      known === undefined ? lookEveryMs : everyMs,
    );
  };
  return {
    begin: next,
    stop: () => {
      clearTimeout(timer);
      timer = undefined;
    },
  };
}

async function findReceiver(group: number): Promise<RsyncProcess | undefined> {
  const all = await rsyncsOf(group);
  for (const one of all) if (await isReceiver(one, all)) return one;
  return undefined;
}
