/** The reason why the station stopped a pull. */
export type PullLimit = 'too-long' | 'flood' | PaceChange;

/** Another bandwidth limit applies now, or compression is better; rsync keeps the options that it was started with. */
export type PaceChange = 'pace';

/** The limits of a pull that never stalls. */
export interface PullLimits {
  /** Aborted when a limit is reached. */
  readonly signal: AbortSignal;
  /** The reached limit. */
  reached(): PullLimit | undefined;
  begin(): void;
  /** Called for each line of rsync that is not about a change of a file. */
  heard(line: string, isKnown: boolean): void;
  stop(): void;
}

/** A server can make rsync print any number of lines, which fill a file on the disk. */
const mostKnown = 1024 * 1024 * 1024; // progress and deletions: some lines for each of millions of files
const mostOthers = 4 * 1024 * 1024;

const paceEveryMs = 5_000;

/**
 * @param longestMs setting `pull.longest`
 * @param hasChanged whether other options are better now; without any, the pull ends with those that it began with
 */
export function createPullLimits(
  longestMs: number,
  hasChanged: readonly ((() => boolean) | undefined)[] = [],
): PullLimits {
  const end = new AbortController();
  let limit: PullLimit | undefined;
  let [known, others] = [0, 0];
  let timer: NodeJS.Timeout | undefined;
  let pacer: NodeJS.Timeout | undefined;
  const reach = (which: PullLimit): void => {
    limit ??= which;
    end.abort();
  };
  return {
    signal: end.signal,
    reached: () => limit,
    begin: () => {
      timer = setTimeout(reach, longestMs, 'too-long');
      // Looks again and again: a timer for the boundary would miss a clock that is set.
      if (hasChanged.some((one) => one !== undefined))
        pacer = setInterval(() => {
          if (hasChanged.some((one) => one?.() === true)) reach('pace');
        }, paceEveryMs);
    },
    heard: (line, isKnown) => {
      if (isKnown) known += line.length + 1;
      else others += line.length + 1;
      if (known > mostKnown || others > mostOthers) reach('flood');
    },
    stop: () => {
      clearTimeout(timer);
      clearInterval(pacer);
    },
  };
}
