import { execFileSync } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { configSchema } from '../../../src/config/schema.ts';
import type { Notice } from '../../../src/notify/channel.ts';
import { makeChannel } from '../../../src/notify/make-channel.ts';
import { noticeSchema } from '../../../src/notify/notice-schema.ts';
import { startProgram } from '../../../src/system/command.ts';
import { aNotice } from './a-notice.ts';
import { startProxy, startReceiver, type Receiver } from './http-receiver.ts';

let directory = '';
let tls = { key: '', cert: '' };
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'http-channels-'));
  const openssl = (...args: string[]) => execFileSync('/usr/bin/openssl', args, { cwd: directory, stdio: 'pipe' });
  openssl(
    ...'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ca.key -out ca.pem'.split(' '),
    '-subj',
    '/CN=Own CA',
  );
  openssl(
    ...'req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout server.key -out server.csr'.split(' '),
    '-subj',
    '/CN=localhost',
  );
  await writeFile(join(directory, 'names'), 'subjectAltName=DNS:localhost\n');
  openssl(
    ...'x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -extfile names -out server.pem'.split(' '),
  );
  const read = (name: string) => readFile(join(directory, name), 'utf8');
  tls = { key: await read('server.key'), cert: await read('server.pem') };
  await secret('token', 'tk_very-secret\n');
});
afterAll(() => rm(directory, { recursive: true }));

const open: { close(): void }[] = [];
afterEach(() => {
  for (const one of open.splice(0)) one.close();
});
async function receiver(...args: Parameters<typeof startReceiver>): Promise<Receiver> {
  const started = await startReceiver(...args);
  open.push(started);
  return started;
}

async function secret(name: string, content: string, mode = 0o600): Promise<string> {
  const file = join(directory, name);
  await writeFile(file, content, { mode });
  await chmod(file, mode);
  return file;
}

function channelFor(settings: Record<string, unknown>) {
  const [entry] = configSchema.shape.notify.parse([{ timeout: '5s', ...settings }]);
  if (!entry || entry.type === 'signal') throw new Error('no channel');
  return makeChannel(entry, startProgram);
}
const never = new AbortController().signal;
const send = (settings: Record<string, unknown>, notice: Notice = aNotice) => channelFor(settings).send(notice, never);
const held: Notice = { ...aNotice, kind: 'held', priority: 'urgent', subject: 'BACKUP_2 needs your approval' };

describe('what receivers get', () => {
  test('ntfy: topic, title, text, priority by urgency, tags and token', async () => {
    const at = await receiver({ status: 200, text: '{}' });
    const settings = {
      type: 'ntfy',
      server: at.url,
      topic: 'disks',
      tags: ['cellar'],
      tokenFile: join(directory, 'token'),
    };
    await send(settings, held);
    await send({ ...settings, priority: 1 });
    expect(at.got[0]).toMatchObject({ method: 'POST', url: '/', headers: { authorization: 'Bearer tk_very-secret' } });
    expect(JSON.parse(at.got[0]?.body ?? '')).toEqual({
      topic: 'disks',
      title: '[station] BACKUP_2 needs your approval',
      message: aNotice.text,
      priority: 5,
      tags: ['raised_hand', 'cellar'],
    });
    expect(JSON.parse(at.got[1]?.body ?? '')).toMatchObject({ priority: 1 });
  });

  test('webhook: the whole notice as its schema says, signed, with headers of your own', async () => {
    const at = await receiver({ status: 204 });
    await send({
      ...{ type: 'webhook', url: `${at.url}/in?a=b`, headers: { 'X-Own': 'one' } },
      secretFile: await secret('hmac', 'the key\n'),
      headerFiles: { Authorization: join(directory, 'token') },
    });
    const { url, headers, body } = at.got[0] ?? { url: '', headers: {}, body: '' };
    expect(url).toBe('/in?a=b');
    expect(noticeSchema.parse(JSON.parse(body))).toEqual(aNotice);
    expect(headers).toMatchObject({
      'content-type': 'application/json',
      'x-own': 'one',
      authorization: 'tk_very-secret',
      'x-extbackup-event': 'success',
      'x-extbackup-signature': `sha256=${createHmac('sha256', 'the key').update(body).digest('hex')}`,
    });
  });

  test('ping: start, success and fail by suffix, with the summary as the body; a test is no sign of life', async () => {
    const at = await receiver({ status: 200 });
    const settings = { type: 'ping', urlFile: await secret('address', `${at.url}/uuid\n`) };
    const kinds = ['started', 'success', 'failure', 'held', 'test'] as const;
    for (const kind of kinds) await send(settings, { ...aNotice, kind });
    expect(at.got.map(({ url }) => url)).toEqual(['/uuid/start', '/uuid', '/uuid/fail', '/uuid/fail', '/uuid/log']);
    expect(at.got[1]?.body).toBe(`${aNotice.subject}\n\n${aNotice.text}\n`);
    await channelFor(settings).probe?.(never);
    expect(at.got.at(-1)).toMatchObject({ method: 'HEAD', url: '/' });
  });

  test('ping as Uptime Kuma wants it', async () => {
    const at = await receiver({ status: 200 });
    const kuma = {
      type: 'ping',
      url: `${at.url}/api/push/key?status=up&msg=OK&ping=`,
      method: 'GET',
      start: false,
      fail: '?status=down',
    };
    for (const kind of ['started', 'success', 'failure'] as const) await send(kuma, { ...aNotice, kind });
    expect(at.got.map(({ method, url }) => `${method} ${url}`)).toEqual([
      'GET /api/push/key?status=up&msg=OK&ping=',
      'GET /api/push/key?status=down',
    ]);
  });

  test('gotify: title, message, priority, and the token in a header', async () => {
    const at = await receiver({ status: 200 });
    await send({ type: 'gotify', server: `${at.url}/gotify/`, tokenFile: join(directory, 'token') }, held);
    expect(at.got[0]).toMatchObject({ url: '/gotify/message', headers: { 'x-gotify-key': 'tk_very-secret' } });
    expect(JSON.parse(at.got[0]?.body ?? '')).toMatchObject({ priority: 10, message: aNotice.text });
  });
});

