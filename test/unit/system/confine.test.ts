import { describe, expect, it } from 'vitest';
import { CommandError, type Command, type StartProgram } from '../../../src/system/command.ts';
import { createConfinement } from '../../../src/system/confine.ts';

/** Notes what is started; programs of setpriv end as asked for. */
function recorder(canConfine: boolean): { readonly started: Command[]; readonly start: StartProgram } {
  const started: Command[] = [];
  return {
    started,
    start: (command) => {
      started.push(command);
      return canConfine || command.args.at(-1) !== '/usr/bin/true'
        ? Promise.resolve({ exitCode: 0, stdout: '', stderr: '' })
        : Promise.reject(
            new CommandError(
              command.file,
              command.args,
              'ended with 1',
              1,
              "setpriv: unrecognized option '--landlock-access'",
            ),
          );
    },
  };
}

const rsync = { file: '/usr/bin/rsync', args: ['--archive', 'x'], timeoutMs: 1_000 } as const;

describe('a confined program', () => {
  it('is started by setpriv, with one directory to write to, and is asked for once', async () => {
    const { start, started } = recorder(true);
    const confine = createConfinement(start);
    await (
      await confine(start, '/mnt/plaintext')
    )(rsync);
    await (
      await confine(start, '/mnt/plaintext')
    )(rsync);
    expect(started.map(({ file }) => file)).toEqual(['/usr/bin/setpriv', '/usr/bin/setpriv', '/usr/bin/setpriv']);
    const args = started[1]?.args ?? [];
    expect(args.slice(args.indexOf('--') + 1)).toEqual(['/usr/bin/rsync', '--archive', 'x']);
    expect(args.filter((arg) => arg.includes('write-file'))).toEqual([
      expect.stringMatching(/^path-beneath:read-file,write-file:\/dev\/null$/),
      expect.stringMatching(/^path-beneath:write-file,.*:\/mnt\/plaintext$/),
    ]);
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
    const confine = createConfinement(slow);
    await (
      await confine(start, '/mnt/plaintext')
    )(rsync);
    expect(started.at(-1)).toEqual(rsync);
    await (
      await confine(start, '/mnt/plaintext')
    )(rsync);
    expect(started.at(-1)?.file).toBe('/usr/bin/setpriv');
  });

  it('runs as it is where that is not possible', async () => {
    const { start, started } = recorder(false);
    await (
      await createConfinement(start)(start, '/mnt/plaintext')
    )(rsync);
    expect(started.at(-1)).toEqual(rsync);
  });
});
