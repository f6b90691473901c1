import type { CliContext } from '../commands/cli-context.ts';
import { parseSource, type Config } from '../config/schema.ts';
import { askYes } from './ask-question.ts';
import { pinHostKey, pinnedHostKeys, scanHostKeys, writeHostKeys, type HostKey, type PinnedServer, type Trust } from './host-key.ts';

/** The server of a configuration. */
export function serverOf(config: Pick<Config, 'source' | 'port'>): PinnedServer {
  const source = parseSource(config.source);
  if (!source) throw new Error('the configuration was not checked');
  return { host: source.host, port: config.port };
}

/**
 * Pins the server's host key as far as the flags and the operator allow it.
 * @returns whether a host key is pinned now
 * @throws PullError (EXB_HOST_KEY) when the server shows another key than the one wished for
 */
export async function settleHostKey(context: CliContext, config: Config, wishes: { readonly trust: Trust | undefined; readonly ask: boolean }): Promise<boolean> {
  const run = context.runCommand;
  const server = serverOf(config);
  const file = config.ssh.knownHosts;
  if (wishes.trust !== undefined) {
    const pinned = await pinHostKey(run, file, server, wishes.trust);
    if (pinned.length > 0) show(context, 'Pinned', pinned);
    else context.note(`The server ${server.host} does not answer on port ${server.port} yet.`);
    return pinned.length > 0 || (await pinnedHostKeys(file, server)).length > 0;
  }
  if ((await pinnedHostKeys(file, server)).length > 0) return true;
  if (!wishes.ask) return false;
  const shown = await scanHostKeys(run, server);
  if (shown.length === 0) {
    context.note(`The server ${server.host} does not answer on port ${server.port} yet.`);
    return false;
  }
  show(context, 'The server shows', shown);
  context.note('Compare one of them on the server itself: ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub');
  if (!(await askYes('Are these the keys of your server?'))) return false;
  await writeHostKeys(file, shown);
  return true;
}

function show(context: CliContext, what: string, keys: readonly HostKey[]): void {
  for (const { fingerprint, type } of keys) context.note(`${what}: ${fingerprint} (${type})`);
}
