import { chmod, mkdir, open, utimes } from 'node:fs/promises';
import { constants } from 'node:fs';
import { dirname, join } from 'node:path';
import { replaceFile } from '../system/new-file.ts';
import { ownDirectory } from '../disk/own-directory.ts';
import { sealPath, type Seal } from '../records/drive-record.ts';

/** Writes the first content of a backup disk: LABEL, the directories of mirror and history, and the seal. */
export async function writeFreshContent(top: string, seal: Seal): Promise<void> {
  await chmod(top, 0o700); // hidden from other local users
  await mkdir(join(top, 'backups'), { mode: 0o755 });
  await mkdir(join(top, 'history'), { mode: 0o700 });
  await writeSeal(top, seal);
  await writeLabel(top, seal.label);
}

/** Writes LABEL, without a newline. Its time is the time of the last backup: 0, because there was none. */
export async function writeLabel(top: string, label: string): Promise<void> {
  await writeNew(join(top, 'LABEL'), label, 0o644);
  await utimes(join(top, 'LABEL'), 0, 0);
}

/** Writes or replaces the seal of a disk. */
export async function writeSeal(top: string, seal: Seal): Promise<void> {
  await ownDirectory(top, dirname(sealPath));
  await replaceFile(join(top, sealPath), `${JSON.stringify(seal)}\n`);
}

async function writeNew(file: string, content: string, mode: number): Promise<void> {
  const handle = await open(
    file,
    constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC | constants.O_NOFOLLOW,
    mode,
  );
  try {
    await handle.writeFile(content);
    await handle.chmod(mode);
    await handle.sync();
  } finally {
    await handle.close();
  }
}
