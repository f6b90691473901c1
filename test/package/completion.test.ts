import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readVerbs } from '../../debian/command-tree.ts';
import { bashCompletion } from '../../debian/completion.ts';
import { fishCompletion } from '../../debian/completion-fish.ts';
import { zshCompletion } from '../../debian/completion-zsh.ts';
import { commandGroups } from '../../src/commands/command-list.ts';
import { createDriveRegistry } from '../../src/records/drive-registry.ts';
import { driveRecordSchema } from '../../src/records/drive-record.ts';
import { createRunLog } from '../../src/records/run-log.ts';
import { aRunRecord } from '../fakes/a-run-record.ts';
import { tool } from './tool.ts';

let directory: string;
let scripts: Record<Shell, string>;
type Shell = 'bash' | 'zsh' | 'fish';

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'completion-'));
  const state = join(directory, 'state');
  await mkdir(state);
  const drive = (label: string, digit: number): unknown => ({
    label,
    luksUuid: `00000000-0000-4000-8000-00000000000${digit}`,
    sealedId: `3f2504e0-4f89-41d3-9a0c-0305e82c330${digit}`,
    generation: 1,
    enrolledAt: '2026-01-01T00:00:00.000Z',
  });
  await createDriveRegistry(join(state, 'drives.json')).update(() =>
    [drive('BACKUP_1', 1), drive('OFFICE', 2)].map((record) => driveRecordSchema.parse(record)),
  );
  await createRunLog(join(state, 'runs.jsonl')).append(aRunRecord({ id: 'run-of-march' }));
  const verbs = await readVerbs();
  const shown = Object.values(commandGroups).flat();
  const here = (script: string): string => script.replaceAll('/var/lib/extbackup', state);
  scripts = {
    bash: here(bashCompletion(verbs, shown)),
    zsh: here(zshCompletion(verbs, shown)),
    fish: here(fishCompletion(verbs, shown)),
  };
  await writeFile(join(directory, '_extbackup'), scripts.zsh);
  await writeFile(join(directory, 'extbackup.fish'), scripts.fish);
  await writeFile(join(directory, 'extbackup.bash'), scripts.bash);
});
afterAll(() => rm(directory, { recursive: true }));

/** The words that a shell offers; FILES stands for names of files. The last word is the one that is being typed. */
const offers: Record<Shell, (words: string[]) => Promise<{ readonly exitCode: number | undefined; output: string }>> = {
  // bash-completion's own helpers, reduced to what is needed to see the answer
  bash: (words) =>
    tool(
      'bash',
      [
        '--norc',
        '-euc',
        `_init_completion() { words=("\${COMP_WORDS[@]}"); cword=$COMP_CWORD; cur=\${words[cword]}; prev=\${words[cword-1]}; }
        _filedir() { COMPREPLY=(FILES); }
        ${scripts.bash}
        COMP_WORDS=(extbackup "$@"); COMP_CWORD=$#
        _extbackup
        printf '%s\\n' "\${COMPREPLY[@]}"`,
        'bash',
        ...words,
      ],
      'bash',
    ),
  // The same for zsh's helpers, which work only while a line is edited
  zsh: (words) =>
    tool(
      'zsh',
      [
        '-f',
        '-c',
        `cur=\${@[-1]}
        offer() { local one; for one in "$@"; do [[ $one == $cur* ]] && print -r -- "\${one%%:*}"; done; return 0 }
        _files() { print FILES }
        _describe() { offer "\${(@P)@[-1]}" }
        compadd() { if [[ $1 == -a ]]; then offer "\${(@P)2}"; else shift; offer "$@"; fi }
        words=(extbackup "$@"); CURRENT=$#words
        . ${directory}/_extbackup`,
        'zsh',
        ...words,
      ],
      'zsh',
    ),
  // fish completes for real: a path is offered where files belong
  fish: (words) =>
    tool(
      'fish',
      [
        '--no-config',
        '-c',
        `source ${directory}/extbackup.fish; complete -C (string join ' ' -- extbackup (string escape -- $argv[1..-2]) $argv[-1])`,
        '--',
        ...words,
      ],
      'fish',
      { env: { HOME: directory, XDG_CONFIG_HOME: directory } },
    ),
};

describe.each(['bash', 'zsh', 'fish'] as const)('the completion for %s', (shell) => {
  const complete = async (...words: string[]): Promise<string[]> => {
    const { output, exitCode } = await offers[shell](words);
    expect(exitCode, output).toBe(0);
    const offered = output.split('\n').map((line) => line.split('\t', 1)[0] ?? '');
    return [...new Set(offered.map((word) => (word.startsWith('/') ? 'FILES' : word)))].filter((word) => word !== '');
  };

  test('is a script of this shell', async () => {
    const file = { bash: 'extbackup.bash', zsh: '_extbackup', fish: 'extbackup.fish' }[shell];
    expect(await tool(shell, ['-n', join(directory, file)], shell)).toEqual({ exitCode: 0, output: '' });
    await writeFile(join(directory, 'broken'), `${scripts[shell]}\nif true; do (\n`);
    expect((await tool(shell, ['-n', join(directory, 'broken')], shell)).exitCode).not.toBe(0);
  });

  test('offers the commands, without what only units start', async () => {
    const top = await complete('');
    expect(top).toEqual(expect.arrayContaining(['setup', 'drive', 'run']));
    expect(top).not.toContain('courier');
    expect(await complete('--v')).toEqual(['--version']);
    expect(await complete('un')).toEqual(['unlock']);
  });

  test('offers what is below a command, and its options', async () => {
    expect(await complete('drive', 'prep')).toEqual(['prepare']);
    expect(await complete('--config', '/tmp/config.yaml', 'run', '--')).toEqual(
      expect.arrayContaining(['--drive', '--scheduled', '--help']),
    );
    expect(await complete('drive', 'list', '--')).toEqual(expect.arrayContaining(['--json', '--help']));
  });

  test('offers files where a file belongs, and the choices of an option', async () => {
    expect(await complete('--config', '/')).toEqual(['FILES']);
    expect(await complete('drive', 'prepare', '/de')).toEqual(['FILES']);
    expect(await complete('drive', 'prepare', '/dev/sdb', '--fs', 'ext')).toEqual(['ext4']);
  });

  test('offers the labels of the enrolled disks and the last runs', async () => {
    expect(await complete('run', '--drive', 'O')).toEqual(['OFFICE']);
    expect(await complete('restore', 'B')).toEqual(['BACKUP_1']);
    expect(await complete('rollback', 'BACKUP_1', '--run', '')).toEqual(['run-of-march']);
    expect(await complete('approve', 'run')).toEqual(['run-of-march']);
    expect(await complete('approve', 'BA')).toEqual(['BACKUP_1']);
    expect(await complete('drive', 'prepare', '/dev/sdb', '--label', 'B')).toEqual([]);
  });
});

test('a running zsh finds the function by its first line, and completes with it', async () => {
  const driver = join(import.meta.dirname, '../lab/on-guest/at-a-terminal.py');
  const steps = [
    ['?2004h', `fpath=(${directory} $fpath); autoload -Uz compinit; compinit -D -u; PS1=rea""dy\n`],
    ['ready', 'extbackup drive prep\t'],
    ['are ', '--fs x\t'],
    ['fs ', ' \u0003'],
    ['ready', 'exit\n'],
  ];
  const { output } = await tool('python3', [driver, 'zsh', '-f', '-i'], 'python3', { input: JSON.stringify(steps) });
  // The terminal moves back over the space that it offered.
  expect(output.replace(/ \x08/g, '')).toContain('extbackup drive prepare --fs xfs');
});
