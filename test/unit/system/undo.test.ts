import { describe, expect, it } from 'vitest';
import { CancelledError, NotReleasedError } from '../../../src/errors.ts';
import { withUndo, type Step } from '../../../src/system/undo.ts';

const step = (name: string, log: string[], fail: { apply?: boolean; undo?: boolean } = {}): Step<void> => ({
  apply: () => {
    log.push(`apply ${name}`);
    return fail.apply === true ? Promise.reject(new Error(`${name} failed`)) : Promise.resolve();
  },
  undo: () => {
    log.push(`undo ${name}`);
    return fail.undo === true ? Promise.reject(new Error(`${name} stuck`)) : Promise.resolve();
  },
  leftover: `${name} is left`,
});

describe('withUndo', () => {
  it('undoes what was started, the last first, also when a step fails half-way', async () => {
    const log: string[] = [];
    const work = withUndo(new AbortController().signal, async (take) => {
      await take(step('open', log));
      await take(step('mount', log, { apply: true }));
    });
    await expect(work).rejects.toThrow('mount failed');
    expect(log).toEqual(['apply open', 'apply mount', 'undo mount', 'undo open']);
  });

  it('goes on undoing when one undo fails, and tells what is left and what came before', async () => {
    const log: string[] = [];
    const work = withUndo(new AbortController().signal, async (take) => {
      await take(step('open', log));
      await take(step('mount', log, { undo: true }));
      throw new Error('pull failed');
    });
    const error: unknown = await work.catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(NotReleasedError);
    expect(error).toMatchObject({ leftovers: ['mount is left'], cause: { message: 'pull failed' } });
    expect(log.at(-1)).toBe('undo open');
  });

  it('does not undo what a look refused', async () => {
    const log: string[] = [];
    const work = withUndo(new AbortController().signal, (take) =>
      take({ ...step('open', log), check: () => Promise.reject(new Error('open already')) }),
    );
    await expect(work).rejects.toThrow('open already');
    expect(log).toEqual([]);
  });

  it('starts nothing after a cancel, and undoes what was started before', async () => {
    const log: string[] = [];
    const abort = new AbortController();
    const work = withUndo(abort.signal, async (take) => {
      await take(step('open', log));
      abort.abort();
      await take(step('mount', log));
    });
    await expect(work).rejects.toBeInstanceOf(CancelledError);
    expect(log).toEqual(['apply open', 'undo open']);
  });
});
