/** Runs each command line that it gets as the program does, but starts Node only once for all of them. */
const driver = `
const [program, ...lines] = process.argv.slice(2);
for (const emitter of [process, process.stdout, process.stderr]) emitter.setMaxListeners(0);
(async () => { for (const line of lines) {
  console.log('<one>' + line);
  process.argv = [process.execPath, program, ...line.split(' ')];
  process.exitCode = undefined;
  delete require.cache[program];
  await require(program).ended;
  console.log('<code>' + process.exitCode + '</one>');
} })();`;

/**
 * Bash that calls the program with each command line, without standard input.
 * @param start words before node, such as setpriv and its options
 * @param program path of cli.js, which holds a directory that can be written
 */
export const callEach = (start: string, program: string, commands: readonly string[]): string =>
  `cat >"$(dirname ${program})/each.cjs" <<'END'${driver}
END
${start} "$NODE" "$(dirname ${program})/each.cjs" ${program} ${commands.map((line) => `'${line}'`).join(' ')} </dev/null 2>&1\n`;

/** What each command line printed, and its exit code. */
export interface Answer {
  readonly command: string;
  readonly text: string;
  readonly code: string;
}

/** The answers in what {@link callEach} printed. */
export const answersIn = (stdout: string): Answer[] =>
  [...stdout.matchAll(/^<one>([^\n]*)\n([^]*?)^<code>(\w+)<\/one>$/gm)].map(
    ([, command = '', text = '', code = '']) => ({
      command,
      text,
      code,
    }),
  );
