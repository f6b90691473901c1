import { mkdtemp, readdir, readFile, readlink, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { configSchema } from '../../../src/config/schema.ts';
import { CommandError, type Command, type StartProgram } from '../../../src/system/command.ts';
import { createCourier, type Errand } from '../../../src/notify/courier.ts';
import { createLink } from '../../../src/rsync/link.ts';
import { LinkError } from '../../../src/rsync/link-error.ts';
import { sshConfig, type Place } from '../../../src/rsync/ssh.ts';

const {
  source = '',
  port,
  ssh,
} = configSchema.parse({
  source: 'extbackup@[2001:db8::1]:photos',
  port: 2222,
  key: { derivation: 'sha512' },
  ssh: { options: ['AddressFamily=inet6', 'Port=9'] },
});
const place: Place = { source, port, ssh };
const errand = { kind: 'hook', hook: { command: '/bin/true' }, environment: {} } as unknown as Errand;
const never = new AbortController().signal;

let run: string;
/** What systemctl was asked for. */
let asked: string[][];
beforeEach(async () => {
  run = await mkdtemp(join(tmpdir(), 'extbackup-link-'));
  asked = [];
});
afterEach(() => rm(run, { recursive: true, force: true }));

/** A systemd; `start` stands for what the unit does, and may fail with what systemctl says. */
const systemd =
  (start: (instance: string) => Promise<void> | void): StartProgram =>
  async ({ file, args }: Command) => {
    expect(file).toBe('/usr/bin/systemctl');
    asked.push([...args]);
    if (args[0] === 'start') await start(/@(.*)\.service$/.exec(args.at(-1) ?? '')?.[1] ?? '');
    return { exitCode: 0, stdout: '', stderr: '' };
  };
const refusal = (stderr: string, exitCode = 1): CommandError =>
  new CommandError('/usr/bin/systemctl', ['start'], 'failed', exitCode, stderr);
const masked = refusal('Failed to start x.service: Unit x.service is masked.');
const failedJob = refusal(
  'Job for x.service failed because the control process exited with error code.\nSee "systemctl status x.service".',
);

describe('a connection', () => {
  it('has its settings, key and host keys beside the socket that rsync is given, and nothing stays behind', async () => {
    const reach = createLink(
      systemd(async (id) => {
        const directory = join(run, 'link', id);
        expect((await stat(directory)).mode & 0o777).toBe(0o700);
        expect(await readFile(join(directory, 'config'), 'utf8')).toBe(
          sshConfig(place, `/run/credentials/extbackup-link@${id}.service`),
        );
        expect(await readlink(join(directory, 'identity'))).toBe('/mnt/ramfs/key.decrypted');
        expect(await readlink(join(directory, 'known_hosts'))).toBe(ssh.knownHosts);
      }),
      { run },
      '/mnt/ramfs/key.decrypted',
    );
    const { rsh } = await reach(place, never, (line) => Promise.resolve(line));
    expect(rsh).toMatch(/ -S \/\S+\/control .*ProxyCommand=\/usr\/bin\/false$/);
    expect(asked.map(([verb]) => verb)).toEqual(['start', 'stop']);
    expect(await readdir(join(run, 'link'))).toEqual([]);
  });

  it('leads to the host of the settings; options of the operator come last, where they only add', () => {
    const lines = sshConfig(place, '/credentials')
      .split('\n')
      .map((line) => line.trim());
    expect(lines).toEqual(
      expect.arrayContaining([
        'HostName=2001:db8::1',
        'User=extbackup',
        'Port=2222',
        'StrictHostKeyChecking=yes',
        'AddressFamily=inet6',
      ]),
    );
    expect(lines.indexOf('Port=2222')).toBeLessThan(lines.indexOf('Port=9'));
  });

  it.each([
    ['Host key verification failed.', 'host-key'],
    ['extbackup@backup: Permission denied (publickey).', 'login'],
    ['ssh: connect to host backup port 22: Connection refused', 'network'],
    ['', 'network'],
  ])('that fails with %j is told from the others', async (said, trouble) => {
    const reach = createLink(
      systemd(async (id) => {
        await writeFile(join(run, 'link', id, 'log'), said);
        throw failedJob;
      }),
      { run },
      '/key',
    );
    const reached = reach(place, never, () => Promise.reject(new Error('there is no connection')));
    await expect(reached).rejects.toEqual(new LinkError(trouble as LinkError['trouble'], said));
    expect(await readdir(join(run, 'link'))).toEqual([]);
  });

  it.each([
    ['Result=exit-code\nExecStart={ path=/usr/bin/ssh ; code=exited ; status=226 }', 'no-link'],
    ['Result=resources\nExecStart={ path=/usr/bin/ssh ; code=(null) ; status=0/0 }', 'no-link'],
    ['Result=exit-code\nExecStart={ path=/usr/bin/ssh ; code=exited ; status=255 }', 'network'],
  ])('through a unit whose end is %j is told as %s', async (shown, trouble) => {
    const start = systemd(() => {
      throw failedJob;
    });
    const reach = createLink(
      async (command) => ({ ...(await start(command)), stdout: command.args[0] === 'show' ? shown : '' }),
      { run },
      '/key',
    );
    await expect(reach(place, never, () => Promise.resolve())).rejects.toMatchObject({ trouble });
    expect(asked.map(([verb]) => verb)).toEqual(['start', 'show', 'reset-failed', 'stop']);
  });

  it('through a unit that is masked is no matter of the server', async () => {
    const reach = createLink(
      systemd(() => {
        throw masked;
      }),
      { run },
      '/key',
    );
    await expect(reach(place, never, () => Promise.resolve())).rejects.toMatchObject({ trouble: 'no-link' });
  });

  it.each(['ended', 'been cancelled'])('is cut when what used it has %s, and its pipes are still held', async (how) => {
    let letGo: () => void = () => undefined;
    const held = new Promise<void>((resolve) => {
      letGo = resolve;
    });
    const reach = createLink(
      async (command) => {
        if (command.file !== '/usr/bin/rsync') {
          if (command.args[0] === 'stop') letGo();
          return { exitCode: 0, stdout: '', stderr: '' };
        }
        if (how === 'ended') command.onExit?.(20);
        await held;
        return { exitCode: 20, stdout: '', stderr: '' };
      },
      { run },
      '/key',
    );
    const cancel = new AbortController();
    const working = reach(place, never, (line) =>
      line.start({ file: '/usr/bin/rsync', args: [], timeoutMs: 1, signal: cancel.signal }),
    );
    if (how !== 'ended') cancel.abort();
    expect((await working).exitCode).toBe(20);
  });

  it.each([
    [0, []],
    [12, ['is-active']],
    [null, ['is-active']],
  ])('is asked about its state only when what used it failed (exit code %s)', async (exitCode, questions) => {
    const verbs: (string | undefined)[] = [];
    const reach = createLink(
      (command) => {
        if (command.file === '/usr/bin/systemctl') verbs.push(command.args[0]);
        else command.onExit?.(exitCode);
        return Promise.resolve({ exitCode: 0, stdout: '', stderr: '' });
      },
      { run },
      '/key',
    );
    const state = await reach(place, never, async (line) => {
      await line.start({ file: '/usr/bin/rsync', args: [], timeoutMs: 1 });
      return line.state?.();
    });
    expect(state).toBe(exitCode === 0 ? 'unknown' : 'up');
    expect(verbs).toEqual(['start', ...questions, 'stop']);
  });

  it('leaves no failed unit behind when it broke', async () => {
    const verbs: (string | undefined)[] = [];
    const reach = createLink(
      (command) => {
        command.onExit?.(12);
        if (command.file === '/usr/bin/systemctl') verbs.push(command.args[0]);
        if (command.args[0] === 'is-active') return Promise.reject(refusal('', 3));
        return Promise.resolve({ exitCode: 0, stdout: '', stderr: '' });
      },
      { run },
      '/key',
    );
    await reach(place, never, (line) => line.start({ file: '/usr/bin/rsync', args: [], timeoutMs: 1 }));
    expect(verbs).toEqual(['start', 'is-active', 'stop', 'reset-failed']);
  });

  it('is closed also when the work fails', async () => {
    const reach = createLink(
      systemd(() => undefined),
      { run },
      '/key',
    );
    await expect(reach(place, never, () => Promise.reject(new Error('rsync')))).rejects.toThrow('rsync');
    expect(asked.at(-1)?.[0]).toBe('stop');
  });
});

describe('an errand', () => {
  const answer =
    (text: string) =>
    async (id: string): Promise<void> => {
      await writeFile(join(run, 'courier', id, 'answer'), text);
    };

  it.each([
    ['{"errand":0}\n', {}],
    ['{"errand":0,"failure":"ended with exit code 3"}\n', { failure: 'ended with exit code 3' }],
    ['{"errand":0,"said":"250 queued"}\n', { said: '250 queued' }],
  ])('is answered by %j', async (text, expected) => {
    expect(await createCourier(systemd(answer(text)), { run })(errand, 1_000, never)).toEqual(expected);
    expect(await readdir(join(run, 'courier'))).toEqual([]);
  });

  it.each([
    ['a torn answer', answer('{"errand":0,"fail'), 'failed; see: journalctl'],
    ['no answer', () => undefined, 'failed; see: journalctl'],
    [
      'a masked unit',
      () => {
        throw masked;
      },
      'cannot be started; see whether it is masked',
    ],
    [
      'a unit that hangs',
      () => {
        throw new CommandError('/usr/bin/systemctl', ['start'], 'did not end', undefined, '', true);
      },
      'did not end within 2 min',
    ],
    [
      'a failed unit',
      () => {
        throw failedJob;
      },
      'failed; see: journalctl',
    ],
  ])('with %s has failed, and says where to look', async (_what, start, said) => {
    expect(await createCourier(systemd(start), { run })(errand, 1_000, never)).toEqual({
      failure: expect.stringContaining(said) as string,
    });
  });
});
