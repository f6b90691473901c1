import { createServer as createPlain, type IncomingHttpHeaders, type RequestListener, type Server } from 'node:http';
import { createServer as createTls } from 'node:https';
import { connect, type AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

export interface Received {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** A receiver on loopback. */
export interface Receiver {
  readonly url: string;
  readonly port: number;
  readonly got: Received[];
  close(): void;
}

/** Answers every request alike; with `never` not at all. */
export async function startReceiver(
  answer: { readonly status: number; readonly text?: string; readonly headers?: Record<string, string> } | 'never',
  tls?: { readonly key: string; readonly cert: string },
): Promise<Receiver> {
  const got: Received[] = [];
  const onRequest: RequestListener = (request, response) => {
    void text(request).then((body) => {
      got.push({ method: request.method ?? '', url: request.url ?? '', headers: request.headers, body });
      if (answer !== 'never') response.writeHead(answer.status, answer.headers).end(answer.text ?? '');
    });
  };
  const server = tls ? createTls(tls, onRequest) : createPlain(onRequest);
  const port = await listen(server);
  return {
    url: `${tls ? 'https' : 'http'}://localhost:${port}`,
    port,
    got,
    close: () => {
      closeAll(server);
    },
  };
}

/** A proxy that knows only CONNECT. */
export async function startProxy(): Promise<{ readonly url: string; readonly asked: string[]; close(): void }> {
  const asked: string[] = [];
  const server = createPlain((_request, response) => response.writeHead(405).end());
  server.on('connect', (request, socket) => {
    asked.push(request.url ?? '');
    const [, port = ''] = (request.url ?? '').split(':');
    const target = connect(Number(port), '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
      socket.pipe(target).pipe(socket);
    });
    for (const end of [socket, target]) end.on('error', () => target.destroy());
  });
  const port = await listen(server);
  return {
    url: `http://localhost:${port}`,
    asked,
    close: () => {
      closeAll(server);
    },
  };
}

function listen(server: Server): Promise<number> {
  return new Promise((resolve) => {
    server.listen(0, 'localhost', () => {
      resolve((server.address() as AddressInfo).port);
    });
  });
}

function closeAll(server: Server): void {
  server.close();
  server.closeAllConnections();
}
