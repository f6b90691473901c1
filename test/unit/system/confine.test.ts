import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { CommandError, type Command, type StartProgram } from '../../../src/system/command.ts';
import { createConfinement, type View } from '../../../src/system/confine.ts';

/** Notes what is started; the trial of the box ends as asked for. */
function recorder(canConfine: boolean): { readonly started: Command[]; readonly start: StartProgram } {
  const started: Command[] = [];
  return {
    started,
    start: (command) => {
      started.push(command);
      return canConfine || command.args.at(-1) !== '/usr/bin/true'
        ? Promise.resolve({ exitCode: 0, stdout: '', stderr: '' })
        : Promise.reject(
            new CommandError(command.file, command.args, 'ended with 1', 1, 'bwrap: Creating new namespace failed'),
          );
    },
  };
}

const rsync = { file: '/usr/bin/rsync', args: ['--archive', 'x'], timeoutMs: 1_000 } as const;

const view: View = {
  disk: { top: join(import.meta.dirname, '..'), writable: ['system', 'text'] },
  readable: [import.meta.filename],
};
const startedFiles = (started: readonly Command[]): string[] => started.map(({ file }) => file);

describe('a program in a box', () => {
  it('is started by bwrap, and whether that works is asked once', async () => {
    const { start, started } = recorder(true);
    const { confine } = createConfinement(start);
    for (const one of [await confine(start, view), await confine(start, view)]) await one(rsync);
    expect(startedFiles(started)).toEqual(['/usr/bin/env', '/usr/bin/env', '/usr/bin/env']);
    const { args = [], isBoxed, ownGroup } = started[1] ?? {};
    expect({ isBoxed, ownGroup }).toEqual({ isBoxed: true, ownGroup: true });
    expect(args).toContain('/usr/bin/bwrap');
    expect(args.slice(-3)).toEqual(['/usr/bin/rsync', '--archive', 'x']);
  });

  it('can write to one mount, in which all but its directories is covered', async () => {
    const { start, started } = recorder(true);
    const inBox = await createConfinement(start).confine(start, view);
    await inBox(rsync);
    const args = started.at(-1)?.args ?? [];
    const bound = args.flatMap((arg, index) => (args[index - 2] === '--ro-bind' ? [arg] : []));
    expect(args.filter((arg) => arg === '--bind')).toHaveLength(1);
    const top = view.disk?.top ?? '';
    expect(bound).toEqual(expect.arrayContaining([join(top, 'rsync'), join(top, 'pipeline'), import.meta.filename]));
    expect(bound).not.toContain(join(top, 'system'));
    expect(args.indexOf('--bind')).toBeLessThan(args.indexOf(join(top, 'rsync')));
  });

  it('is asked for again where there was no answer in time', async () => {
    const { start, started } = recorder(true);
    let asked = 0;
    const slow: StartProgram = (command) => {
      asked += 1;
      return asked === 1
        ? Promise.reject(new CommandError(command.file, command.args, 'took too long', undefined, '', true))
        : start(command);
    };
    const { confine } = createConfinement(slow);
    await (
      await confine(start, view)
    )(rsync);
    expect(started.at(-1)).toEqual(rsync);
    await (
      await confine(start, view)
    )(rsync);
    expect(started.at(-1)?.file).toBe('/usr/bin/env');
  });

  it('runs as it is where that is not possible', async () => {
    const { start, started } = recorder(false);
    const { confine, works } = createConfinement(start);
    await (
      await confine(start, view)
    )(rsync);
    expect(started.at(-1)).toEqual(rsync);
    expect(await works()).toBe(false);
  });
});
