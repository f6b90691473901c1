import { access, stat } from 'node:fs/promises';
import type { NotifyChannel } from '../config/schema.ts';
import { whyNotTrusted } from '../system/trusted-program.ts';

/** What extbackup-courier@.service does not see: ProtectHome=, InaccessiblePaths=. */
const unseen = ['/home/', '/root/', '/run/user/', '/mnt/'];

/**
 * Why a notice cannot go out, as far as this machine shows it without telling anything: programs and files that are
 * missing, or that others could change or read.
 */
export async function whyNotOnThisMachine(settings: NotifyChannel): Promise<string | undefined> {
  const hidden = filesOf(settings).find((file) => unseen.some((directory) => file.startsWith(directory)));
  if (hidden !== undefined) return `extbackup-courier@.service does not see ${hidden}`;
  if (settings.type === 'command') {
    const distrust = await whyNotTrusted(settings.command);
    if (distrust !== undefined) return `${settings.command} ${distrust}`;
  }
  if (settings.type === 'apprise' && !(await isThere('/usr/bin/apprise')))
    return '/usr/bin/apprise is not installed: apt-get install apprise';
  for (const file of secretsOf(settings)) {
    const mode = await stat(file).then(
      (about) => about.mode,
      () => undefined,
    );
    if (mode === undefined) return `${file} is not there`;
    if ((mode & 0o077) !== 0) return `${file} can be read by others; put it right: chmod 0600 ${file}`;
  }
  return undefined;
}

const isThere = (file: string): Promise<boolean> =>
  access(file).then(
    () => true,
    () => false,
  );

/** Paths of files with secrets; credentials of systemd are seen by the courier alone. */
function secretsOf(settings: NotifyChannel): string[] {
  const named: Record<string, unknown> = settings;
  const inHeaders = settings.type === 'webhook' ? Object.values(settings.headerFiles) : [];
  return [...['passwordFile', 'tokenFile', 'secretFile', 'urlFile', 'config'].map((name) => named[name]), ...inHeaders]
    .filter((file) => typeof file === 'string')
    .filter((file) => file.startsWith('/'));
}

function filesOf(settings: NotifyChannel): string[] {
  const { caFile } = settings as { readonly caFile?: string };
  return [
    ...secretsOf(settings),
    ...(settings.type === 'command' ? [settings.command] : []),
    ...(caFile === undefined ? [] : [caFile]),
  ];
}
