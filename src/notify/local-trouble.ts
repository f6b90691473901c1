import { access, stat } from 'node:fs/promises';
import type { NotifyChannel } from '../config/schema.ts';
import { whyNotTrusted } from '../system/trusted-program.ts';

/** Directories that extbackup-courier@.service cannot access: ProtectHome=, InaccessiblePaths=. */
const unseen = ['/home/', '/root/', '/run/user/', '/mnt/'];

/**
 * Why a notice cannot be delivered, as far as this machine shows it without sending one: programs and files that are
 * missing, or that other users could change or read.
 */
export async function whyNotOnThisMachine(settings: NotifyChannel): Promise<string | undefined> {
  const hidden = filesOf(settings).find((file) => unseen.some((directory) => file.startsWith(directory)));
  if (hidden !== undefined) return `extbackup-courier@.service has no access to ${hidden}`;
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
    if (mode === undefined) return `${file} does not exist`;
    if ((mode & 0o077) !== 0) return `${file} can be read by other users; correct it: chmod 0600 ${file}`;
  }
  return undefined;
}

const isThere = (file: string): Promise<boolean> =>
  access(file).then(
    () => true,
    () => false,
  );

/** Paths of files with secrets; only the courier can read credentials of systemd. */
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
