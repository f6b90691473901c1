import { createTransport, type Transporter } from 'nodemailer';
import type { EventMap } from '../bus/events.ts';
import type { MailChannel } from '../config/notify-schema.ts';
import { messageOf } from '../errors.ts';
import { readIfThere } from '../system/atomic-file.ts';
import { readText } from '../system/given-file.ts';
import { speakerOf } from '../words/speaker.ts';
import { channelName } from './channel-name.ts';
import type { Channel, Notice } from './channel.ts';
import { mailHtml } from './mail-html.ts';
import { firstLine, readSecretFile } from './secret-file.ts';
import { withJoinedSignal } from '../system/joined-signal.ts';

/** Mail through an SMTP server, one connection per notice. */
export function createMailChannel(settings: MailChannel): Channel {
  return {
    name: channelName(settings),
    send: async (notice, signal) => {
      const attachments = await pageOf(notice);
      const answer = await withServer(settings, (server) =>
        withJoinedSignal([signal], settings.timeout, (either) =>
          server.sendMail({ ...toMail(notice, settings), attachments, signal: either }),
        ),
      );
      return firstLine(answer.response ?? '');
    },
    probe: async () => {
      await withServer(settings, (server) => server.verify());
    },
  };
}

/** Talks to the mail server; the password is removed from error texts. */
async function withServer<Answer>(settings: MailChannel, talk: (server: Transporter) => Promise<Answer>) {
  const { user, passwordFile } = settings;
  const password = passwordFile === undefined ? undefined : await readSecretFile('the password file', passwordFile);
  try {
    const server = createTransport({
      ...connection(settings, await readAuthority(settings.caFile)),
      ...(user !== undefined && { auth: { user, pass: password ?? '' } }),
      disableFileAccess: true,
      disableUrlAccess: true,
    });
    return await talk(server);
  } catch (error) {
    // A mail server can repeat its input in an answer.
    const secrets = password === undefined ? [] : [password, `\0${user ?? ''}\0${password}`];
    throw new Error(firstLine(messageOf(error), secrets));
  }
}

/** The page of a report, if it is still there; a report without it says the same in its text. */
async function pageOf({ event, payload, station }: Notice): Promise<{ filename: string; content: string }[]> {
  const page = event === 'report:made' ? (payload as EventMap['report:made']).page : undefined;
  const content = page === undefined ? undefined : await readIfThere(page);
  return content === undefined ? [] : [{ filename: `backups-of-${station}.html`, content }];
}

const readAuthority = async (file: string | undefined): Promise<string | undefined> =>
  file === undefined ? undefined : readText(file);

/**
 * The connection. `opportunistic` encrypts when the server offers it, without checking its certificate: still better
 * than clear text. A login makes it `required`: a password is only sent to a server with a valid certificate.
 */
function connection(settings: MailChannel, ca: string | undefined) {
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
    tls: { rejectUnauthorized: tls !== 'opportunistic' || ca !== undefined, ...(ca !== undefined && { ca }) },
    connectionTimeout: timeout,
    greetingTimeout: timeout,
    socketTimeout: timeout,
    dnsTimeout: timeout,
  };
}

const isThisMachine = (host: string): boolean => ['localhost', '127.0.0.1', '::1'].includes(host);

/** The message. Auto-Submitted (RFC 3834) keeps holiday replies away. */
function toMail(notice: Notice, settings: MailChannel) {
  const [from, to] = [addressesOf(settings.from), addressesOf(settings.to)];
  const words = speakerOf(notice.language);
  return {
    ...{ from: from[0], to },
    envelope: { from: from[0]?.address ?? '', to: to.map(({ address }) => address) },
    subject: `[${notice.station}] ${notice.subject}`,
    messageId: `<${notice.id}@${notice.station}.extbackup>`, // a mail that comes twice is seen to be one
    text: `${notice.text}\n\n-- \n${words.say('mail.sender', { station: notice.station, moment: words.moment(new Date(notice.at)) })}\n`,
    html: mailHtml(notice),
    headers: { 'Auto-Submitted': 'auto-generated' },
  };
}

/** Addresses exactly as given, such as `root`, which the mail server completes and nodemailer would drop. */
const addressesOf = (list: string): { readonly name: string; readonly address: string }[] =>
  (list.match(/(?:"[^"]*"|[^,"])+/g) ?? []).flatMap((entry) => {
    const [, name = '', address = entry] = /^(.*)<([^>]*)>\s*$/.exec(entry) ?? [];
    return address.trim() === '' ? [] : [{ name: name.replaceAll('"', '').trim(), address: address.trim() }];
  });
