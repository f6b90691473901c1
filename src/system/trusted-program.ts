import { openJudged } from './trusted-path.ts';

/**
 * Root starts only programs that only root can change. @returns the reason not to start a program; undefined when it
 * is safe
 */
export async function whyNotTrusted(file: string): Promise<string | undefined> {
  try {
    const { handle, distrust } = await openJudged(file);
    await handle.close(); // a trusted file has a trusted path: only root can replace it before it starts
    if (distrust === undefined) return undefined;
    return distrust.kind === 'directory'
      ? `was not started: others can write ${distrust.path}, which leads to it`
      : 'was not started: it does not belong to root, or others can write it';
  } catch {
    return 'was not started: it is not there';
  }
}
