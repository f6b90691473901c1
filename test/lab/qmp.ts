import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';

type Json = Record<string, unknown>;
interface Waiter {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}
interface EventWaiter {
  readonly wanted: (name: string, data: Json) => boolean;
  readonly resolve: () => void;
}

/** QEMU's control socket. Protocol: QEMU's own "QMP Reference Manual". */
export class Qmp {
  readonly #socket: Socket;
  readonly #replies = new Map<number, Waiter>();
  #events: EventWaiter[] = [];
  #lastId = 0;

  private constructor(socket: Socket) {
    this.#socket = socket;
    createInterface({ input: socket })
      .on('line', (line) => {
        this.#read(JSON.parse(line) as Json);
      })
      .on('error', () => undefined); // readline repeats the errors of the socket
    socket.on('error', () => undefined);
    socket.on('close', () => {
      for (const waiter of this.#replies.values()) waiter.reject(new Error('QEMU ended before it answered'));
      this.#replies.clear();
    });
  }

  /** Connects as soon as the socket exists; throws after `timeoutMs`. */
  static async connect(path: string, timeoutMs: number): Promise<Qmp> {
    const end = Date.now() + timeoutMs;
    for (;;) {
      await pause(20);
      const socket = connect(path);
      try {
        await once(socket, 'connect');
        const qmp = new Qmp(socket);
        await qmp.execute('qmp_capabilities');
        return qmp;
      } catch (error) {
        socket.destroy();
        if (Date.now() > end) throw new Error('QEMU does not open its control socket', { cause: error });
      }
    }
  }

  /** Runs one command and returns its `return` value. Throws if QEMU answers with an error. */
  execute(command: string, args: Json = {}): Promise<unknown> {
    const id = ++this.#lastId;
    return new Promise((resolve, reject) => {
      this.#replies.set(id, { resolve, reject });
      this.#socket.write(`${JSON.stringify({ execute: command, arguments: args, id })}\n`);
    }).catch((error: unknown) => {
      throw new Error(`QEMU refused ${command}: ${error instanceof Error ? error.message : String(error)}`, {
        cause: error,
      });
    });
  }

  /** Resolves at the next matching event. Call it before the command that causes the event. */
  event(wanted: EventWaiter['wanted']): Promise<void> {
    return new Promise((resolve) => this.#events.push({ wanted, resolve }));
  }

  /** Runs a command that is a background job of QEMU, and waits for its end. Throws the job's error. */
  async job(command: string, args: Json): Promise<void> {
    const id = `job${String(++this.#lastId)}`;
    const concluded = this.event(
      (name, data) => name === 'JOB_STATUS_CHANGE' && data['id'] === id && data['status'] === 'concluded',
    );
    await this.execute(command, { 'job-id': id, ...args });
    await concluded;
    const jobs = (await this.execute('query-jobs')) as { id: string; error?: string }[];
    await this.execute('job-dismiss', { id });
    const error = jobs.find((job) => job.id === id)?.error;
    if (error !== undefined) throw new Error(`QEMU failed at ${command}: ${error}`);
  }

  close(): void {
    this.#socket.destroy();
  }

  #read(message: Json): void {
    if (typeof message['event'] === 'string') {
      const name = message['event'];
      const data = (message['data'] ?? {}) as Json;
      const fitting = this.#events.filter((waiter) => waiter.wanted(name, data));
      this.#events = this.#events.filter((waiter) => !fitting.includes(waiter));
      for (const waiter of fitting) waiter.resolve();
      return;
    }
    const waiter = this.#replies.get(Number(message['id']));
    this.#replies.delete(Number(message['id']));
    if (message['error']) waiter?.reject(new Error((message['error'] as { desc: string }).desc));
    else waiter?.resolve(message['return']);
  }
}
