import { parseSource } from '../config/source-schema.ts';
import type { Config } from '../config/schema.ts';
import { serversOf } from '../config/sources.ts';

/**
 * How the backup servers are told about this station: a command for each of its users on each of them. With several
 * users, each needs a script of its own.
 * @param options of `server-setup` besides the name of a source
 */
export function setupCommands(config: Config, options = ''): string[] {
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
  return first.map(
    ({ name, host }) =>
      `extbackup server-setup${differ && name !== undefined ? ` --source ${name}` : ''}${options} | ssh root@${host} sh`,
  );
}
