import type { Config } from '../config/schema.ts';
import { serversOf, sourcesOf, type PullSource } from '../config/sources.ts';
import { identityFile } from '../keys/ssh-key.ts';
import { readIfThere } from '../system/atomic-file.ts';
import { CommandError, type CommandResult, type StartProgram } from '../system/command.ts';
import type { Paths } from '../system/paths.ts';
import { serverName, sourceArg } from '../rsync/arguments.ts';
import { pullError } from '../rsync/failure.ts';
import { startInBox } from '../rsync/connect-in-box.ts';
import { wayTo, type Way } from '../rsync/way.ts';
import { whyNotRead, type PullTrouble } from '../rsync/verdict.ts';
import { probeServer } from './probe-server.ts';
import { hostsOf } from './settle-host-key.ts';

/** The station that asks. */
export interface Asker {
  readonly paths: Paths;
  readonly start: StartProgram;
  readonly config: Config;
}

/** The result of one try, and the remedy (empty when all is well). */
export interface Tried {
  readonly verdict: 'ok' | 'warn' | 'fail';
  readonly happened: string;
  readonly todo: string;
}

const ok = (happened: string): Tried => ({ verdict: 'ok', happened, todo: '' });
const warn = (happened: string, todo: string): Tried => ({ verdict: 'warn', happened, todo });
const fail = (happened: string, todo: string): Tried => ({ verdict: 'fail', happened, todo });

/** Printed by a server that runs any command. `true` would be no test: rrsync(1) lets it pass. */
const shellMark = 'extbackup-shell-is-open';

/** The line that rsync sends to begin writing; the read-only forced command refuses it. Otherwise it ends at once, on empty input. */
const writeAttempt = 'rsync --server -nr . .';

/** What rrsync, or the script of `server-setup` for a server without it, says then. A banner may say "read-only", too. */
const refusal = /^(?:[^\s:]+(?: error)?: sending to read-?only server|extbackup-sender: .*read-only)/im;

/** Troubles before the forced command runs, so nothing is known of reading and writing. */
const atTheDoor: readonly PullTrouble[] = ['account-expired', 'password-expired', 'sudo-tty', 'no-python', 'refused'];

/** Whether the server knows this station, and runs no command for it. */
export async function tryCommand(asker: Asker, server: PullSource): Promise<Tried> {
  const result = await onServer(asker, server, `echo ${shellMark}`);
  if (result === undefined)
    return warn('Not checked: the server. The ssh key is not loaded.', 'Load it: extbackup unlock');
  const { server: name } = result.way;
  if (result.stdout.includes(shellMark)) {
    return fail(
      `${name} runs any command that this station sends: an attacker on this station controls the server, too.`,
      'Limit it with the forced command: extbackup server-setup',
    );
  }
  return result.exitCode === 255
    ? describeConnection(result.stderr, name)
    : ok(`${name} knows this station and runs no commands for it.`);
}

/** Whether the server refuses writing. */
export async function tryWriting(asker: Asker, server: PullSource): Promise<Tried> {
  const result = await onServer(asker, server, writeAttempt);
  if (result === undefined || result.exitCode === 255)
    return warn('Not checked: whether the server refuses writing. It was not reached.', 'See the line above.');
  if (refusal.test(result.stderr)) return ok('The server lets this station only read.');
  const trouble = whyNotRead(result.exitCode, result.stderr);
  if (atTheDoor.includes(trouble)) {
    const { message, todo } = pullError(trouble, result.way.server, undefined);
    return fail(message, todo);
  }
  return fail('The server does not refuse writing.', 'Limit it with the forced command: extbackup server-setup');
}

/** Whether the directory of a source can be read. Its content is thrown away. */
export async function tryReading({ paths, config, start }: Asker, source: PullSource): Promise<Tried> {
  const identity = identityFile(paths, config.ssh);
  const { rsh, server } = await wayTo(source, config.ssh, identity);
  const inBox = await startInBox(start, config.ssh, identity);
  try {
    await inBox({
      file: '/usr/bin/rsync',
      args: ['--list-only', '--dirs', '--timeout=30', `--rsh=${rsh}`, '--', sourceArg(source)],
      timeoutMs: 60_000,
    });
    return ok(`The directory of ${source.source} can be read.`);
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    const { message, todo } = pullError(whyNotRead(error.exitCode, error.stderr), server, error);
    return fail(message, todo);
  }
}

/** Everything about the servers, up to the first trouble of each: host, port, key, account, forced command, directory. */
export async function tryServers(asker: Asker): Promise<Tried[]> {
  const all: Tried[] = [];
  for (const server of asker.config.ssh.options.some((option) => /^Proxy/i.test(option)) ? [] : hostsOf(asker.config)) {
    const trouble = await probeServer(server);
    if (trouble) all.push(fail(trouble.happened, trouble.todo));
  }
  if (all.length > 0) return all;
  for (const server of serversOf(asker.config)) {
    const known = await tryCommand(asker, server);
    all.push(known);
    if (known.verdict !== 'ok') continue;
    all.push(await tryWriting(asker, server));
  }
  if (all.some(({ verdict }) => verdict !== 'ok')) return all;
  for (const source of sourcesOf(asker.config)) all.push(await tryReading(asker, source));
  return all;
}

/** The server's answer to a command; undefined without a loaded ssh key. */
async function onServer(
  { paths, config, start }: Asker,
  server: PullSource,
  command: string,
): Promise<(CommandResult & { readonly way: Way }) | undefined> {
  const identity = identityFile(paths, config.ssh);
  if ((await readIfThere(identity)) === undefined) return undefined;
  const way = await wayTo(server, config.ssh, identity);
  const [, ...args] = way.ssh;
  const inBox = await startInBox(start, config.ssh, identity);
  try {
    const asked = await inBox({
      file: '/usr/bin/ssh',
      args: [...args, serverName(server), command],
      timeoutMs: 60_000,
    });
    return { ...asked, way };
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    return { exitCode: error.exitCode ?? 255, stdout: '', stderr: error.stderr, way };
  }
}

function describeConnection(stderr: string, server: string): Tried {
  const trouble = whyNotRead(255, stderr);
  if (trouble === 'host-key') {
    return fail(
      `${server} shows another host key than the pinned one.`,
      'Ask the administrator of the server whether it was set up anew. If it was not, somebody may be in between.',
    );
  }
  if (trouble === 'account-expired') {
    const { message, todo } = pullError(trouble, server, undefined);
    return fail(message, todo);
  }
  if (trouble === 'login')
    return fail(
      `${server} does not accept this station's ssh key.`,
      'Run on the server: extbackup server-setup | ssh root@SERVER sh',
    );
  return fail(
    `${server} does not answer.`,
    'Check that it is on, the network, and the name and the port in the settings.',
  );
}
