import { isReceiver, rsyncAt, rsyncsOf, type RsyncProcess } from './processes.ts';

/**
 * Asks rsync now and then how far it is. SIGVTALRM has the receiving one print one line when the file in hand is
 * complete; see rsync(1), --progress. With --info=progress2 it prints one for each file, which costs more than all that
 * guard and history need.
 */
export interface ProgressAsker {
  /** @param group id of the process group */
  begin(group: number): void;
  stop(): void;
}

const everyMs = 1_000;
/** Until it is found: so that the first small file already tells how much there is. */
const lookEveryMs = 250;

/** A question that was not answered yet still stands; it is repeated after so many seconds, should it be lost. */
const repeatAfter = 60;

/**
 * @param onWritten told before each question how much the receiving rsync has written: in the midst of a large file it
 * does not answer. Returns whether the last question was answered.
 */
export function createProgressAsker(onWritten: (bytes: number) => boolean): ProgressAsker {
  let timer: NodeJS.Timeout | undefined;
  let known: string | undefined; // seen before: an rsync that is about to become ssh, and would die of the signal, is not seen twice
  let unanswered = -1; // so that the first question is asked
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
