import { execFile } from 'node:child_process';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { configSchema } from '../../../src/config/schema.ts';
import type { MailChannel } from '../../../src/config/notify-schema.ts';
import { createMailChannel } from '../../../src/notify/mail-channel.ts';
import { aNotice } from './a-notice.ts';
import { listenSmtp, type SmtpBehaviour, type SmtpListener } from './smtp-listener.ts';

const password = 'correct-horse-battery';
let directory = '';
let certificate = { cert: '', key: '' };
let listener: SmtpListener | undefined;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'mail-'));
  const [cert, key] = [join(directory, 'cert'), join(directory, 'key')];
  await promisify(execFile)('/usr/bin/openssl', [
    'req',
    '-x509',
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:prime256v1',
    '-nodes',
    '-subj',
    '/CN=localhost',
    '-days',
    '2',
    '-keyout',
    key,
    '-out',
    cert,
  ]);
  certificate = { cert: await readFile(cert, 'utf8'), key: await readFile(key, 'utf8') };
  await writeFile(join(directory, 'password'), `${password}\n`, { mode: 0o600 });
});
afterEach(async () => {
  await listener?.close();
});
afterAll(async () => {
  await rm(directory, { recursive: true });
});

/** Settings as they come out of the configuration file. */
function settings(port: number, more: Record<string, unknown> = {}): MailChannel {
  const entry = {
    type: 'mail',
    to: 'operator@example.org',
    from: 'extbackup@example.org',
    host: '127.0.0.1',
    port,
    ...more,
  };
  const channel = configSchema.shape.notify.parse([entry])[0];
  if (channel?.type !== 'mail') throw new Error('no mail channel');
  return channel;
}

async function send(behaviour: SmtpBehaviour, more: Record<string, unknown> = {}): Promise<SmtpListener> {
  listener = await listenSmtp(behaviour);
  await createMailChannel(settings(listener.port, more)).send(aNotice, new AbortController().signal);
  return listener;
}

/** What a failed delivery says. */
async function failure(
  behaviour: SmtpBehaviour,
  more: Record<string, unknown> = {},
  signal = new AbortController().signal,
): Promise<string> {
  listener = await listenSmtp(behaviour);
  const sent = createMailChannel(settings(listener.port, more)).send(aNotice, signal);
  return sent.then(
    () => {
      throw new Error('it was delivered');
    },
    (error: unknown) => (error as Error).message,
  );
}

describe('mail', () => {
  test.each([
    ['root', ['root'], 'To: <root>'],
    ['Night, root', ['Night', 'root'], 'To: <Night>, <root>'],
    ['"Ops, night" <ops@example.org>, root', ['ops@example.org', 'root'], 'To: "Ops, night" <ops@example.org>, <root>'],
  ])('to %s goes to whom it says, also without a domain', async (to, recipients, header) => {
    const { said, mails } = await send({}, { to, from: 'root' });
    expect(said.filter((line) => line.startsWith('RCPT'))).toEqual(recipients.map((name) => `RCPT TO:<${name}>`));
    expect(said).toContain('MAIL FROM:<root>');
    expect(mails[0]?.text).toContain(header);
    expect(mails[0]?.text).toContain('From: <root>');
  });

  test('tells the operator who, what and what to do', async () => {
    const { mails } = await send({});
    expect(mails).toHaveLength(1);
    expect(mails[0]).toMatchObject({ to: 'operator@example.org', encrypted: false });
    expect(mails[0]?.text).toContain('Subject: [station] BACKUP_2 is done, safe to unplug');
    expect(mails[0]?.text).toContain('Auto-Submitted: auto-generated');
    expect(mails[0]?.text).toContain('You can take it out.');
    const whole = mails[0]?.text.replace(/=\r?\n/g, ''); // the soft line ends of quoted-printable
    expect(whole).toMatch(/multipart\/alternative[^]*text\/plain[^]*text\/html[^]*SAFE TO UNPLUG/);
  });

  test('attaches the page of a report, and sends the report without it when it is gone', async () => {
    const page = join(directory, 'report.html');
    await writeFile(page, '<!doctype html><title>all figures</title>');
    const report = { ...aNotice, event: 'report:made', payload: { freshest: null, text: '', page } } as const;
    listener = await listenSmtp({});
    const channel = createMailChannel(settings(listener.port));
    await channel.send(report, new AbortController().signal);
    await rm(page);
    await channel.send(report, new AbortController().signal);
    const [withPage, without] = listener.mails.map(({ text }) => text);
    expect(withPage).toMatch(/multipart\/mixed[^]*filename=backups-of-station.html/);
    const encoded = Buffer.from('<!doctype html><title>all figures</title>').toString('base64').slice(0, 40);
    expect(withPage?.includes('all figures') === true || withPage?.includes(encoded) === true).toBe(true);
    expect(without).not.toContain('filename=');
    expect(without).toContain('is done');
  });

  test('opportunistic encrypts when the server offers it, whatever its certificate', async () => {
    expect((await send({ tls: certificate })).mails[0]?.encrypted).toBe(true);
  });

  test('never does not encrypt', async () => {
    expect((await send({ tls: certificate }, { tls: 'never' })).mails[0]?.encrypted).toBe(false);
  });

  test('required gives nothing to a server without TLS, nor to one that nobody vouches for', async () => {
    await failure({}, { tls: 'required' });
    expect(listener?.mails).toEqual([]);
    await listener?.close();
    expect(await failure({ tls: certificate }, { tls: 'required' })).toMatch(/certificate/i);
    expect(listener?.mails).toEqual([]);
  });

  test('logs in with the password from its file', async () => {
    const { said } = await send({ auth: 'accept' }, { user: 'me', passwordFile: join(directory, 'password') });
    expect(said).toContain(`AUTH PLAIN ${Buffer.from(`\0me\0${password}`).toString('base64')}`);
  });

  test('a password that others may read is not used', async () => {
    const file = join(directory, 'open');
    await writeFile(file, password);
    await chmod(file, 0o644);
    expect(await failure({ auth: 'accept' }, { user: 'me', passwordFile: file })).toContain('chmod 0600');
    expect(listener?.said).toEqual([]);
  });

  test('a missing password file is told', async () => {
    expect(await failure({}, { user: 'me', passwordFile: join(directory, 'none') })).toContain('ENOENT');
  });

  test('a server that repeats the password does not bring it into the journal', async () => {
    const text = await failure(
      { auth: 'refuse-and-repeat' },
      { user: 'me', passwordFile: join(directory, 'password') },
    );
    expect(text).toContain('535');
    expect(text).not.toContain(password);
    expect(text).not.toContain(Buffer.from(`\0me\0${password}`).toString('base64'));
  });

  test('a password never goes to another machine without TLS', async () => {
    const channel = createMailChannel(
      settings(25, { host: 'mail.example.org', tls: 'never', user: 'me', passwordFile: join(directory, 'password') }),
    );
    await expect(channel.send(aNotice, new AbortController().signal)).rejects.toThrow('without TLS');
  });

  test('a refused recipient is a failure', async () => {
    expect(await failure({ recipientAnswer: '550 no such user' })).toContain('550');
  });

  test('a silent server costs no more than the timeout', async () => {
    const before = performance.now();
    await failure({ silent: true }, { timeout: '0.3s' });
    expect(performance.now() - before).toBeLessThan(3_000);
  });

  test('a delivery that is not wanted any more ends at once', async () => {
    const before = performance.now();
    await failure({ silent: true }, { timeout: '30s' }, AbortSignal.timeout(100));
    expect(performance.now() - before).toBeLessThan(3_000);
  });
});
