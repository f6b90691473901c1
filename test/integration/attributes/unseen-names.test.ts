import { execFileSync } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { attributeFiles, readBlocks, type AttributeFiles } from '../../../src/attributes/attribute-files.ts';
import { putBack } from '../../../src/attributes/put-back.ts';
import { addSome, writeAll } from '../../../src/attributes/read-attributes.ts';
import { startProgram, type Command, type StartProgram } from '../../../src/system/command.ts';

/** Every account on a machine can read the arguments of programs: none of them names a file of the backup. */
let directory: string;
let tree: string;
let arguments_: string[];
const never = new AbortController().signal;
const marker = 'payroll';
const odd = ['new\nline', 'back\\slash', '\\134', 'brackets [*]', 'lätin', '-rf'].map((name) => `${marker} ${name}`);
const tool = (file: string, ...args: string[]): void => {
  execFileSync(`/usr/bin/${file}`, args);
};
const start: StartProgram = (command: Command) => {
  arguments_.push(...command.args);
  return startProgram(command);
};
/** xargs(1) makes arguments of its input. */
const seen = (): string[] => arguments_.filter((argument) => argument.includes(marker) || argument.endsWith('/xargs'));

beforeEach(async () => {
  arguments_ = [];
  directory = await mkdtemp(join(tmpdir(), 'extbackup-names-'));
  tree = join(directory, 'tree');
  await mkdir(join(tree, `${marker} folder`), { recursive: true });
  const notUtf8 = Buffer.concat([Buffer.from(`${tree}/${marker} `), Buffer.from([0xff])]);
  for (const name of odd) await writeFile(join(tree, name), 'x');
  await writeFile(notUtf8, 'x');
  for (let index = 0; index < 300; index += 1) await writeFile(join(tree, `${marker} folder`, String(index)), 'x');
  await symlink('nowhere', join(tree, `${marker} link`));
  tool('mkfifo', join(tree, `${marker} pipe`));
  tool('setfacl', '-m', 'u:1234:r', join(tree, odd[0] ?? ''));
  tool('setfacl', '-d', '-m', 'g:77:rx', join(tree, `${marker} folder`));
  for (const name of [...odd, `${marker} folder`, `${marker} folder/299`])
    tool('setfattr', '-n', 'user.mark', '-v', 'old "value"', join(tree, name));
});
afterEach(() => rm(directory, { recursive: true }));

const filesAt = async (name: string): Promise<AttributeFiles> => {
  const files = attributeFiles(join(directory, name));
  for (const file of Object.values(files)) await writeFile(file, '');
  return files;
};
const pathsIn = async (): Promise<string[]> => ['.', ...(await readdir(tree, { recursive: true, encoding: 'latin1' }))];
const whole = async (name: string): Promise<AttributeFiles> => {
  const files = await filesAt(name);
  await writeAll(startProgram, tree, files, never);
  return files;
};
async function contentOf(files: AttributeFiles): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const kind of ['facl', 'fattr', 'links'] as const)
    for await (const blocks of readBlocks(files[kind], kind))
      for (const { path, body } of blocks) found[`${kind} ${path}`] = body.trimEnd();
  return found;
}

it('the attributes of some files are those that are read of the whole tree, in several batches', async () => {
  const some = await filesAt('some');
  await addSome(start, tree, some, [...(await pathsIn()), 'payroll that vanished'], never);
  const expected = await contentOf(await whole('all'));
  expect(Object.keys(expected).length).toBeGreaterThan(310);
  expect(await contentOf(some)).toEqual(expected);
  expect((await readdir(directory)).sort()).toEqual(
    [...['all', 'some'].flatMap((stem) => [`${stem}.facl`, `${stem}.fattr`, `${stem}.links`]), 'tree'].sort(),
  );
  expect(arguments_.length).toBeGreaterThan(300);
  expect(seen()).toEqual([]);
});

it('old attributes are put back, and added ones removed, without a name in an argument', async () => {
  const files = await whole('old');
  const before = await contentOf(files);
  for (const name of [...odd, `${marker} folder/7`]) {
    await chmod(join(tree, name), 0o600);
    tool('setfattr', '-n', 'user.more', '-v', 'new', join(tree, name));
  }
  tool('setfacl', '-b', join(tree, odd[0] ?? ''));
  const failed: string[] = [];
  let changed = 0;
  await putBack(
    start,
    {
      ...{ files, root: tree, place: (path: string) => path },
      onFile: () => {
        changed += 1;
      },
      onFailure: (place) => {
        failed.push(place);
      },
    },
    never,
  );
  expect({ failed, changed }).toEqual({ failed: [], changed: odd.length + 1 });
  expect(await contentOf(await whole('new'))).toEqual(before);
  expect(arguments_).toContain('--remove=user.more');
  expect(seen()).toEqual([]);
});
