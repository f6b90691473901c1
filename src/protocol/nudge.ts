import { writeFile } from 'node:fs/promises';
import { files, type Paths } from '../system/paths.ts';

/** Tells the agent that the keys have changed. Does nothing without an agent. */
export async function nudgeAgent(paths: Paths, news: 'unlock' | 'lock'): Promise<void> {
  try {
    await writeFile(`${files.spool(paths)}/key.${news}.${process.pid}`, '', { mode: 0o600 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}

/** Tells the agent that the list of enrolled disks has changed. Does nothing without an agent. */
export async function nudgeAboutDrives(paths: Paths): Promise<void> {
  try {
    await writeFile(`${files.spool(paths)}/drive.changed.${process.pid}`, '', { mode: 0o600 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}
