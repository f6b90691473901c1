import { open } from 'node:fs/promises';
import { createTransport } from 'nodemailer';
import type { MailChannel } from '../config/notify-schema.ts';
import { messageOf } from '../errors.ts';
import type { Channel, Notice } from './channel.ts';

/** Mail through an SMTP server, one connection per notice. */
export function createMailChannel(settings: MailChannel): Channel {
  return {
    name: `mail to ${settings.to}`,
    send: async (notice, signal) => {
      const password = settings.passwordFile === undefined ? undefined : await readPassword(settings.passwordFile);
      try {
        await createTransport({
          ...connection(settings),
          ...(settings.user !== undefined && { auth: { user: settings.user, pass: password ?? '' } }),
          disableFileAccess: true,
          disableUrlAccess: true,
        }).sendMail({
          ...toMail(notice, settings),
          signal: AbortSignal.any([signal, AbortSignal.timeout(settings.timeout)]),
        });
      } catch (error) {
        throw new Error(describeFailure(error, settings.user ?? '', password));
      }
    },
  };
}

/**
 * How to reach the server. `opportunistic` encrypts when the server offers it, without asking who it is: that is still better
 * than clear text. A login makes it `required`, so that a password is only ever sent to a server that has proven its name.
 */
function connection(settings: MailChannel) {
  const { host, port, timeout } = settings;
  const tls =
    settings.tls === 'opportunistic' && settings.user !== undefined && !isThisMachine(host) ? 'required' : settings.tls;
  if (tls === 'never' && settings.user !== undefined && !isThisMachine(host))
    throw new Error('a password is not sent without TLS; set tls: required');
  return {
    host,
    port,
    secure: tls === 'implicit',
    ignoreTLS: tls === 'never',
    requireTLS: tls === 'required',
    opportunisticTLS: tls === 'opportunistic',
    tls: { rejectUnauthorized: tls !== 'opportunistic' },
    connectionTimeout: timeout,
    greetingTimeout: timeout,
    socketTimeout: timeout,
    dnsTimeout: timeout,
  };
}

const isThisMachine = (host: string): boolean => ['localhost', '127.0.0.1', '::1'].includes(host);

/** The message. Auto-Submitted (RFC 3834) keeps holiday replies away. */
function toMail(notice: Notice, settings: MailChannel) {
  return {
    from: settings.from,
    to: settings.to,
    subject: `[${notice.station}] ${notice.subject}`,
    messageId: `<${notice.id}@${notice.station}.extbackup>`, // a mail that comes twice is seen to be one
    text: `${notice.text}\n\n-- \nextbackup on ${notice.station}, ${notice.at}\n`,
    headers: { 'Auto-Submitted': 'auto-generated' },
  };
}

const longestPassword = 1024;

/**
 * Reads the SMTP password; the end of the last line does not belong to it.
 * @throws Error when others than the owner may read the file
 */
async function readPassword(file: string): Promise<string> {
  const handle = await open(file, 'r').catch((error: unknown) => {
    throw new Error(`the password file cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown reason'})`);
  });
  try {
    const { mode, uid, size } = await handle.stat();
    if ((mode & 0o077) !== 0)
      throw new Error(`the password file can be read by others; put it right: chmod 0600 ${file}`);
    if (uid !== 0 && uid !== process.getuid?.()) throw new Error('the password file does not belong to root');
    if (size > longestPassword) throw new Error('the password file is too long to hold a password');
    return (await handle.readFile('utf8')).replace(/\r?\n$/, '');
  } finally {
    await handle.close();
  }
}

/** Error texts of a mail server can repeat what it was sent: only the first line, and never the password. */
function describeFailure(error: unknown, user: string, password: string | undefined): string {
  const [line = ''] = messageOf(error).split('\n');
  const secrets = password === undefined || password === '' ? [] : [password, `\0${user}\0${password}`];
  const encoded = secrets.flatMap((secret) => [Buffer.from(secret).toString('base64'), secret]);
  const clean = encoded.reduce((text, secret) => text.replaceAll(secret, '[secret]'), line);
  return clean.slice(0, 300);
}
