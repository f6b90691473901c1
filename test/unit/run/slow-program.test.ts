import { expect, test } from 'vitest';
import { failureOf } from '../../../src/run/failure.ts';
import { CommandError, startProgram } from '../../../src/system/command.ts';

const failed = (args: readonly string[], timeoutMs: number): Promise<unknown> =>
  startProgram({ file: '/usr/bin/sleep', args, timeoutMs }).then(
    () => undefined,
    (error: unknown) => error,
  );

test('a program that takes too long is named, and is no bug', async () => {
  expect(failureOf(await failed(['20'], 50))).toEqual({
    code: 'EXB_TIMEOUT',
    exitCode: 2,
    happened: 'The program sleep took too long and was ended.',
    todo: 'Try again when this machine is less busy; if it happens again, see: extbackup doctor',
  });
});

test('so is one that cannot be ended', () => {
  const stuck = new CommandError('/usr/bin/openssl', [], 'does not end', undefined, '', true, true);
  expect(failureOf(stuck)).toMatchObject({
    code: 'EXB_TIMEOUT',
    happened: expect.stringContaining('openssl') as string,
  });
});

test('a program that fails for another reason where nobody expected it stays a bug', async () => {
  expect(failureOf(await failed(['forever'], 10_000))).toMatchObject({ code: 'EXB_BUG', exitCode: 1 });
});
