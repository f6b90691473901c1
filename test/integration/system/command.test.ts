import { mkdtemp, readdir, readFile, readlink, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, describe, expect, it } from 'vitest';
import { CommandError, startProgram, type Command } from '../../../src/system/command.ts';

/** Runs a shell script until it says "ready", then cancels it. Tells how it ended, after how long, and what it had said. */
async function cancelledWith(
  script: string,
  options: Partial<Command> = {},
): Promise<{ error: unknown; tookMs: number; said: string[] }> {
  const cancel = new AbortController();
  let said = '';
  let since = 0;
  const error: unknown = await startProgram({
    file: '/bin/sh',
    args: ['-c', script],
    timeoutMs: 50_000,
    signal: cancel.signal,
    ...options,
    onStdout: (chunk) => {
      said += chunk;
      if (since > 0 || !said.includes('ready')) return;
      since = performance.now();
      setTimeout(() => {
        cancel.abort();
      }, 100); // what comes last in the script has begun by then
    },
  }).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  return { error, tookMs: performance.now() - since, said: said.split('\n') };
}

/** State of a process as the kernel names it: S, T, Z, …; undefined when there is none. */
async function stateOf(pid: string | undefined): Promise<string | undefined> {
  try {
    return /\) (\S)/.exec(await readFile(`/proc/${pid ?? ''}/stat`, 'utf8'))?.[1];
  } catch {
    return undefined;
  }
}

async function isGone(pid: string | undefined): Promise<boolean> {
  for (let tries = 0; tries < 50; tries += 1) {
    const state = await stateOf(pid);
    if (state === undefined || state === 'Z') return true;
    await sleep(20);
  }
  return false;
}

const room = await mkdtemp(join(tmpdir(), 'extbackup-command-'));
afterAll(async () => {
  await rm(room, { recursive: true });
});

const stdoutFile = join(room, 'output');
await writeFile(stdoutFile, 'from before\n');

describe.each<[string, Partial<Command>]>([
  ['an ordinary pipe', {}],
  ['a file', { stdoutFile }],
])('a program that is cancelled, with %s', (_kind, pipe) => {
  const cancelled = (script: string, options: Partial<Command> = {}): ReturnType<typeof cancelledWith> =>
    cancelledWith(script, { ...pipe, ...options });

  it('is ended when it stands still: woken, it has its time to tidy up', async () => {
    const { error, tookMs, said } = await cancelled(
      "trap 'echo tidy; exit 1' TERM; echo $$; echo ready; kill -STOP $$",
      { ownGroup: true },
    );
    expect(error).toBeInstanceOf(CommandError);
    expect(said).toContain('tidy');
    expect(tookMs).toBeLessThan(4_000);
    expect(await isGone(said[0])).toBe(true);
  });

  it('takes with it what it started, even what stands still and holds the pipes', async () => {
    const { error, tookMs, said } = await cancelled('sleep 300 & kill -STOP $!; echo $!; echo ready; exec sleep 300', {
      ownGroup: true,
    });
    expect(error).toBeInstanceOf(CommandError);
    expect((error as CommandError).stillRuns).toBe(false);
    expect(tookMs).toBeLessThan(4_000);
    expect(await isGone(said[0])).toBe(true);
  });

  it('is killed with all that it started when they do not listen', async () => {
    const { tookMs, said } = await cancelled("trap '' TERM; sleep 300 & echo $!; echo ready; sleep 300", {
      ownGroup: true,
    });
    expect(tookMs).toBeGreaterThan(4_000);
    expect(tookMs).toBeLessThan(9_000);
    expect(await isGone(said[0])).toBe(true);
  });

  it('takes with it what has closed the pipes', async () => {
    const { said } = await cancelled(
      "(trap '' TERM; exec sleep 300 >/dev/null 2>&1) & echo $!; echo ready; exec sleep 300",
      { ownGroup: true },
    );
    expect(await isGone(said[0])).toBe(true);
  });

  it('is waited for no longer than its killing takes, whoever holds its pipes', async () => {
    const { error, tookMs, said } = await cancelled('sleep 300 & echo $!; echo ready; exec sleep 300');
    try {
      expect(error).toMatchObject({
        stillRuns: true,
        message: expect.stringContaining('does not end, not even when killed') as string,
      });
      expect(tookMs).toBeLessThan(13_000);
    } finally {
      process.kill(Number(said[0]), 'SIGKILL'); // without a group of its own nobody else ends it
    }
  });
});

