import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';

const chromium = process.env['CHROMIUM'] ?? '/usr/bin/chromium';
const flags = [
  '--headless=new',
  '--no-sandbox', // for root; the pages are our own
  '--disable-gpu',
  '--disable-dev-shm-usage',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--host-resolver-rules=MAP * ~NOTFOUND', // nothing is ever loaded from elsewhere
  '--remote-debugging-pipe',
];

type Result = Readonly<Record<string, unknown>>;

/** Debian's Chromium without a window, driven through its pipe by the DevTools protocol. */
export interface Browser {
  /** One command of the protocol to the page. @throws Error with the browser's own words */
  send(method: string, params?: object): Promise<Result>;
  /** The value of an expression in the page; promises are awaited. */
  evaluate<T>(expression: string): Promise<T>;
  /** Loads a file, and waits for its end. */
  open(file: string): Promise<void>;
  /** URLs that the page asked for since {@link open}, its own among them. */
  readonly asked: readonly string[];
  close(): Promise<void>;
}

/** Starts a browser with one empty page. */
export async function startBrowser(): Promise<Browser> {
  const profile = await mkdtemp(join(tmpdir(), 'extbackup-chromium-'));
  const child = spawn(chromium, [...flags, `--user-data-dir=${profile}`, 'about:blank'], {
    stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'],
  });
  const wire = talk(child);
  const { targetInfos } = (await wire.send('Target.getTargets')) as {
    targetInfos: { targetId: string; type: string }[];
  };
  const page = targetInfos.find(({ type }) => type === 'page');
  if (!page) throw new Error('Chromium has no page');
  const attached = await wire.send('Target.attachToTarget', { targetId: page.targetId, flatten: true });
  const sessionId = String(attached['sessionId']);
  const send = (method: string, params: object = {}): Promise<Result> => wire.send(method, params, sessionId);
  const asked: string[] = [];
  wire.on('Network.requestWillBeSent', ({ request }) => asked.push((request as { url: string }).url));
  for (const domain of ['Page', 'Network', 'Runtime']) await send(`${domain}.enable`);
  await send('Page.setBypassCSP', { enabled: true }); // for the checks that are put into the page, not for what it loads
  return {
    send,
    asked,
    evaluate: async <T>(expression: string) => {
      const { result, exceptionDetails } = (await send('Runtime.evaluate', {
        ...{ expression, awaitPromise: true, returnByValue: true },
      })) as { result: { value: T }; exceptionDetails?: object };
      if (exceptionDetails) throw new Error(JSON.stringify(exceptionDetails));
      return result.value;
    },
    open: async (file) => {
      asked.length = 0;
      const loaded = wire.next('Page.loadEventFired');
      await send('Page.navigate', { url: `file://${file}` });
      await loaded;
    },
    close: async () => {
      const ended = once(child, 'exit');
      child.kill();
      await ended;
      await rm(profile, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

interface Message {
  readonly id?: number;
  readonly method?: string;
  readonly params?: Result;
  readonly result?: Result;
  readonly error?: { readonly message: string };
}

/** JSON messages that end with a zero byte: to descriptor 3 of the browser, and from its descriptor 4. */
function talk(child: ChildProcess) {
  const [to, from] = [child.stdio[3] as Writable, child.stdio[4] as Readable];
  const waiting = new Map<
    number,
    { readonly resolve: (result: Result) => void; readonly reject: (error: Error) => void }
  >();
  const listeners = new Map<string, ((params: Result) => void)[]>();
  let [last, rest] = [0, ''];
  from.setEncoding('utf8').on('data', (part: string) => {
    const messages = (rest + part).split('\0');
    rest = messages.pop() ?? '';
    for (const text of messages) {
      const { id, method, params, result, error } = JSON.parse(text) as Message;
      if (method !== undefined) for (const listener of listeners.get(method) ?? []) listener(params ?? {});
      if (id === undefined) continue;
      if (error) waiting.get(id)?.reject(new Error(error.message));
      else waiting.get(id)?.resolve(result ?? {});
      waiting.delete(id);
    }
  });
  child.on('exit', () => {
    for (const { reject } of waiting.values()) reject(new Error('Chromium has ended'));
  });
  const on = (method: string, listener: (params: Result) => void): void => {
    listeners.set(method, [...(listeners.get(method) ?? []), listener]);
  };
  return {
    on,
    next: (method: string) =>
      new Promise<Result>((resolve) => {
        on(method, resolve);
      }),
    send: (method: string, params: object = {}, sessionId?: string) =>
      new Promise<Result>((resolve, reject) => {
        const id = ++last;
        waiting.set(id, { resolve, reject });
        to.write(`${JSON.stringify({ id, method, params, ...(sessionId !== undefined && { sessionId }) })}\0`);
      }),
  };
}
