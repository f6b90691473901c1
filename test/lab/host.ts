import { setTimeout as pause } from 'node:timers/promises';
import { execa } from 'execa';
import { patient } from './patience.ts';

/** How to run a command on a machine of the lab. */
export interface RunOptions {
  /** Written to the command's standard input. */
  readonly input?: string | Uint8Array;
  /** Default 120 s. */
  readonly timeoutMs?: number;
  /** Accepted exit codes. Default: only 0. `'any'` accepts all. */
  readonly okCodes?: readonly number[] | 'any';
}

/** How a command ended. */
export interface RunResult {
  readonly stdout: string;
  readonly stderr: string;
  readonly exitCode: number;
}

/** The ssh command line, up to and including the destination. Changes when the machine is started again. */
export type SshCommand = () => readonly [file: string, ...args: string[]];

/** A machine of the lab on which commands run as root. */
export class Host {
  readonly name: string;
  /** How the machine is reached. */
  readonly ssh: SshCommand;
  readonly #prefix: string;

  /** `prefix` is put before every command, for a host that is reached through another one. */
  constructor(name: string, ssh: SshCommand, prefix = '') {
    this.name = name;
    this.ssh = ssh;
    this.#prefix = prefix;
  }

  /** Runs a program. Arguments may contain any character. Throws unless it ends with an accepted code. */
  run(argv: readonly [string, ...string[]], options: RunOptions = {}): Promise<RunResult> {
    return this.#execute(argv.map(quote).join(' '), options);
  }

  /** Runs a script with `sh -eu`. */
  shell(script: string, options: RunOptions = {}): Promise<RunResult> {
    return this.#execute(`sh -euc ${quote(script)}`, options);
  }

  /** Standard output of a script, without its last newline. */
  async ask(script: string, options: RunOptions = {}): Promise<string> {
    return (await this.shell(script, options)).stdout.replace(/\n$/, '');
  }

  /** Whether the script ends with 0. */
  async isTrue(script: string): Promise<boolean> {
    return (await this.shell(script, { okCodes: 'any' })).exitCode === 0;
  }

  /** Writes a file; the mode is that of a new file. */
  async write(path: string, content: string | Uint8Array): Promise<void> {
    await this.shell(`cat > ${quote(path)}`, { input: content });
  }

  /** Copies a file of this machine into the guest. */
  async copyIn(localPath: string, path: string): Promise<void> {
    await this.#transfer(`cat > ${quote(path)}`, { inputFile: localPath });
  }

  /** Copies a file of the guest here. */
  async copyOut(path: string, localPath: string): Promise<void> {
    await this.#transfer(`cat ${quote(path)}`, { outputFile: localPath });
  }

  async #execute(command: string, options: RunOptions): Promise<RunResult> {
    const { input, okCodes = [0] } = options;
    const timeoutMs = patient(options.timeoutMs ?? 120_000);
    const [file, ...args] = this.ssh();
    // The guest enforces the time limit: killing only our ssh would leave the command running there.
    const limited = `timeout -k 5 ${String(timeoutMs / 1000)} ${this.#prefix}${command}`;
    const begin = performance.now();
    const child = execa(file, [...args, limited], {
      ...(input === undefined ? { stdin: 'ignore' as const } : { input }),
      reject: false,
      maxBuffer: 256 * 1024 * 1024,
      stripFinalNewline: false,
    });
    const ended = await Promise.race([child, pause(timeoutMs + 15_000, undefined, { ref: false })]);
    const { stdout = '', stderr = '', exitCode = -1 } = ended ?? {};
    const timedOut = !ended || (performance.now() - begin >= timeoutMs && [124, 137].includes(exitCode));
    if (!timedOut && (okCodes === 'any' || okCodes.includes(exitCode))) return { stdout, stderr, exitCode };
    const how = timedOut ? `did not end within ${String(timeoutMs / 1000)} s` : `ended with ${String(exitCode)}`;
    throw new Error(
      `On the ${this.name}, this ${how}:\n${command}\n--- stdout\n${tail(stdout)}\n--- stderr\n${tail(stderr)}`,
    );
  }

  async #transfer(
    command: string,
    { inputFile, outputFile }: { inputFile?: string; outputFile?: string },
  ): Promise<void> {
    const [file, ...args] = this.ssh();
    await execa(file, [...args, `${this.#prefix}sh -euc ${quote(command)}`], {
      ...(inputFile === undefined ? { stdin: 'ignore' as const } : { inputFile }),
      ...(outputFile === undefined ? {} : { stdout: { file: outputFile }, buffer: false }),
    });
  }
}

/** Makes one word of a shell command. */
export function quote(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

function tail(text: string): string {
  return text.slice(-2000);
}
