import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

const scripts = join(import.meta.dirname, '../../../debian');
const fakes = ['deb-systemd-helper', 'deb-systemd-invoke', 'systemctl', 'systemd-tmpfiles', 'udevadm', 'extbackup'];

let root: string;
/** Commands that say no: by name, or name and arguments. */
let failing: string[];

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'extbackup-scripts-'));
  failing = [];
  for (const directory of [
    'bin',
    'run/systemd/system',
    'run/extbackup/spool',
    'etc/extbackup',
    'var/lib/extbackup',
    'mnt/ramfs',
    'mnt/plaintext',
  ]) {
    await mkdir(join(root, directory), { recursive: true });
  }
  for (const name of fakes) {
    const fake = join(root, 'bin', name);
    await writeFile(
      fake,
      `#!/bin/sh\necho "${name} $*" >> "$DPKG_ROOT/log"\ncase ":$FAILING:" in *":${name} $*:"*) exit 1 ;; esac\n`,
    );
    await chmod(fake, 0o755);
  }
});
afterEach(() => rm(root, { recursive: true, force: true }));

/** Runs a maintainer script against a machine of directories, with recorders for the tools of systemd. */
async function run(script: string, ...args: string[]): Promise<string[]> {
  await rm(join(root, 'log'), { force: true });
  await execa('/bin/sh', [join(scripts, script), ...args], {
    env: { DPKG_ROOT: root, FAILING: failing.join(':'), PATH: `${join(root, 'bin')}:/usr/bin:/bin` },
  });
  return (await readFile(join(root, 'log'), 'utf8').catch(() => '')).split('\n').filter((line) => line !== '');
}

const spool = (): Promise<string[]> => readdir(join(root, 'run/extbackup/spool'));

describe('installing', () => {
  test('enables and starts the agent, and loads rule and units', async () => {
    failing = ['systemctl --quiet is-active extbackup.service', 'systemctl --quiet is-enabled extbackup.timer'];
    const done = await run('postinst', 'configure', '');
    expect(done).toEqual(
      expect.arrayContaining([
        'deb-systemd-helper enable extbackup.service',
        'systemd-tmpfiles --create extbackup.conf',
        'udevadm control --reload',
        'systemctl daemon-reload',
        'deb-systemd-invoke start extbackup.service',
      ]),
    );
    expect(done.indexOf('systemctl daemon-reload')).toBeLessThan(
      done.indexOf('deb-systemd-invoke start extbackup.service'),
    );
    expect(await spool()).toEqual([]);
  });

  test('leaves the timer off', async () => {
    failing = ['systemctl --quiet is-active extbackup.service', 'systemctl --quiet is-enabled extbackup.timer'];
    const done = await run('postinst', 'configure', '');
    expect(done.filter((line) => /(enable|start) extbackup\.timer/.test(line))).toEqual([]);
  });

  test('does not enable an agent that somebody disabled', async () => {
    failing = ['deb-systemd-helper --quiet was-enabled extbackup.service'];
    expect(await run('postinst', 'configure', '0.0.9')).not.toContain('deb-systemd-helper enable extbackup.service');
  });

  test('works where no systemd runs, as in an image', async () => {
    await rm(join(root, 'run/systemd'), { recursive: true });
    const done = await run('postinst', 'configure', '');
    expect(done.filter((line) => !line.startsWith('deb-systemd-helper '))).toEqual([]);
  });
});

describe('upgrading', () => {
  test('stops nothing', async () => {
    expect(await run('prerm', 'upgrade', '0.2.0')).toEqual([]);
    expect(await run('postrm', 'upgrade', '0.2.0')).toEqual([]);
  });

  test('asks a running agent, by a note, to make room when it is idle', async () => {
    const done = await run('postinst', 'configure', '0.0.9');
    expect(await spool()).toEqual([expect.stringMatching(/^restart\.upgrade\.\d+$/)]);
    expect(done.filter((line) => /(start|stop|kill).* extbackup\.service/.test(line))).toEqual([]);
  });
});

describe('removing', () => {
  test('stops the agent and wipes the keys in memory', async () => {
    const done = await run('prerm', 'remove');
    expect(done).toEqual([
      'deb-systemd-invoke stop extbackup.timer',
      'deb-systemd-invoke stop extbackup.service',
      'extbackup lock',
      'deb-systemd-invoke stop mnt-ramfs.mount',
    ]);
  });

  test('keeps a ramfs that holds something of others', async () => {
    await writeFile(join(root, 'mnt/ramfs/other'), '');
    expect(await run('prerm', 'remove')).not.toContain('deb-systemd-invoke stop mnt-ramfs.mount');
  });

  test('goes on when a disk or the agent cannot be stopped', async () => {
    failing = ['deb-systemd-invoke stop extbackup.service', 'extbackup lock'];
    expect(await run('prerm', 'remove')).toContain('extbackup lock');
  });

  test('keeps settings and state, and takes the rest', async () => {
    await writeFile(join(root, 'etc/extbackup/config.yaml'), '');
    await run('postrm', 'remove');
    expect(
      (await readdir(root, { recursive: true })).filter((path) => !/^(bin|log|run\/systemd)/.test(path)).sort(),
    ).toEqual([
      'etc',
      'etc/extbackup',
      'etc/extbackup/config.yaml',
      'mnt',
      'run',
      'var',
      'var/lib',
      'var/lib/extbackup',
    ]);
  });
});

test('purging takes settings and state, too', async () => {
  await run('postrm', 'remove');
  const done = await run('postrm', 'purge');
  expect(done).toEqual(['deb-systemd-helper purge extbackup.service extbackup.timer']);
  expect(await readdir(join(root, 'etc'))).toEqual([]);
  expect(await readdir(join(root, 'var/lib'))).toEqual([]);
});
