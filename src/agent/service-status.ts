import { phaseWords } from '../protocol/phase-words.ts';
import type { Status } from '../protocol/status.ts';
import type { StartProgram } from '../system/command.ts';

/** Sends the agent's state to systemd, see sd_notify(3). Without systemd it does nothing. */
export interface ServiceStatus {
  ready(text: string): Promise<void>;
  stopping(): Promise<void>;
  /** Shown by `systemctl status`; sent at most once a minute, the last one always. It must not call a disk safe. */
  say(text: string): void;
}

const everyMs = 60_000; // each update starts a program; `extbackup status --watch` shows each phase at once

export function createServiceStatus(start: StartProgram, socket: string | undefined): ServiceStatus {
  let said = '';
  let wanted = '';
  let timer: NodeJS.Timeout | undefined;
  const send = async (...states: string[]): Promise<void> => {
    if (socket === undefined) return;
    try {
      await start({ file: '/usr/bin/systemd-notify', args: states, env: { NOTIFY_SOCKET: socket }, timeoutMs: 10_000 });
    } catch {
      // systemd that does not listen is no reason to stop backing up
    }
  };
  const flush = (): void => {
    timer = undefined;
    if (wanted === said) return;
    said = wanted;
    void send(`--status=${said}`);
  };
  return {
    ready: (text) => {
      said = wanted = text;
      return send('--ready', `--status=${text}`);
    },
    stopping: () => {
      clearTimeout(timer);
      return send('STOPPING=1', '--status=Stopping');
    },
    say: (text) => {
      wanted = text;
      timer ??= setTimeout(flush, everyMs);
    },
  };
}

/**
 * The agent's state in one line. It comes late, so it never says "safe to unplug"; that is measured by
 * `extbackup status`.
 */
export function describeService({ run, drives, key }: Pick<Status, 'run' | 'drives' | 'key'>): string {
  if (run)
    return `${run.drive}: ${phaseWords(run.phase)}${run.percent === null ? '' : ` ${Math.floor(run.percent)} %`}`;
  const telling = drives
    .filter(({ present }) => present)
    .map(({ label, state }) => `${label}: ${state === 'safe-to-unplug' ? 'plugged in' : state}`);
  return [
    ...telling,
    ...(key === 'missing' ? ['the key is not loaded'] : []),
    ...(telling.length === 0 ? ['no disk plugged in'] : []),
  ].join(', ');
}
