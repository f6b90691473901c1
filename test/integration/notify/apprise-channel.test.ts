import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { apprise } from '../../../src/config/http-channel-schema.ts';
import type { Notice } from '../../../src/notify/channel.ts';
import { createAppriseChannel } from '../../../src/notify/apprise-channel.ts';
import { startProgram } from '../../../src/system/command.ts';
import { aNotice } from './a-notice.ts';

let directory = '';
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'apprise-'));
  await writeFile(join(directory, 'services'), 'json://127.0.0.1\n', { mode: 0o600 });
});
afterEach(() => rm(directory, { recursive: true }));

/** A program in the place of apprise, which writes down how it was called, and ends as told. */
async function channelWith(more: object, end = 'exit 0') {
  const program = join(directory, 'apprise');
  await writeFile(
    program,
    `#!/bin/sh\n{ printf '%s\\n' "$@"; echo --; env; echo --; cat; } > ${directory}/called\n${end}\n`,
  );
  await chmod(program, 0o755);
  const settings = apprise.parse({ type: 'apprise', config: join(directory, 'services'), ...more });
  return createAppriseChannel(settings, startProgram, program as `/${string}`);
}
const never = new AbortController().signal;
async function called(): Promise<string[]> {
  return (await readFile(join(directory, 'called'), 'utf8')).split('--\n');
}

describe('apprise', () => {
  test('gets its own configuration, title, type and tags as arguments, and the text on standard input', async () => {
    await (await channelWith({ tags: ['ops', 'ann'] })).send({ ...aNotice, text: 'Grüsse\n"and" more' }, never);
    const [args, , text] = await called();
    expect(args?.trim().split('\n')).toEqual([
      ...['--config', join(directory, 'services'), '--title', '[station] BACKUP_2 is done, safe to unplug'],
      ...['--notification-type', 'success', '--tag', 'ops', '--tag', 'ann'],
    ]);
    expect(text).toBe('Grüsse\n"and" more');
  });

  test.each<[Notice['kind'], string]>([
    ['held', 'failure'],
    ['failure', 'failure'],
    ['overdue', 'warning'],
    ['test', 'info'],
  ])('%s is of type %s', async (kind, type) => {
    await (await channelWith({})).send({ ...aNotice, kind }, never);
    expect((await called())[0]).toContain(`--notification-type\n${type}\n`);
  });

  test('goes through the proxy, and trusts the authority, of the settings; without them, nothing is set', async () => {
    await (await channelWith({})).send(aNotice, never);
    expect((await called())[1]).not.toMatch(/proxy|REQUESTS/i);
    const own = { proxy: 'http://proxy.example.org:3128', caFile: '/etc/own-ca.pem' };
    await (await channelWith(own)).send(aNotice, never);
    const [, environment = ''] = await called();
    expect(environment).toContain('HTTPS_PROXY=http://proxy.example.org:3128\n');
    expect(environment).toContain('REQUESTS_CA_BUNDLE=/etc/own-ca.pem\n');
  });

  test('that fails is told with its first line, without the address of a service', async () => {
    const channel = await channelWith({}, 'echo "ERROR - Failed tgram://12:secret/34 now" >&2; exit 1');
    await expect(channel.send(aNotice, never)).rejects.toThrow(
      'apprise ended with exit code 1: ERROR - Failed [address] now',
    );
  });

  test('does not start with a configuration that others may read', async () => {
    await chmod(join(directory, 'services'), 0o644);
    await expect((await channelWith({})).send(aNotice, never)).rejects.toThrow('can be read by other users');
    await expect(called()).rejects.toThrow('ENOENT');
  });
});
