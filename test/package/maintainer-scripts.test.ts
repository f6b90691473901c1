import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { maintainerScript, type maintainerScripts } from '../../debian/maintainer-scripts.ts';
import { saltFingerprint } from '../../src/records/salt-copy.ts';

const fakes = [
  'deb-systemd-helper',
  'deb-systemd-invoke',
  'systemctl',
  'systemd-sysusers',
  'systemd-tmpfiles',
  'udevadm',
  'extbackup',
  'node',
];

let root: string;
/** What the last script printed. */
let said: string;
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

/** Runs a maintainer script of version 0.3.0, whose program knows records of format 2, against a machine of directories, with recorders for the tools of systemd. */
async function run(script: (typeof maintainerScripts)[number], ...args: string[]): Promise<string[]> {
  await rm(join(root, 'log'), { force: true });
  await writeFile(join(root, script), await maintainerScript(script, '0.3.0', 2));
  const { stdout } = await execa('/bin/sh', [join(root, script), ...args], {
    env: { DPKG_ROOT: root, FAILING: failing.join(':'), PATH: `${join(root, 'bin')}:/usr/bin:/bin` },
  });
  said = stdout;
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

  test('has the code cache written before anything starts, with the flags of the commands and of the units', async () => {
    const done = await run('postinst', 'configure', '');
    const script = `${root}/usr/lib/extbackup/write-code-cache.js`;
    expect(done.filter((line) => line.startsWith('node '))).toEqual([
      `node ${script}`,
      `node --jitless --no-expose-wasm ${script}`,
    ]);
    const last = done.findLastIndex((line) => line.startsWith('node '));
    expect(done.findIndex((line) => line.startsWith('deb-systemd-invoke'))).not.toBeLessThan(last);
  });

  test('writes only the code cache anew, when there is another Node.js, also where that fails', async () => {
    await mkdir(join(root, 'usr/lib/extbackup'), { recursive: true });
    await writeFile(join(root, 'usr/lib/extbackup/program-A.js.jit.cache'), 'of the Node.js before');
    failing = [`node ${root}/usr/lib/extbackup/write-code-cache.js`];
    const done = await run('postinst', 'triggered', '/usr/bin/node');
    expect(done.map((line) => line.split(' ')[0])).toEqual(['node', 'node']);
    expect(await readdir(join(root, 'usr/lib/extbackup'))).toEqual([]);
  });

  test('works where no systemd runs, as in an image', async () => {
    await rm(join(root, 'run/systemd'), { recursive: true });
    const done = await run('postinst', 'configure', '');
    expect(done.filter((line) => !/^(deb-systemd-helper|node) /.test(line))).toEqual([
      `systemd-sysusers --root=${root} extbackup.conf`,
    ]);
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

describe('refusing', () => {
  const notedFormat = (format: number): Promise<void> =>
    writeFile(join(root, 'var/lib/extbackup/format.json'), `${JSON.stringify({ format, writtenBy: '0.9.0' })}\n`);

  test('a version older than the installed one, in words', async () => {
    await expect(run('preinst', 'upgrade', '0.3.1', '0.3.0')).rejects.toThrow(
      /not installed, and nothing was changed: version 0\.3\.1 is installed, and 0\.3\.0 is older\.\n.*apt-get remove extbackup/,
    );
    expect(await readFile(join(root, 'log'), 'utf8').catch(() => 'no tool was started')).toBe('no tool was started');
  });

  test.each(['0.2.9', '0.3.0~rc1', '0.3.0'])('not when %s is installed', async (installed) => {
    expect(await run('preinst', 'upgrade', installed, '0.3.0')).toEqual([]);
  });

  test.each([
    ['install', []],
    ['install', ['0.9.0', '0.3.0']],
    ['upgrade', ['0.2.0', '0.3.0']],
  ])('records of a format that the program does not know: %s %s', async (action, versions) => {
    await notedFormat(3);
    await expect(run('preinst', action, ...versions)).rejects.toThrow(
      /nothing was changed: the records in \/var\/lib\/extbackup are of format 3, and version 0\.3\.0 knows formats up to 2/,
    );
    await notedFormat(2);
    expect(await run('preinst', action, ...versions)).toEqual([]);
  });
});

describe('removing', () => {
  test('stops the agent and wipes the keys in memory', async () => {
    const done = await run('prerm', 'remove');
    expect(done).toEqual([
      'deb-systemd-invoke stop extbackup.timer',
      'systemctl stop extbackup-console@*.service',
      'deb-systemd-invoke stop extbackup.service',
      'extbackup lock',
      'deb-systemd-invoke stop mnt-ramfs.mount',
    ]);
  });

  test('says in mid-run that the backup is ended, and tells the agent, until a removal fails', async () => {
    const status = (run: object | null): Promise<void> =>
      writeFile(join(root, 'run/extbackup/status.json'), `${JSON.stringify({ version: 1, drives: [], run })}\n`);
    const note = (): Promise<string[]> => readdir(join(root, 'run/extbackup'));
    await status(null);
    await run('prerm', 'remove');
    expect(said).toBe('');
    await status({ id: 'r', drive: 'BACKUP_1' });
    await run('prerm', 'remove');
    expect(said).toMatch(/the backup in progress is ended now.*does not go on/);
    expect(await note()).toContain('removing');
    await run('postinst', 'abort-remove');
    expect(await note()).not.toContain('removing');
    await rm(join(root, 'run/extbackup'), { recursive: true });
    expect(await run('prerm', 'remove')).toContain('deb-systemd-invoke stop extbackup.service');
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
      (await readdir(root, { recursive: true })).filter((path) => !/^(bin|log|postrm|run\/systemd)/.test(path)).sort(),
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

describe('purging', () => {
  const salt = '5a'.repeat(32);
  const withSalt = async (confirmed: string | undefined): Promise<void> => {
    await writeFile(join(root, 'etc/extbackup/salt'), `${salt}\n`);
    await writeFile(
      join(root, 'etc/extbackup/config.yaml'),
      '# settings\nsource: a@b\n\n# the key\nkey:\n  derivation: scrypt\n  # cost\n  scrypt: { N: 16384 }\nnotify:\n  - token: secret\n',
    );
    await writeFile(join(root, 'var/lib/extbackup/previous-keys.json'), '{"keys":[{"salt":"older"}]}');
    if (confirmed !== undefined)
      await writeFile(
        join(root, 'var/lib/extbackup/salt-copy.json'),
        JSON.stringify({ version: 1, confirmedAt: '2026-11-01T00:00:00.000Z', salt: saltFingerprint(confirmed) }),
      );
    await run('postrm', 'remove');
  };
  const left = async (): Promise<string[]> =>
    (await readdir(root, { recursive: true })).filter((path) => /^(etc|var)\/./.test(path)).sort();

  test('takes settings and state, too', async () => {
    await run('postrm', 'remove');
    const done = await run('postrm', 'purge');
    expect(done).toEqual(['deb-systemd-helper purge extbackup.service extbackup.timer']);
    expect(await left()).toEqual(['var/lib']);
  });

  test('takes the salt, too, when the sheet with this salt is known to be printed', async () => {
    await withSalt(salt);
    await run('postrm', 'purge');
    expect(await left()).toEqual(['var/lib']);
  });

  test.each([
    ['nobody said that the sheet is printed', undefined],
    ['the printed sheet has another salt', '6b'.repeat(32)],
  ])('keeps the salts and how the key is made when %s', async (_, confirmed) => {
    await withSalt(confirmed);
    await run('postrm', 'purge');
    const [place = ''] = await readdir(join(root, 'var/backups'));
    expect(place).toMatch(/^extbackup-salt\.\d{8}T\d{6}Z$/);
    const kept = join(root, 'var/backups', place);
    expect((await stat(kept)).mode & 0o777).toBe(0o700);
    expect((await readdir(kept)).sort()).toEqual(['key.yaml', 'previous-keys.json', 'salt']);
    expect(await readFile(join(kept, 'salt'), 'utf8')).toBe(`${salt}\n`);
    expect(await readFile(join(kept, 'key.yaml'), 'utf8')).toBe(
      'key:\n  derivation: scrypt\n  # cost\n  scrypt: { N: 16384 }\n',
    );
    expect(await readdir(join(root, 'etc'))).toEqual([]);
  });

  test('keeps it also in the middle of a password change, and takes nothing when it cannot be kept', async () => {
    await withSalt(salt);
    await writeFile(join(root, 'etc/extbackup/salt.next'), 'next');
    await writeFile(join(root, 'var/backups'), 'in the way');
    await expect(run('postrm', 'purge')).rejects.toThrow();
    expect(await readFile(join(root, 'etc/extbackup/salt'), 'utf8')).toBe(`${salt}\n`);
    await rm(join(root, 'var/backups'));
    await run('postrm', 'purge');
    expect((await left()).filter((path) => path.startsWith('var/backups/'))).toContainEqual(
      expect.stringMatching(/\/salt\.next$/),
    );
  });
});
