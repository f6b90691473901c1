/** What a page tells its reader to type or to write into a file. */

/** A fenced block. */
export interface Block {
  readonly language: string;
  readonly text: string;
}

const fence = /^( *)```(\w*)[^\n]*\n([^]*?)^\1```$/gm;

/** All fenced blocks of a page in Markdown. */
export const blocksOf = (page: string): Block[] =>
  [...page.matchAll(fence)].map(([, , language = '', text = '']) => ({ language, text }));

/** Texts between backticks, outside of fenced blocks. */
export const inlineOf = (page: string): string[] =>
  [...page.replace(fence, '').matchAll(/`([^`]+)`/g)].map(([, text = '']) => text.replaceAll('\\|', '|'));

/** The words of each call of `extbackup` in a line of shell: without quotes, redirections and what follows. */
export function callsIn(line: string): string[][] {
  const words = [
    ...line.replace(/(^|\s)#.*$/gm, '').matchAll(/"[^"]*"|'[^']*'|\|\||&&|[|;&<>()]|[^\s|;&<>()"']+/g),
  ].map(([word]) => word);
  const calls: string[][] = [];
  let call: string[] | undefined;
  for (const word of words) {
    if (/^(?:[|;&<>()]|\|\||&&)$/.test(word)) call = undefined;
    else if (call) call.push(word.replace(/^(["'])(.*)\1$/s, '$2'));
    else if (word === 'extbackup') calls.push((call = []));
  }
  return calls;
}

/** Every call on a page. A text between backticks counts if it begins with the program. */
export function callsOn(page: string): string[][] {
  const shell = blocksOf(page).filter(({ language }) => /^(?:sh|bash|console)$/.test(language));
  return [
    ...shell.flatMap(({ text }) => text.replaceAll('\\\n', ' ').split('\n').flatMap(callsIn)),
    ...inlineOf(page)
      .filter((text) => /^(?:sudo )?extbackup /.test(text))
      .flatMap(callsIn),
  ];
}

/** Paths that jq is asked for, with the words of the command before it: `[['status', '--json'], '.rotation.next']`. */
export function jsonPathsOn(page: string): [call: string[], path: string][] {
  return blocksOf(page)
    .flatMap(({ text }) => text.split('\n'))
    .flatMap((line) => {
      const [, before = '', filter = ''] = /^(.*)\| *jq (?:-\w+ )*'([^']*)'/.exec(line) ?? [];
      const call = callsIn(before).at(-1);
      return call === undefined
        ? []
        : [...filter.matchAll(/(?<![\w)\]])\.[a-zA-Z_[][\w.[\]]*/g)].map(([path]): [string[], string] => [call, path]);
    });
}

/** Programs, other than ours, that a page tells its reader to start. */
const others =
  'apt-get|apt|cp|install|journalctl|mail|man|modprobe|printf|systemctl|systemd-creds|dpkg-reconfigure|ssh';
const typed = new RegExp(`^(?:extbackup|${others}) \\S`);

/**
 * What a page tells its reader to type: each line of its blocks of shell, and texts between backticks that begin with a
 * program. A text such as `resume --json` in a table leaves the program out.
 */
export function typedOn(page: string): string[] {
  const blocks = blocksOf(page).filter(({ language }) => language === 'sh');
  const lines = blocks.flatMap(({ text }) => text.replaceAll('\\\n', ' ').split('\n'));
  const inline = inlineOf(page).map((text) => (/^[a-z ]+ --json$/.test(text) ? ours(text) : text));
  return [...new Set([...lines.filter((line) => line.trim() !== ''), ...inline.filter((text) => typed.test(text))])];
}

const ours = (text: string): string => (text.startsWith('extbackup ') ? text : `extbackup ${text}`);
