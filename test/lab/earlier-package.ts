import { existsSync } from 'node:fs';
import { copyFile, mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { root } from '../../debian/root.ts';
import { cacheDirectory } from './image/guest-image.ts';

/**
 * The package of an earlier commit, built from it once with its own libraries, and kept in the cache.
 * @returns path of the .deb, which is for amd64
 * @throws when the repository does not have that commit
 */
export async function earlierPackage(commit: string): Promise<string> {
  const kept = join(cacheDirectory, '../packages', `${commit}.deb`);
  if (existsSync(kept)) return kept;
  const known = await execa('git', ['cat-file', '-e', `${commit}^{commit}`], { cwd: root, reject: false });
  if (known.exitCode !== 0)
    throw new Error(
      `This repository does not have the commit ${commit}. If it is a shallow clone: git fetch --unshallow`,
    );
  const tree = await mkdtemp(join(tmpdir(), 'extbackup-earlier-'));
  try {
    const archive = await execa('git', ['archive', commit], { cwd: root, encoding: 'buffer' });
    await execa('tar', ['-x', '-C', tree], { input: archive.stdout });
    await execa('npm', ['ci', '--no-audit', '--no-fund'], { cwd: tree }); // it has libraries that the present one does not have
    await execa(process.execPath, ['node_modules/tsx/dist/cli.mjs', 'debian/build-deb.ts'], { cwd: tree });
    const [deb = ''] = (await readdir(join(tree, 'out'))).filter((name) => name.endsWith('_amd64.deb'));
    await mkdir(join(kept, '..'), { recursive: true });
    const unfinished = `${kept}.${String(process.pid)}`;
    await copyFile(join(tree, 'out', deb), unfinished);
    await rename(unfinished, kept);
  } finally {
    await rm(tree, { recursive: true, force: true });
  }
  return kept;
}
