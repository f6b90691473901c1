/** Lays out the files of the package. */
import { chmod, mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { Architecture } from './architecture.ts';
import { bundleProgram } from './bundle.ts';
import { debianChangelog, type Release } from './changelog.ts';
import { readVerbs } from './command-tree.ts';
import { bashCompletion } from './completion.ts';
import { fishCompletion } from './completion-fish.ts';
import { zshCompletion } from './completion-zsh.ts';
import { copyrightFile } from './copyright.ts';
import { readManual } from './manual.ts';
import { outputJsonSchemas, schemaDirectory } from './output-json-schemas.ts';
import { noticeJsonSchema } from './notice-json-schema.ts';
import { root } from './root.ts';
import { billOfMaterials } from './sbom.ts';
import { commandGroups } from '../src/commands/command-list.ts';

/** Files that are installed unchanged: path in the source tree, path on the machine. */
const verbatim: readonly (readonly [from: string, to: string])[] = [
  ['udev/90-extbackup.rules', 'usr/lib/udev/rules.d/90-extbackup.rules'],
  ['systemd/extbackup.service', 'usr/lib/systemd/system/extbackup.service'],
  ['systemd/extbackup.timer', 'usr/lib/systemd/system/extbackup.timer'],
  ['systemd/extbackup-scheduled.service', 'usr/lib/systemd/system/extbackup-scheduled.service'],
  ['systemd/extbackup-smart@.service', 'usr/lib/systemd/system/extbackup-smart@.service'],
  ['systemd/extbackup-park@.service', 'usr/lib/systemd/system/extbackup-park@.service'],
  ['systemd/extbackup-signal@.service', 'usr/lib/systemd/system/extbackup-signal@.service'],
  ['systemd/extbackup-console@.service', 'usr/lib/systemd/system/extbackup-console@.service'],
  ['systemd/extbackup-link@.service', 'usr/lib/systemd/system/extbackup-link@.service'],
  ['systemd/extbackup-courier@.service', 'usr/lib/systemd/system/extbackup-courier@.service'],
  ['systemd/mnt-ramfs.mount', 'usr/lib/systemd/system/mnt-ramfs.mount'],
  ['docs/events.md', 'usr/share/doc/extbackup/events.md'],
  ['docs/notifications.md', 'usr/share/doc/extbackup/notifications.md'],
  ['docs/scripting.md', 'usr/share/doc/extbackup/scripting.md'],
  ['docs/nas.md', 'usr/share/doc/extbackup/nas.md'],
  ['docs/first-copy.md', 'usr/share/doc/extbackup/first-copy.md'],
  ['docs/faq.md', 'usr/share/doc/extbackup/faq.md'],
  ['docs/quick-start.md', 'usr/share/doc/extbackup/quick-start.md'],
  ['docs/administration.md', 'usr/share/doc/extbackup/administration.md'],
  ['docs/screen-running.png', 'usr/share/doc/extbackup/screen-running.png'],
  ['docs/screen-safe.png', 'usr/share/doc/extbackup/screen-safe.png'],
  ['docs/screen-unknown-disk.png', 'usr/share/doc/extbackup/screen-unknown-disk.png'],
  ['docs/bad-days.md', 'usr/share/doc/extbackup/bad-days.md'],
  ['docs/recovery.md', 'usr/share/doc/extbackup/recovery.md'],
  ['docs/errors.md', 'usr/share/doc/extbackup/errors.md'],
  ['docs/fleet.md', 'usr/share/doc/extbackup/fleet.md'],
  ['debian/extbackup.needrestart.conf', 'etc/needrestart/conf.d/extbackup.conf'],
  ['debian/extbackup.sysusers', 'usr/lib/sysusers.d/extbackup.conf'],
  ['debian/extbackup.tmpfiles', 'usr/lib/tmpfiles.d/extbackup.conf'],
  ['debian/extbackup.lintian-overrides', 'usr/share/lintian/overrides/extbackup'],
  ['debian/examples/config.yaml', 'usr/share/doc/extbackup/examples/config.yaml'],
  ...['site.yml', ...['defaults', 'meta', 'tasks'].map((part) => `roles/extbackup/${part}/main.yml`)]
    .concat('roles/extbackup/tasks/server.yml')
    .map((file) => [`debian/examples/ansible/${file}`, `usr/share/doc/extbackup/examples/ansible/${file}`] as const),
  ['debian/examples/extbackup.cron', 'usr/share/doc/extbackup/examples/cron.d/extbackup'],
  ['debian/examples/monitoring/alertmanager.yml', 'usr/share/doc/extbackup/examples/monitoring/alertmanager.yml'],
  ['debian/examples/monitoring/extbackup.rules.yml', 'usr/share/doc/extbackup/examples/monitoring/extbackup.rules.yml'],
  [
    'debian/examples/monitoring/grafana-dashboard.json',
    'usr/share/doc/extbackup/examples/monitoring/grafana-dashboard.json',
  ],
];

/** Files that may be missing in the source tree. */
const optional: readonly (readonly [from: string, to: string])[] = [
  ['README.md', 'usr/share/doc/extbackup/README.md'],
  ['debian/extbackup.profile.sh', 'etc/profile.d/extbackup.sh'],
];

/** What a package is made for, and from. */
export interface PackageFacts {
  /** Of the Debian package. */
  readonly version: string;
  readonly architecture: Architecture;
  /** The first one has the version of the package. */
  readonly releases: readonly Release[];
  /** Of the sources; every file gets it. */
  readonly time: Date;
}

/** Fills an empty directory with the files of the package. */
export async function layOutTree(tree: string, facts: PackageFacts): Promise<void> {
  await install(tree, 'usr/share/doc/extbackup/notice.schema.json', noticeJsonSchema());
  for (const { file, text } of outputJsonSchemas()) await install(tree, join(schemaDirectory, file), text);
  const bundled = await bundleProgram(join(tree, 'usr/lib/extbackup'), facts.architecture);
  for (const [from, to] of verbatim) await install(tree, to, await readFile(join(root, from)));
  for (const [from, to] of optional) {
    const content = await readIfThere(join(root, from));
    if (content) await install(tree, to, content);
  }
  const verbs = await readVerbs();
  for (const [name, page] of await readManual())
    await install(tree, `usr/share/man/man${name.slice(-1)}/${name}.gz`, gzip(page));
  const shown = Object.values(commandGroups).flat();
  await install(tree, 'usr/share/bash-completion/completions/extbackup', bashCompletion(verbs, shown));
  await install(tree, 'usr/share/zsh/vendor-completions/_extbackup', zshCompletion(verbs, shown));
  await install(tree, 'usr/share/fish/vendor_completions.d/extbackup.fish', fishCompletion(verbs, shown));
  await install(tree, 'usr/share/doc/extbackup/changelog.gz', gzip(debianChangelog(facts.releases)));
  await install(tree, 'usr/share/doc/extbackup/copyright', await copyrightFile(bundled.packages));
  const bill = billOfMaterials(bundled, facts.version, facts.time);
  await install(tree, 'usr/share/doc/extbackup/sbom.cdx.json', bill);
  await mkdir(join(tree, 'usr/bin'), { recursive: true });
  for (const name of ['extbackup', 'mount-extbackup', 'umount-extbackup'])
    await symlink('../lib/extbackup/cli.js', join(tree, 'usr/bin', name));
  for (const name of ['mount-extbackup', 'umount-extbackup'])
    await symlink('extbackup.8.gz', join(tree, 'usr/share/man/man8', `${name}.8.gz`));
}

async function install(tree: string, to: string, content: string | Buffer): Promise<void> {
  const target = join(tree, to);
  await mkdir(dirname(target), { recursive: true });
  await writeFile(target, content);
  await chmod(target, 0o644);
}

async function readIfThere(file: string): Promise<Buffer | undefined> {
  try {
    return await readFile(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Like `gzip -9n`: without name and time, so that the same text gives the same bytes. */
const gzip = (content: string | Buffer): Buffer => gzipSync(content, { level: 9 });