describe('what goes wrong is told, without a secret', () => {
  test.each([
    [{ status: 500, text: 'no room\nfor tk_very-secret' }, /^localhost:\d+ answered 500: no room$/],
    [{ status: 401, text: 'bad tk_very-secret' }, /answered 401: bad \[secret\]$/],
    [{ status: 301, headers: { location: 'http://localhost:1/' } }, /answered 301$/],
  ])('an answer %j', async (answer, said) => {
    const at = await receiver(answer);
    const settings = { type: 'ntfy', server: at.url, topic: 'disks', tokenFile: join(directory, 'token') };
    await expect(send(settings)).rejects.toThrow(said);
    expect(at.got).toHaveLength(1);
  });

  test('no answer in time', async () => {
    const at = await receiver('never');
    const before = performance.now();
    await expect(send({ type: 'webhook', url: at.url, timeout: '0.4s' })).rejects.toThrow(
      'did not answer within 0.4 s',
    );
    expect(performance.now() - before).toBeLessThan(4_000);
  });

  test('nobody there', async () => {
    const at = await receiver({ status: 200 });
    at.close();
    const channel = channelFor({ type: 'webhook', url: at.url });
    await expect(channel.send(aNotice, never)).rejects.toThrow(/cannot be reached: .*ECONNREFUSED/);
    await expect(channel.probe?.(never)).rejects.toThrow('cannot be reached');
  });

  test.each([
    ['that others may read', 0o640, 'x', 'can be read by other users; correct it: chmod 0600'],
    ['that is empty', 0o600, '\n', 'is empty'],
    ['that is too long', 0o600, 'x'.repeat(5000), 'is too long'],
  ])('a token file %s, and nothing is sent', async (_what, mode, content, said) => {
    const at = await receiver({ status: 200 });
    const tokenFile = await secret('bad-token', content, mode);
    const channel = channelFor({ type: 'gotify', server: at.url, tokenFile });
    await expect(channel.send(aNotice, never)).rejects.toThrow(said);
    await expect(channel.probe?.(never)).rejects.toThrow(said);
    expect(at.got).toEqual([]);
  });

  test('a pipe in place of a token file does not hang', async () => {
    const tokenFile = join(directory, 'pipe');
    execFileSync('/usr/bin/mkfifo', ['-m', '0600', tokenFile]);
    await expect(send({ type: 'gotify', server: 'http://localhost:1', tokenFile })).rejects.toThrow('is not a file');
  });

  test('a token crosses no network in clear text: such settings are refused', () => {
    const entry = { type: 'gotify', server: 'http://gotify.example.org', tokenFile: '/etc/token' };
    expect(configSchema.shape.notify.safeParse([entry]).success).toBe(false);
    expect(configSchema.shape.notify.safeParse([{ ...entry, server: 'https://gotify.example.org' }]).success).toBe(
      true,
    );
  });
});

describe('TLS', () => {
  test('an unknown authority is not trusted, whatever the environment says; the given one is', async () => {
    const at = await receiver({ status: 200 }, tls);
    process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = '0';
    try {
      await expect(send({ type: 'webhook', url: at.url })).rejects.toThrow(/cannot be reached: .*certificate/);
    } finally {
      delete process.env['NODE_TLS_REJECT_UNAUTHORIZED'];
    }
    await send({ type: 'webhook', url: at.url, caFile: join(directory, 'ca.pem') });
    expect(at.got).toHaveLength(1);
  });

  test('a certificate for another name is not trusted', async () => {
    const at = await receiver({ status: 200 }, tls);
    const url = at.url.replace('localhost', '127.0.0.1');
    await expect(send({ type: 'webhook', url, caFile: join(directory, 'ca.pem') })).rejects.toThrow(
      'cannot be reached',
    );
    expect(at.got).toEqual([]);
  });

  test('goes through a proxy from end to end', async () => {
    const at = await receiver({ status: 200 }, tls);
    const proxy = await startProxy();
    open.push(proxy);
    const settings = { type: 'webhook', url: at.url, proxy: proxy.url };
    await expect(send(settings)).rejects.toThrow('certificate'); // checked through the proxy, too
    await send({ ...settings, caFile: join(directory, 'ca.pem') });
    expect(proxy.asked.at(-1)).toBe(`localhost:${at.port}`);
    expect(at.got).toHaveLength(1);
  });
});
