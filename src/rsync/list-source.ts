import type { Config } from '../config/schema.ts';
import type { PullSource } from '../config/sources.ts';
import type { SourceAnswer } from './order.ts';
import { CommandError, type StartProgram } from '../system/command.ts';
import { sourceArg } from './arguments.ts';
import { createLineSplitter } from './output.ts';
import { whyNotRead } from './verdict.ts';

/** The wanted path, below the source. */
interface Question {
  readonly config: Config;
  readonly source: PullSource;
  readonly path: string;
  /** Command for --rsh. */
  readonly rsh: string;
}

/** Whether a source path exists and is not an empty directory. Names are counted, not kept. */
export async function isFilled(start: StartProgram, question: Question, signal: AbortSignal): Promise<SourceAnswer> {
  try {
    const itself = await list(start, question, signal);
    if (!itself.isDirectory) return { filled: itself.entries > 0 };
    const inside = await list(start, { ...question, path: `${question.path}/` }, signal);
    return { filled: inside.entries > 1 }; // the first name is the directory itself
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    const trouble = whyNotRead(error.exitCode, error.stderr);
    return trouble === 'no-directory' ? { filled: false } : { filled: false, trouble };
  }
}

async function list(
  start: StartProgram,
  { config, source, path, rsh }: Question,
  signal: AbortSignal,
): Promise<{ entries: number; isDirectory: boolean }> {
  let [entries, isDirectory] = [0, false];
  const split = createLineSplitter((line) => {
    if (!/^[-dlcbpsDS][-rwxsStT]{9} /.test(line)) return;
    isDirectory ||= entries === 0 && line.startsWith('d');
    entries += 1;
  });
  await start({
    file: '/usr/bin/rsync',
    args: listArgs(config, source, path, rsh),
    timeoutMs: 10 * 60_000,
    signal,
    onStdout: split,
  });
  split('\n');
  return { entries, isDirectory };
}

/** Arguments that list a path of a source: without a target, rsync copies nothing. */
function listArgs(config: Config, source: PullSource, path: string, rsh: string): string[] {
  return [
    '--dirs',
    `--timeout=${Math.ceil(config.pull.stallTimeout / 1000)}`,
    `--rsh=${rsh}`,
    '--',
    `${sourceArg(source)}${path}`,
  ];
}
