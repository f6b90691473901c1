import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { createSecureContext, TLSSocket } from 'node:tls';

/** How the listener behaves. */
export interface SmtpBehaviour {
  /** Certificate and key; offers STARTTLS. */
  readonly tls?: { readonly cert: string; readonly key: string };
  /** Offers AUTH, and answers with this. */
  readonly auth?: 'accept' | 'refuse-and-repeat';
  /** Takes connections and says nothing. */
  readonly silent?: boolean;
  /** Answer to RCPT TO, for example "550 no such user". */
  readonly recipientAnswer?: string;
}

/** One message as it came in. */
export interface ReceivedMail {
  readonly to: string;
  readonly encrypted: boolean;
  readonly text: string;
}

/** A mail server on the loopback interface, just large enough to be talked to by a real client. */
export interface SmtpListener {
  readonly port: number;
  readonly mails: readonly ReceivedMail[];
  /** Every line that a client said, outside of messages. */
  readonly said: readonly string[];
  close(): Promise<void>;
}

export async function listenSmtp(behaviour: SmtpBehaviour = {}): Promise<SmtpListener> {
  const mails: ReceivedMail[] = [];
  const said: string[] = [];
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    if (behaviour.silent === true) return;
    socket.write('220 test ESMTP\r\n');
    converse(socket, false, behaviour, mails, said);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    port: address.port,
    mails,
    said,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

function converse(
  socket: Socket,
  encrypted: boolean,
  behaviour: SmtpBehaviour,
  mails: ReceivedMail[],
  said: string[],
): void {
  let to = '';
  let message: string[] | undefined;
  let rest = '';
  const answer = (text: string): void => {
    socket.write(`${text}\r\n`);
  };
  const onLine = (line: string): void => {
    if (message !== undefined) {
      if (line !== '.') {
        message.push(line);
        return;
      }
      mails.push({ to, encrypted, text: message.join('\n') });
      message = undefined;
      answer('250 queued');
      return;
    }
    said.push(line);
    const verb = line.split(' ', 1)[0]?.toUpperCase();
    if (verb === 'EHLO') {
      const offers = [
        'test',
        ...(behaviour.tls && !encrypted ? ['STARTTLS'] : []),
        ...(behaviour.auth ? ['AUTH PLAIN'] : []),
        '8BITMIME',
      ];
      answer(offers.map((offer, index) => `250${index === offers.length - 1 ? ' ' : '-'}${offer}`).join('\r\n'));
    } else if (verb === 'STARTTLS' && behaviour.tls) {
      socket.removeAllListeners('data');
      answer('220 go ahead');
      const secure = new TLSSocket(socket, { isServer: true, secureContext: createSecureContext(behaviour.tls) });
      secure.on('error', () => undefined);
      converse(secure, true, behaviour, mails, said);
    } else if (verb === 'AUTH') answer(behaviour.auth === 'accept' ? '235 welcome' : `535 wrong: ${line}`);
    else if (verb === 'RCPT') {
      to = /<(.*)>/.exec(line)?.[1] ?? '';
      answer(behaviour.recipientAnswer ?? '250 ok');
    } else if (verb === 'DATA') {
      message = [];
      answer('354 go on');
    } else if (verb === 'QUIT') {
      answer('221 bye');
      socket.end();
    } else answer(verb === 'STARTTLS' ? '502 not here' : '250 ok');
  };
  socket.on('data', (chunk: Buffer) => {
    const lines = (rest + chunk.toString()).split('\r\n');
    rest = lines.pop() ?? '';
    for (const line of lines) onLine(line);
  });
}
