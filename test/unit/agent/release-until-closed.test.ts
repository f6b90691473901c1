import { describe, expect, it } from 'vitest';
import { releaseUntilClosed } from '../../../src/agent/release-until-closed.ts';

describe('a disk that could not be closed', () => {
  it('is tried again even when a try throws, and each trouble is told once', async () => {
    const answers = [new Error('lsblk failed'), new Error('lsblk failed'), false, new Error('no memory'), true];
    const told: unknown[] = [];
    const closed = await releaseUntilClosed(
      {
        tryToClose: () => {
          const answer = answers.shift();
          return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer === true);
        },
        onTrouble: (error) => {
          told.push(error);
        },
      },
      1,
      new AbortController().signal,
    );
    expect(closed).toBe(true);
    expect(answers).toEqual([]);
    expect(told).toEqual([new Error('lsblk failed'), new Error('no memory')]);
  });

  it('is left to its state when the agent stops', async () => {
    const stop = new AbortController();
    let tries = 0;
    const closed = await releaseUntilClosed(
      {
        tryToClose: () => {
          tries += 1;
          stop.abort();
          return Promise.resolve(false);
        },
        onTrouble: () => undefined,
      },
      1,
      stop.signal,
    );
    expect([closed, tries]).toEqual([false, 1]);
  });
});
