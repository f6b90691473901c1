import { readdir, readFile, readlink } from 'node:fs/promises';

/** Other programs that have a file or their working directory below `directory`: "bash (4711)". At most ten, never their files. */
export async function usersOf(directory: string): Promise<string[]> {
  const users: string[] = [];
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)) {
    if (users.length >= 10) break;
    if (await isUser(`/proc/${pid}`, directory)) users.push(`${await nameOf(pid)} (${pid})`);
  }
  return users;
}

async function isUser(entry: string, directory: string): Promise<boolean> {
  const links = [`${entry}/cwd`, `${entry}/root`, `${entry}/exe`, ...(await list(`${entry}/fd`))];
  for (const link of links) {
    const target = await follow(link);
    if (target === directory || target?.startsWith(`${directory}/`) === true) return true;
  }
  return false;
}

async function list(directory: string): Promise<string[]> {
  try {
    return (await readdir(directory)).map((name) => `${directory}/${name}`);
  } catch {
    return []; // the process has ended
  }
}

async function follow(link: string): Promise<string | undefined> {
  try {
    return await readlink(link);
  } catch {
    return undefined; // a kernel thread, or the process has ended
  }
}

async function nameOf(pid: string): Promise<string> {
  try {
    return (await readFile(`/proc/${pid}/comm`, 'utf8')).trim();
  } catch {
    return 'a program';
  }
}
