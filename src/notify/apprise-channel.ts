import { access } from 'node:fs/promises';
import type { AppriseChannel } from '../config/http-channel-schema.ts';
import { CommandError, type StartProgram } from '../system/command.ts';
import { channelName } from './channel-name.ts';
import type { Channel, Notice } from './channel.ts';
import { firstLine, readSecretFile } from './secret-file.ts';

const installed = '/usr/bin/apprise';
const largestConfig = 65_536;

/**
 * apprise(1), which delivers to many services; they are listed in its own configuration.
 * @param program apprise itself, unless a test has another one
 */
export function createAppriseChannel(
  settings: AppriseChannel,
  start: StartProgram,
  program: `/${string}` = installed,
): Channel {
  const check = async (): Promise<void> => {
    await access(program).catch(() => {
      throw new Error(`${program} is not installed: apt-get install apprise`);
    });
    await readSecretFile('the configuration of apprise', settings.config, largestConfig);
  };
  return {
    name: channelName(settings),
    send: async (notice, signal) => {
      await check();
      try {
        await start({
          file: program,
          args: [
            ...['--config', settings.config, '--title', `[${notice.station}] ${notice.subject}`],
            ...['--notification-type', typeOf(notice)],
            ...settings.tags.flatMap((tag) => ['--tag', tag]),
          ],
          env: environmentOf(settings),
          stdin: notice.text,
          timeoutMs: settings.timeout,
          signal,
          ownGroup: true,
        });
        return undefined;
      } catch (error) {
        throw describe(error);
      }
    },
    probe: check,
  };
}

/** Its own configuration is the given one, and nothing else. Proxy and authority by the names that its library reads. */
const environmentOf = ({ proxy, caFile }: AppriseChannel): Record<string, string> => ({
  HOME: '/nonexistent',
  ...(proxy !== undefined && { HTTP_PROXY: proxy, HTTPS_PROXY: proxy, http_proxy: proxy, https_proxy: proxy }),
  ...(caFile !== undefined && { REQUESTS_CA_BUNDLE: caFile }),
});

function typeOf({ kind }: Notice): 'success' | 'failure' | 'warning' | 'info' {
  if (kind === 'success') return 'success';
  if (kind === 'started' || kind === 'test') return 'info';
  return kind === 'failure' || kind === 'held' ? 'failure' : 'warning';
}

/** The addresses of services hold tokens. */
function describe(error: unknown): Error {
  if (!(error instanceof CommandError)) return new Error('apprise failed');
  if (error.timedOut) return new Error('apprise took too long');
  const said = firstLine(error.stderr.replace(/\S+:\/\/\S*/g, '[address]'));
  return new Error(`apprise ended with exit code ${error.exitCode ?? 'none'}${said === '' ? '' : `: ${said}`}`);
}
