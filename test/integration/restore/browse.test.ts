import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { build } from 'esbuild';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it, vi } from 'vitest';

vi.setConfig({ testTimeout: 120_000 });
let programs: string;
let root: string;
let top: string;

/** In one file, because each of hundreds would be compiled anew at each start. */
beforeAll(async () => {
  programs = await mkdtemp(join(tmpdir(), 'extbackup-browse-program-'));
  await build({
    entryPoints: [join(import.meta.dirname, 'browse-a-tree.ts')],
    outfile: join(programs, 'browse-a-tree.mjs'),
    bundle: true,
    platform: 'node',
    format: 'esm',
    banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
  });
});
afterAll(() => rm(programs, { recursive: true }));

/** A disk after two runs: letter was changed, gone was deleted and new was created on day 20, the two by an rsync each. */
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'extbackup-browse-'));
  top = join(root, 'disk');
  await put('backups/docs/letter', 'second');
  await put('backups/docs/new', 'created later');
  await put('backups/docs/\x1b[2Jodd', 'odd');
  await put(Buffer.concat([Buffer.from('backups/docs/'), Buffer.from([0xff])]), 'no text');
  for (let i = 0; i < 300; i += 1) await put(`backups/many/file-${i}`, String(i));
  await put('history/20260120T070000Z/docs/letter', 'first');
  await put('history/20260120T070103Z/docs/gone', 'deleted');
  await put('.extbackup/history/20260120T070000Z.log', '2026/01/20 07:00:01 [7] >f+++++++++|docs/new\n');
});
afterEach(async () => {
  await rm(root, { recursive: true });
});

const enter = '\r';

it('a person looks around, picks a file of the mirror, another as it was, and a whole directory of an earlier date', async () => {
  const to = join(root, 'to');
  const shown = await atTerminal(
    0,
    ['BACKUP_1:/, as of the last backup', 'docs'],
    ['docs/', enter],
    ['BACKUP_1:/docs, as of', 'letter'],
    ['letter', enter],
    ['Which version of docs/letter?', enter],
    ['to which directory?', `${to}\n`],
    ['restored', 'letter'],
    ['letter', enter],
    ['Which version', 'until'],
    ['until the run of', enter],
    [`directory? [${to}]`, '\n'],
    ['exists already', 'n\n'],
    ['BACKUP_1:/docs', 'another'],
    ['[choose another date]', enter],
    ['Which date?', 'before'],
    ['before the run of 2026-01-20 07:00:00 UTC', enter],
    ['BACKUP_1:/docs, as of 2026-01-20 06:59:59 UTC', 'restore this'],
    ['[restore this whole directory]', enter],
    ['to which directory?', `${to}/then\n`],
    ['restored', 'enough'],
    ['[enough]', enter],
  );
  expect(await readFile(join(to, 'letter'), 'utf8')).toBe('second');
  expect(await readFile(join(to, 'then/docs/letter'), 'utf8')).toBe('first');
  expect(await readFile(join(to, 'then/docs/gone'), 'utf8')).toBe('deleted');
  await expect(readFile(join(to, 'then/docs/new'))).rejects.toThrow('ENOENT');
  expect(shown).not.toContain('before the run of 2026-01-20 07:01:03');
});

it('a date can be typed, no name reaches the terminal as it is, a long list says how much is left, and Ctrl-C ends it', async () => {
  const shown = await atTerminal(
    130,
    ['BACKUP_1:/', 'many'],
    ['many/', enter],
    ['(304 entries: type a part of the name)', 'file-299'],
    ['299', '\x15'],
    ['..', enter],
    ['BACKUP_1:/, as of', 'another'],
    ['[choose another date]', enter],
    ['Which date?', '2026-01-10T12:00:00Z'],
    ['as it was on 2026-01-10 12:00:00 UTC', enter],
    ['BACKUP_1:/, as of 2026-01-10', 'docs'],
    ['docs/', enter],
    ['name is not UTF-8', '\x03'],
  );
  const then = shown.slice(shown.lastIndexOf('BACKUP_1:/docs, as of 2026-01-10'));
  expect(then).toContain('gone');
  expect(then).not.toMatch(/ new\r?$/m);
  expect(then).toContain('\\#033[2Jodd');
  expect(then).toContain('\\#377');
  expect(shown).not.toContain('\x1b[2Jodd');
});

/** Returns what the terminal showed. */
async function atTerminal(exitCode: number, ...steps: [words: string, answer: string][]): Promise<string> {
  const project = join(import.meta.dirname, '../../..');
  const command = ['/usr/bin/env', 'TERM=xterm', process.execPath, join(programs, 'browse-a-tree.mjs'), top];
  return new Promise((resolve, reject) => {
    const child = execFile(
      '/usr/bin/python3',
      [join(project, 'test/lab/on-guest/at-a-terminal.py'), ...command],
      { cwd: project, timeout: 100_000 },
      (error, stdout, stderr) => {
        const code = error === null ? 0 : error.code;
        if (code === exitCode) resolve(stdout);
        else reject(new Error(`ended with ${String(code)}:\n${stdout}${stderr}`));
      },
    );
    child.stdin?.end(JSON.stringify(steps));
  });
}

async function put(path: string | Buffer, content: string): Promise<void> {
  const file = Buffer.concat([Buffer.from(`${top}/`), Buffer.from(path)]);
  await mkdir(dirname(file.toString('latin1')), { recursive: true });
  await writeFile(file, content);
}
