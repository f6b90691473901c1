import { Command } from 'commander';
import { withDeviceLock } from '../opening/device-lock.ts';
import { nudgeAboutDrives } from '../protocol/nudge.ts';
import { readOpenedByPerson } from '../opening/opened-by-person.ts';
import { noteLastEnd } from '../records/last-end.ts';
import { removeLeftDirectories } from '../opening/opened-disk.ts';
import { goneWhileOpen } from '../opening/disk-gone.ts';
import { closeForPerson, type ClosedForPerson } from '../opening/open-for-person.ts';
import type { ReleaseNow } from '../opening/release-now.ts';
import { BusyError, exitCodes, NotReleasedError, type ExitCode } from '../errors.ts';
import { closedDiskNow } from '../client/closed-disk.ts';
import { createDriveRegistry } from '../records/drive-registry.ts';
import { files, type Paths } from '../system/paths.ts';
import { readAgentStatus } from '../client/read-status.ts';
import { lastWordsOf, sayReleased } from '../opening/released-words.ts';
import { requestAndFollow } from '../client/request.ts';
import { mappingName } from '../disk/luks.ts';
import { releaseDisks } from '../disk/release-disks.ts';
import { releaseAll } from '../disk/release.ts';
import { requireRoot } from '../system/require-root.ts';
import type { CliContext } from '../terminal/cli-context.ts';
import { asExitCode } from './exit-code.ts';
import type { JsonOutput } from './json-output.ts';

/** How long to wait for a disk in the agent's mount namespace: short, because the agent closes it. */
const straysPatienceMs = 2_000;

/** Closes everything that a run or a person left open. */
export function releaseCommand(context: CliContext): Command {
  return new Command('release')
    .description('unmount and close all open disks, so that they can be unplugged')
    .option(
      '--after-crash',
      'used by extbackup.service: print nothing if nothing is open or another command works on the disks',
    )
    .option('--json', 'one JSON object')
    .addHelpText('after', '\nExample:\n  extbackup release')
    .action(async (options: { afterCrash?: boolean; json?: boolean }) => {
      requireRoot('work on disks');
      if (options.afterCrash === true) await releaseAfterCrash(context);
      else if (options.json === true) await releaseAsJson(context);
      else await releaseEverything(context);
    });
}

/** What the command would say, as one object. */
async function releaseAsJson(context: CliContext): Promise<void> {
  const said: string[] = [];
  let exitCode: ExitCode = exitCodes.done;
  const say = (text: string): void => {
    said.push(text);
  };
  await releaseEverything({
    ...context,
    loadConfig: () => context.loadConfig(),
    print: say,
    note: say,
    exitWith: (code) => {
      exitCode = code;
    },
  });
  context.print(JSON.stringify({ version: 1, exitCode, said } satisfies JsonOutput<'release'>));
  context.exitWith(exitCode);
}

/** First the disk that a person opened, which is mounted in the machine's own namespace; then leftovers of runs. */
async function releaseEverything(context: CliContext): Promise<void> {
  const { start, paths } = context;
  const opened = await closeForPerson(start, paths);
  if (opened) {
    await nudgeAboutDrives(paths);
    context.print(`Closed disk ${opened.label}, which ${opened.by} had open.`);
  }
  const say = async (text: string, others: readonly string[]): Promise<string> =>
    lastWordsOf(text, {
      isNothing: opened === undefined && others.length === 0,
      ...(opened && { person: { label: opened.label, now: await stateNow(paths, opened) } }),
    });
  let isReleased = true;
  if ((await readAgentStatus(paths)) === undefined) context.print(await say(await releaseHere(context), []));
  else {
    const strays = await releaseStrays(context);
    isReleased = await releaseByAgent(context, (text) => say(text, strays));
  }
  await removeLeftDirectories(paths);
  if (opened?.isGone !== true) return;
  const error = goneWhileOpen(opened.label, opened.writable);
  if (isReleased) throw error;
  context.note(`${error.message} ${error.todo}`); // that another disk is open is worse, and has its own exit code
}

const stateNow = (paths: Paths, opened: ClosedForPerson): Promise<ReleaseNow> =>
  opened.isGone ? Promise.resolve({ isSafe: false, words: 'not plugged in any more' }) : closedDiskNow(paths, opened);

/** The agent cannot unmount the leftovers of a killed command: they are in another mount namespace. */
async function releaseStrays(context: CliContext): Promise<readonly string[]> {
  try {
    const { closed } = await withDeviceLock(context.paths, () => releaseAll(context.start, {}, straysPatienceMs));
    if (closed.length > 0) context.print(`Closed what a command left open: ${closed.join(', ')}.`);
    return closed;
  } catch (error) {
    if (!(error instanceof BusyError)) throw error; // during a run or another command: the agent says so
    return [];
  }
}

/** Only the agent sees its mounts, so it has to unmount them. */
async function releaseByAgent(context: CliContext, say: (text: string) => Promise<string>): Promise<boolean> {
  const { exitCode, happened, todo } = await requestAndFollow(context.paths, { kind: 'release' });
  const words = exitCode === exitCodes.done ? await say(happened) : happened;
  for (const line of [words, todo].filter((text) => text !== '')) {
    if (exitCode === exitCodes.done) context.print(line);
    else context.note(line);
  }
  context.exitWith(asExitCode(exitCode));
  return exitCode === exitCodes.done;
}

/** @throws NotReleasedError when something stays open; PullError when a disk was pulled out while it was open */
async function releaseHere(context: CliContext): Promise<string> {
  const enrolled = await createDriveRegistry(files.drives(context.paths))
    .list()
    .catch(() => []); // a damaged registry must not prevent closing disks
  const { closed, gone } = await withDeviceLock(context.paths, () => releaseDisks(context.start, enrolled));
  if (gone.length > 0) throw goneWhileOpen(gone.join(', '), true);
  return sayReleased(closed, []);
}

/** A running command is responsible for its own disk. */
async function releaseAfterCrash(context: CliContext): Promise<void> {
  await noteLastEnd(context.paths);
  try {
    const opened = await readOpenedByPerson(context.paths); // the agent does not close the disk of a person
    const { left } = await withDeviceLock(context.paths, () =>
      releaseAll(context.start, { except: opened && mappingName(opened.label) }),
    );
    if (left.length > 0) throw new NotReleasedError(left.map(({ mapping }) => `LUKS is still open as ${mapping}`));
  } catch (error) {
    if (!(error instanceof BusyError)) throw error;
  }
}
