import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa, execaSync } from 'execa';
import { expect, it } from 'vitest';

/** In a user namespace of its own, a process may be left without inotify instances; see namespaces(7). */
const inNamespace = (instances: number, command: string): string =>
  `echo ${instances} > /proc/sys/user/max_inotify_instances && ${command}`;
const canLimit = execaSync('unshare', ['-Ur', 'sh', '-c', inNamespace(0, 'true')], { reject: false }).exitCode === 0;

it.skipIf(!canLimit).each([
  [0, 'polling no inotify instance is left (fs.inotify.max_user_instances)\nnote udev\nstopped'],
  [5, 'note udev\nstopped'],
])('with %i inotify instances a note in the spool is taken', async (instances, told) => {
  const run = await mkdtemp(join(tmpdir(), 'spool-'));
  const source = (path: string): string => JSON.stringify(new URL(`../../../src/${path}`, import.meta.url).href);
  const script = `
    import { writeFile } from 'node:fs/promises';
    import { watchSpool } from ${source('triggers/spool.ts')};
    import { defaultPaths, files } from ${source('system/paths.ts')};
    const paths = { ...defaultPaths, run: ${JSON.stringify(run)} };
    const stop = await watchSpool(paths, {
      onNote: ({ kind }) => { console.log('note', kind); void stop().then(() => { console.log('stopped'); }); },
      onRejected: (reason) => { console.log('rejected', reason); },
      onPolling: (why) => { console.log('polling', why); },
    });
    await writeFile(files.spool(paths) + '/udev.add.7.sda1', '');`;
  const node = `exec ${process.execPath} --import tsx --input-type=module --eval "$0"`;
  try {
    const { stdout } = await execa('unshare', ['-Ur', 'sh', '-c', inNamespace(instances, node), script], {
      timeout: 60_000,
    });
    expect(stdout).toBe(told);
  } finally {
    await rm(run, { recursive: true, force: true });
  }
});
