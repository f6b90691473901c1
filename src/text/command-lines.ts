/**
 * Breaks a message into lines, so that each sentence with a command to type has a line of its own and can be copied.
 * @returns at least one line; the others begin with two spaces
 */
export function commandLines(message: string): string {
  const lines: string[] = [];
  let isOpen = false; // whether the last line takes more sentences
  for (const sentence of message.split(/(?<=[.?!]) (?=\p{Lu})/u)) {
    const hasCommand = /\bextbackup [a-z]/.test(sentence);
    const last = lines.length - 1;
    if (isOpen && !hasCommand) lines[last] = `${lines[last] ?? ''} ${sentence}`;
    else lines.push(sentence);
    isOpen = !hasCommand;
  }
  return lines.join('\n  ');
}
