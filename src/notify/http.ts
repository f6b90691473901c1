/**
 * One HTTP request, with node:https: the fetch of Node 20 takes neither a certificate authority nor a
 * proxy per request without the undici package, and NODE_EXTRA_CA_CERTS would apply to all channels.
 */
import { request as plainRequest, type ClientRequest, type IncomingMessage, type RequestOptions } from 'node:http';
import { request as tlsRequest } from 'node:https';
import type { Socket } from 'node:net';
import { firstLine } from './secret-file.ts';
import { readText } from '../system/given-file.ts';
import { joinSignals } from '../system/joined-signal.ts';

/** The connection to a server. */
export interface Reach {
  /** PEM file; only certificates of this authority are accepted then. */
  readonly caFile?: string | undefined;
  readonly proxy?: string | undefined;
  /** For the whole request, in milliseconds. */
  readonly timeout: number;
}

export interface HttpRequest {
  readonly url: string;
  readonly method: 'POST' | 'GET' | 'HEAD';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

const longestAnswer = 16_384;

/**
 * Sends a request and reads the beginning of the answer. Redirections are not followed.
 * @throws Error when no answer comes in time; the certificate is always checked
 */
export async function askHttp(
  { url, method, headers = {}, body }: HttpRequest,
  { caFile, proxy, timeout }: Reach,
  stop: AbortSignal,
): Promise<{ readonly status: number; readonly text: string }> {
  const limit = joinSignals([stop], timeout);
  const { signal } = limit;
  const target = new URL(url);
  const isTls = target.protocol === 'https:';
  try {
    const ca = caFile === undefined ? undefined : await readText(caFile);
    const common: RequestOptions = {
      method,
      signal,
      agent: false,
      headers: {
        'user-agent': 'extbackup',
        ...headers,
        ...(body !== undefined && { 'content-length': Buffer.byteLength(body) }),
      },
    };
    if (!isTls) return await finish(askInClear(target, proxy, common), body);
    const socket = proxy === undefined ? undefined : await tunnel(target, new URL(proxy), signal);
    return await finish(
      tlsRequest(target, {
        ...common,
        rejectUnauthorized: true, // whatever NODE_TLS_REJECT_UNAUTHORIZED says
        ...(ca !== undefined && { ca }),
        ...(socket && { socket }),
      } as RequestOptions),
      body,
    );
  } catch (error) {
    throw new Error(describeTrouble(error, target.host, stop, signal, timeout));
  } finally {
    limit.end();
  }
}

/** Sends a request that must succeed. Secrets are removed from the error text. */
export async function sendHttp(
  request: HttpRequest,
  reach: Reach,
  secrets: readonly string[],
  stop: AbortSignal,
): Promise<string> {
  const { status, text } = await askHttp(request, reach, stop);
  const said = firstLine(text, secrets).slice(0, 120);
  const answer = `${new URL(request.url).host} answered ${status}${said === '' ? '' : `: ${said}`}`;
  if (status < 200 || status > 299) throw new Error(answer);
  return answer;
}

/** HTTP through a proxy: the request line holds the whole address. */
function askInClear(target: URL, proxy: string | undefined, options: RequestOptions): ClientRequest {
  if (proxy === undefined) return plainRequest(target, options);
  const headers = { ...(options.headers as Record<string, string>), host: target.host };
  return plainRequest(new URL(proxy), { ...options, path: target.href, headers });
}

/** A tunnel to the target through the proxy; TLS is end to end. */
function tunnel(target: URL, proxy: URL, signal: AbortSignal): Promise<Socket> {
  const where = `${target.hostname}:${target.port === '' ? '443' : target.port}`;
  return new Promise((resolve, reject) => {
    const start = proxy.protocol === 'https:' ? tlsRequest : plainRequest;
    start(proxy, { method: 'CONNECT', path: where, headers: { host: where }, agent: false, signal })
      .on('connect', ({ statusCode = 0 }, socket) => {
        if (statusCode === 200) resolve(socket);
        else {
          socket.destroy();
          reject(new Error(`the proxy answered ${statusCode}`));
        }
      })
      .on('response', (answer) => {
        answer.destroy();
        reject(new Error(`the proxy answered ${answer.statusCode ?? 0}`));
      })
      .on('error', reject)
      .end();
  });
}

function finish(request: ClientRequest, body: string | undefined): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    request
      .on('error', reject)
      .on('response', (answer) => {
        readBeginning(answer).then((text) => {
          resolve({ status: answer.statusCode ?? 0, text });
        }, reject);
      })
      .end(body);
  });
}

async function readBeginning(answer: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    length += chunk.length;
    if (length > longestAnswer) break; // ends the connection
  }
  return Buffer.concat(chunks).toString('utf8');
}

function describeTrouble(
  error: unknown,
  host: string,
  stop: AbortSignal,
  signal: AbortSignal,
  timeout: number,
): string {
  if (stop.aborted) return 'was ended';
  if (signal.aborted) return `${host} did not answer within ${timeout / 1000} s`;
  const { message, code } = error as NodeJS.ErrnoException;
  const said = message === '' ? (code ?? 'unknown reason') : message; // several addresses, each refused
  return `${host} cannot be reached: ${firstLine(said)}`;
}
