import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { configSchema } from '../../../src/config/schema.ts';
import { makeChannel } from '../../../src/notify/make-channel.ts';
import { startProgram } from '../../../src/system/command.ts';
import { aNotice } from './a-notice.ts';

let directory = '';
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'command-'));
});
afterAll(async () => {
  await rm(directory, { recursive: true });
});

const never = new AbortController().signal;

/** A program of the operator's own, and the channel for it. */
async function channelTo(script: string, more: Record<string, unknown> = {}) {
  const command = join(directory, 'program');
  await writeFile(command, `#!/bin/sh\n${script}\n`);
  await chmod(command, 0o755);
  const [settings] = configSchema.shape.notify.parse([{ type: 'command', command, ...more }]);
  if (!settings || settings.type === 'signal') throw new Error('no channel');
  return makeChannel(settings, startProgram);
}

describe('command', () => {
  test('the program gets the whole notice on standard input, and its arguments as they are', async () => {
    const out = join(directory, 'out');
    const channel = await channelTo('printf "%s\\n" "$2" > "$1"; cat >> "$1"', { args: [out, 'a b; $(id)'] });
    await channel.send(aNotice, never);
    const [argument, ...notice] = (await readFile(out, 'utf8')).split('\n');
    expect(argument).toBe('a b; $(id)');
    expect(JSON.parse(notice.join('\n'))).toEqual(aNotice);
  });

  test('a program that fails is told with the first line of what it says, without its arguments, which may be a token', async () => {
    const channel = await channelTo('echo no route, "$1" >&2; echo more >&2; exit 7', { args: ['token-in-argument'] });
    const error: unknown = await channel.send(aNotice, never).catch((caught: unknown) => caught);
    expect((error as Error).message).toMatch(/ended with exit code 7: no route, \[secret\]$/);
    expect(String((error as Error).stack)).not.toContain('token');
  });

  test('a program that does not read its input is judged by its exit code', async () => {
    await expect((await channelTo('exit 0')).send(aNotice, never)).resolves.toBeUndefined();
  });

  test('a program that hangs is ended', async () => {
    const channel = await channelTo('exec sleep 60', { timeout: '0.3s' });
    const before = performance.now();
    await expect(channel.send(aNotice, never)).rejects.toThrow('took too long');
    expect(performance.now() - before).toBeLessThan(5_000);
  });

  test('a program that is not there is told', async () => {
    const [settings] = configSchema.shape.notify.parse([{ type: 'command', command: join(directory, 'none') }]);
    if (!settings || settings.type === 'signal') throw new Error('no channel');
    await expect(makeChannel(settings, startProgram).send(aNotice, never)).rejects.toThrow(
      'was not started: it is not there',
    );
  });

  test('a program that others can change is not started', async () => {
    const out = join(directory, 'started');
    const channel = await channelTo('touch "$1"', { args: [out] });
    await chmod(join(directory, 'program'), 0o777);
    await expect(channel.send(aNotice, never)).rejects.toThrow(
      'was not started: it does not belong to root, or others can write it',
    );
    await expect(readFile(out)).rejects.toThrow('ENOENT');
  });

  test('what it leaves in the background does not make a told notice a failure', async () => {
    const before = performance.now();
    await expect((await channelTo('sleep 60 &', { timeout: '30s' })).send(aNotice, never)).resolves.toBeUndefined();
    expect(performance.now() - before).toBeLessThan(15_000);
  });

  test('what it prints is not kept, however much it is', async () => {
    const before = process.memoryUsage().rss;
    await (await channelTo('head -c 300M /dev/zero; head -c 300M /dev/zero >&2')).send(aNotice, never);
    expect(process.memoryUsage().rss - before).toBeLessThan(200_000_000);
  });
});
