import type { Guest } from '../guest.ts';

/** Prompt of the shell. */
export const shellPrompt = '# ';

/** Copies the files that {@link atTerminal} needs into the guest. */
export async function giveTerminal(guest: Guest): Promise<void> {
  await guest.copyIn(`${import.meta.dirname}/../on-guest/at-a-terminal.py`, '/root/at-a-terminal.py');
}

/** A person at a terminal: waits for words, lets a command end in another terminal, and types answers. Returns the text of the terminal. */
export async function atTerminal(
  guest: Guest,
  command: readonly string[],
  ...steps: [words: string, answer: string, elsewhere?: string][]
): Promise<string> {
  const { stdout } = await guest.run(['python3', '/root/at-a-terminal.py', ...command], {
    input: JSON.stringify(steps),
    timeoutMs: 600_000,
  });
  return stdout;
}

/** Runs extbackup with one line on its standard input. Returns its exit code and output. */
export async function give(guest: Guest, line: string, ...command: string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await guest.run(['extbackup', ...command, '--password-stdin'], {
    input: `${line}\n`,
    okCodes: 'any',
    timeoutMs: 200_000,
  });
  return `${String(exitCode)} ${stdout}${stderr}`;
}

/** Names of the files in ramfs. */
export const namesInRam = (guest: Guest): Promise<string> => guest.ask('ls -A /mnt/ramfs');

/** The commands of a recovery sheet in plain text, from the first step to the last, unchanged. */
export const commandsOfSheet = (text: string): string =>
  [...text.matchAll(/^# ---- type this ----\n([^]*?)\n# ---- up to here ----$/gm)]
    .map(([, commands = '']) => commands)
    .join('\n');

/** Types them, like a person who knows the password. */
export async function followSheet(guest: Guest, commands: string, password: string): Promise<void> {
  await guest.write('/root/typed', commands);
  await guest.run(['setsid', '--wait', 'sh', '-eux', '/root/typed'], { input: `${password}\n`, timeoutMs: 300_000 });
}
