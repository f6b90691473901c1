import { expect, it } from 'vitest';
import { CancelledError, NotReleasedError, PullError } from '../../../src/errors.ts';
import { withMemoryNamed } from '../../../src/run/short-memory.ts';

const pull = new PullError('EXB_PULL', 'rsync was ended by SIGKILL.', 'Look.');
const codeOf = async (error: unknown, before: number | undefined, now: number | undefined) =>
  ((await withMemoryNamed(error, before, () => Promise.resolve(now))) as { code?: string }).code;

it.each<[string, unknown, number | undefined, number | undefined, string | undefined]>([
  ['a program was ended meanwhile', pull, 1, 2, 'EXB_OUT_OF_MEMORY'],
  ['so also where nobody had words for it', new Error('x'), 0, 1, 'EXB_OUT_OF_MEMORY'],
  ['only earlier ones were ended', pull, 2, 2, 'EXB_PULL'],
  ['it is not counted here', pull, undefined, undefined, 'EXB_PULL'],
  ['a disk that stays open is what matters', new NotReleasedError(['x'], pull), 0, 1, 'EXB_NOT_RELEASED'],
  ['somebody cancelled it', new CancelledError('x', 'y'), 0, 1, 'EXB_CANCELLED'],
])('memory is named: %s', async (_what, error, before, now, code) => {
  expect(await codeOf(error, before, now)).toBe(code);
});
