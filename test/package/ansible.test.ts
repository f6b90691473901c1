import { cp, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { root } from '../../debian/root.ts';
import { inSandbox } from '../integration/keys/sandbox.ts';

let directory: string;
let example: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'extbackup-ansible-'));
  example = join(directory, 'ansible');
  await cp(join(root, 'debian/examples/ansible'), example, { recursive: true });
});
afterAll(() => rm(directory, { recursive: true, force: true }));

interface Task {
  readonly name: string;
  readonly no_log?: boolean;
  readonly 'ansible.builtin.command'?: { readonly argv?: unknown; readonly stdin?: string };
}
const tasks = async (): Promise<Task[]> =>
  parse(await readFile(join(example, 'roles/extbackup/tasks/main.yml'), 'utf8')) as Task[];

test('the password is in no argument, and every task that has it logs nothing', async () => {
  const withPassword = (await tasks()).filter((task) => JSON.stringify(task).includes('extbackup_password'));
  expect(withPassword).toHaveLength(3);
  expect(withPassword.filter(({ no_log }) => no_log !== true)).toEqual([]);
  for (const task of await tasks())
    expect(JSON.stringify(task['ansible.builtin.command']?.argv ?? '')).not.toContain('extbackup_password');
});

test('the program has the commands and options of the role, and says the words by which it tells a change', async () => {
  const words = [...JSON.stringify(await tasks()).matchAll(/"(--[a-z-]+)/g)].map((match) => match[1] ?? '');
  expect(new Set(words)).toEqual(
    new Set(['--source', '--port', '--host-key', '--password-stdin', '--no-sheet', '--yes']),
  );
  const { stdout } = inSandbox(`extbackup setup --help; extbackup unlock --help
    ready_station 'correct horse'
    extbackup config set rotation.every 10d; extbackup config set rotation.every 10d`);
  for (const word of words) expect(stdout).toContain(word);
  expect(stdout).toMatch(/^rotation\.every: .* -> .*\nrotation\.every stays "10d"\./m);
});

describe('Ansible', () => {
  test('reads the example', async () => {
    const { exitCode, all } = await execa('ansible-playbook', ['-i', 'localhost,', '--syntax-check', 'site.yml'], {
      cwd: example,
      all: true,
      reject: false,
    });
    expect(exitCode, all).toBe(0);
  });

  test('finds no fault with it', async () => {
    const { exitCode, all } = await execa('ansible-lint', ['--offline', '--strict', 'site.yml', 'roles'], {
      cwd: example,
      all: true,
      reject: false,
      env: { NO_COLOR: '1', HOME: directory },
    });
    expect(exitCode, all).toBe(0);
  });
});