describe('a program that ends', () => {
  it('is not waited for longer because of what it left in its group', async () => {
    const started = performance.now();
    let pid = '';
    await expect(
      startProgram({
        file: '/bin/sh',
        args: ['-c', 'sleep 300 & echo $!'],
        timeoutMs: 50_000,
        ownGroup: true,
        onStdout: (chunk) => {
          pid += chunk;
        },
      }),
    ).resolves.toMatchObject({ exitCode: 0 });
    expect(performance.now() - started).toBeLessThan(9_000);
    expect(await isGone(pid.trim())).toBe(true);
  });

  it('is waited for no longer than its time, with all that it started', async () => {
    let pid = '';
    const error: unknown = await startProgram({
      file: '/bin/sh',
      args: ['-c', 'sleep 300 & echo $!; exec sleep 300'],
      timeoutMs: 500,
      ownGroup: true,
      onStdout: (chunk) => {
        pid += chunk;
      },
    }).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ timedOut: true, stillRuns: false });
    expect(await isGone(pid.trim())).toBe(true);
  });
});

describe('output through a file', () => {
  const text = async (command: Partial<Command>): Promise<string> => {
    let said = '';
    await startProgram({
      file: '/bin/sh',
      args: [],
      timeoutMs: 50_000,
      stdoutFile,
      ...command,
      onStdout: (piece) => {
        said += piece;
      },
    });
    return said;
  };
  const openEnds = async (): Promise<string[]> => {
    const links = await Promise.all(
      (await readdir('/proc/self/fd')).map((fd) => readlink(`/proc/self/fd/${fd}`).catch(() => '')),
    );
    return links.filter((target) => target.startsWith(room));
  };

  it('arrives whole, however much it is, with characters that stand astride two pieces, and stays', async () => {
    await writeFile(stdoutFile, 'from before\n');
    const line = '0123456789 žluťoučký kůň 🐎';
    const said = await text({ args: ['-c', `yes '${line}' | head -n 40000; printf end`] });
    expect(said).toBe(`${`${line}\n`.repeat(40_000)}end`);
    expect(await readFile(stdoutFile, 'utf8')).toBe(`from before\n${said}`);
    expect(await openEnds()).toEqual([]);
  });

  it('is heard while the program runs', async () => {
    let heard = (): void => undefined;
    const first = new Promise<void>((resolve) => {
      heard = resolve;
    });
    const stop = new AbortController();
    const run = startProgram({
      file: '/bin/sh',
      args: ['-c', 'echo here; exec sleep 300'],
      timeoutMs: 50_000,
      stdoutFile,
      signal: stop.signal,
      onStdout: () => {
        heard();
      },
    });
    await first;
    stop.abort();
    await expect(run).rejects.toThrow('was cancelled');
    expect(await openEnds()).toEqual([]);
  });

  it('ends when the last one who writes has ended', async () => {
    expect(await text({ args: ['-c', '(sleep 0.3; echo late) & echo early'] })).toBe('early\nlate\n');
  });

  it('is nothing from a program that says nothing, or is not there', async () => {
    expect(await text({ file: '/bin/true' })).toBe('');
    await expect(text({ file: '/nonexistent/program' })).rejects.toThrow('is not installed');
    expect(await openEnds()).toEqual([]);
  });

  it('is not written through a link', async () => {
    await symlink('output', join(room, 'link'));
    await expect(text({ stdoutFile: join(room, 'link'), args: ['-c', 'echo here'] })).rejects.toThrow('ELOOP');
  });
});

it('gives the bytes of a program that prints no text', async () => {
  const bytes = Buffer.from([0x4c, 0xba, 0xbe, 0, 0xff, 0x0a]);
  const { stdout } = await startProgram({
    ...{ file: '/usr/bin/cat', args: [], stdin: bytes },
    ...{ isBinary: true, timeoutMs: 20_000 },
  });
  expect(Buffer.from(stdout, 'latin1')).toEqual(bytes);
});
