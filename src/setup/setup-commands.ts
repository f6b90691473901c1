import { parseSource } from '../config/source-schema.ts';
import type { Config } from '../config/schema.ts';
import { serversOf } from '../config/sources.ts';

/**
 * The commands that introduce this station to its backup servers: one for each user on each server. Different users
 * need different scripts.
 * @param options of `server-setup` besides the name of a source
 */
export const setupCommands = (config: Config, options = ''): string[] =>
  scriptCommands(config, options).map(({ command, host }) => `${command} | ssh root@${host} sh`);

/** The same, each into a file that is carried to the server. */
export const setupFiles = (config: Config, options = ''): string[] =>
  scriptCommands(config, options).map(
    ({ command, host }, index, all) =>
      `${command} > extbackup-server${all.length === 1 ? '' : `-${host.replace(/[^A-Za-z0-9.-]/g, '')}-${index + 1}`}.sh`,
  );

function scriptCommands(config: Config, options: string): { readonly command: string; readonly host: string }[] {
  const logins = serversOf(config).map(({ name, source }) => ({
    name,
    user: parseSource(source)?.user ?? '',
    host: parseSource(source)?.host ?? '',
  }));
  const differ = logins.some(({ user }) => user !== logins[0]?.user);
  const first = logins.filter(
    ({ user, host }, index) =>
      logins.findIndex((other) => other.host === host && (!differ || other.user === user)) === index,
  );
  return first.map(({ name, host }) => ({
    command: `extbackup server-setup${differ && name !== undefined ? ` --source ${name}` : ''}${options}`,
    host,
  }));
}
