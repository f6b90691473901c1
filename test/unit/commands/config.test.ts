import { chmod, mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { main } from '../../../src/cli.ts';
import { loadConfig } from '../../../src/config/load.ts';
import { configSchema } from '../../../src/config/schema.ts';
import { updateConfig } from '../../../src/config/write.ts';

const settings = `# ours
source: a@b
key: {derivation: sha512}
pull:
  retries: 3 # few
`;
let directory: string;
let file: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'extbackup-config-'));
  file = join(directory, 'config.yaml');
  await writeFile(file, settings, { mode: 0o600 });
});
afterEach(() => rm(directory, { recursive: true }));

/** Runs a command line and gives back its exit code and what it printed. */
async function config(...words: string[]): Promise<{ code: number; out: string; err: string }> {
  let out = '';
  let err = '';
  const toOut = vi.spyOn(process.stdout, 'write').mockImplementation((text) => ((out += String(text)), true));
  const toErr = vi.spyOn(process.stderr, 'write').mockImplementation((text) => ((err += String(text)), true));
  try {
    return { code: await main(['--config', file, 'config', ...words]), out, err };
  } finally {
    toOut.mockRestore();
    toErr.mockRestore();
  }
}

describe('config check', () => {
  it('says that a program or a secret of a channel is missing, and where', async () => {
    const lines =
      'notify:\n  - {type: command, command: /bin/true}\n  - {type: command, command: /usr/bin/none-such}\n';
    await writeFile(file, settings + lines);
    const { code, err } = await config('check');
    expect(code).toBe(2);
    expect(err).toContain('line 8, column 5: notify.1: /usr/bin/none-such was not started: it is not there');
    expect(JSON.parse((await config('check', '--json')).out)).toMatchObject({
      ok: false,
      problems: [{ line: 8, setting: 'notify.1' }],
    });
    await writeFile(
      file,
      `${settings}notify:\n  - {type: gotify, server: 'https://g.example', tokenFile: ${file}.none}\n`,
    );
    expect((await config('check')).err).toContain(`${file}.none does not exist`);
  });

  it('says that others could write the settings, for programs too', async () => {
    await chmod(file, 0o666);
    const { code, out } = await config('check', '--json');
    expect(code).toBe(2);
    expect(JSON.parse(out)).toMatchObject({
      ok: false,
      problems: [{ line: 1, setting: '', problem: `${file} can be written by other users; it is not trusted` }],
    });
  });

  it('reports a pattern that YAML takes for a tag', async () => {
    await writeFile(file, `${settings}  exclude: [!important]\n`);
    expect((await config('check')).err).toContain('line 6, column 13: not valid YAML: text that begins with ! needs');
  });

  it('says that a file is good', async () => {
    expect(await config('check')).toEqual({ code: 0, out: `${file} has no mistake.\n`, err: '' });
  });

  it.each([
    ['pul: {}', 'line 1, column 1: pul: there is no such setting; did you mean pull?'],
    [
      'pull: {retires: 3}',
      'line 1, column 8: pull.retires: there is no such setting; did you mean requires or retries?',
    ],
    ['pull: {retries: often}', 'pull.retries: must be a number'],
    ['pull: {retries: 1.5}', 'pull.retries: must be a whole number'],
    ['pull: {retries: 21}', 'pull.retries: must be at most 20'],
    ['pull: {exclude: 3}', 'pull.exclude: must be a list'],
    ['pull: []', 'pull: must be a group of settings'],
    ['verify: {smart: "yes"}', 'verify.smart: must be true or false'],
    ['verify: {share: 500%}', 'verify.share: must be at most 100%'],
    ['guard: {content: wran}', 'guard.content: must be one of warn, hold, off; did you mean warn?'],
    ['rotation: {every: 3}', 'rotation.every: must be text: put it in quotes, with its unit if it is a time'],
    ['notify: [{type: mial}]', 'notify.0.type: must be one of command, mail'],
    ['notify: [{type: mial}]', 'did you mean mail?'],
    ['notify: [{to: a@b}]', 'notify.0.type: is missing'],
    ['attestation: {id: x}', 'attestation.id: must be 8 to 64 letters'],
    ['usb: {warnAfter: 20}', 'usb.warnAfter: must be text: put it in quotes'],
  ])('explains %s in words of its own', async (line, words) => {
    await writeFile(file, `${line}\nsource: a@b\nkey: {derivation: sha512}\n`);
    const { code, err } = await config('check');
    expect(code).toBe(2);
    expect(err).toContain(words);
    expect(err).not.toMatch(/Invalid|expected|received/);
  });

  it.each([
    ['guard:\n\tfloor: 3', 'line 2, column 1: not valid YAML: the line begins with a tab'],
    ['port: 22\nport: 23', 'line 2, column 1: not valid YAML: the setting stands there twice'],
    ['contact: "Ann', 'not valid YAML: a character is missing'],
  ])('says in words why it is no YAML: %j', async (lines, words) => {
    await writeFile(file, `${lines}\nsource: a@b\nkey: {derivation: sha512}\n`);
    const { code, err } = await config('check');
    expect(code).toBe(2);
    expect(err).toContain(words);
    expect(err).not.toMatch(/[A-Z]_[A-Z]/);
  });

  it.each(['guard:\n\tfloor: 3', 'contact: *nobody', 'contact: "a\ncontact: b'])(
    'is no bug of ours when a setting is to be changed: %j',
    async (lines) => {
      await writeFile(file, `${lines}\nsource: a@b\nkey: {derivation: sha512}\n`);
      const { code, err } = await config('set', 'port', '23');
      expect(code).toBe(2);
      expect(err).toContain('not valid YAML');
      expect(err).not.toContain('bug');
      await expect(updateConfig(file, [{ path: ['port'], value: 23 }])).rejects.toThrow('not valid YAML');
    },
  );

  it('nothing else than a file is read, and nothing waits for it', async () => {
    await rm(file);
    await mkdir(file);
    expect(await config('check')).toMatchObject({ code: 2, err: expect.stringContaining('is not a file') as string });
    await expect(loadConfig(file)).rejects.toThrow('is not a file');
  });

  it('a file in another encoding is refused, and not rewritten', async () => {
    const text = Buffer.from('source: a@b\nkey: {derivation: sha512}\npull: {exclude: [Entw\xfcrfe]}\n', 'latin1');
    await writeFile(file, text);
    const { code, err } = await config('check');
    expect(code).toBe(2);
    expect(err).toContain('line 3, column 22: a letter is not encoded in UTF-8');
    expect((await config('set', 'port', '23')).code).toBe(2);
    expect(await readFile(file)).toEqual(text);
  });

  it('lists all problems in the order of the file, as JSON, too', async () => {
    await writeFile(file, 'sorce: a@b\nkey: {derivation: sha512}\npull:\n  retries: -1\n');
    const { code, out } = await config('check', '--json');
    const { problems } = JSON.parse(out) as { problems: { line: number; column: number; setting: string }[] };
    expect(code).toBe(2);
    expect(problems.map(({ line, column, setting }) => [line, column, setting])).toEqual([
      [1, 1, 'sorce'],
      [1, 1, 'source'],
      [4, 3, 'pull.retries'],
    ]);
  });

  it('never repeats a value', async () => {
    await writeFile(file, 'source: a@b\nkey: {derivation: geheim}\nport: geheim\nnotify: [{type: geheim}]\n');
    const { err } = await config('check');
    expect(err).toContain('3 problems');
    expect(err).not.toContain('geheim');
  });
});

describe('config show', () => {
  it('fills in what the file leaves out, in the form of the file', async () => {
    const { out } = await config('show', '--json');
    const shown = JSON.parse(out) as Record<string, unknown>;
    expect(shown).toMatchObject({ pull: { retries: 3, stallTimeout: '10m' }, history: { keep: { age: '52w' } } });
    expect(configSchema.parse(shown)).toEqual(
      configSchema.parse({ source: 'a@b', key: { derivation: 'sha512' }, pull: { retries: 3 } }),
    );
  });
});

describe('config set', () => {
  it('does not make a file trusted that others could write', async () => {
    await chmod(file, 0o666);
    const { code, err } = await config('set', 'port', '23');
    expect([code, err]).toEqual([2, expect.stringContaining('can be written by other users; it is not trusted.')]);
    await expect(updateConfig(file, [{ path: ['port'], value: 23 }])).rejects.toThrow('not trusted');
    expect([await readFile(file, 'utf8'), (await stat(file)).mode & 0o777]).toEqual([settings, 0o666]);
  });

  it.each(['!!js/function "secret"', '!secret word', '*secret'])('says no word of the value %s', async (value) => {
    const warned = vi.spyOn(process, 'emitWarning').mockReturnValue(undefined);
    const { code, err } = await config('set', 'pull.exclude', value);
    expect([code, err, warned.mock.calls]).toEqual([2, expect.not.stringContaining('secret'), []]);
    warned.mockRestore();
  });

  it.each(['__proto__', 'pull.__proto__', 'constructor'])('knows no setting %s', async (key) => {
    expect(await config('show', key)).toMatchObject({ code: 2, out: '' });
  });

  it('ends a question with its mark alone', async () => {
    expect((await config('set', 'language', 'DE')).err).toContain('did you mean de? Nothing was changed.');
  });

  it('changes one setting and keeps comments and mode', async () => {
    const { code, out } = await config('set', 'pull.retries', '7');
    expect([code, out]).toEqual([0, expect.stringContaining('pull.retries: 3 -> 7.')]);
    expect(await readFile(file, 'utf8')).toBe(
      settings.replace('retries: 3', 'retries: 7').replace('{derivation: sha512}', '{ derivation: sha512 }'),
    );
    expect((await stat(file)).mode & 0o777).toBe(0o600);
  });

  it('takes text as text, lists as lists, and gives the default back', async () => {
    await config('set', 'rotation.offline', '10d');
    await config('set', 'pull.requires', '[mail, projects]');
    expect((await config('show', 'rotation.offline', '--json')).out).toBe('"10d"\n');
    expect((await config('show', 'pull.requires', '--json')).out).toBe('["mail","projects"]\n');
    expect((await config('set', 'pull.retries', '--default')).out).toContain('3 -> 5.');
  });

  it.each([
    [['set', 'pull.retries', '99'], 'pull.retries: must be at most 20. Nothing was changed.'],
    [['set', 'pull.retires', '9'], 'pull.retires: there is no such setting; did you mean requires or retries?'],
    [['set', 'key.check', 'x'], 'extbackup key change'],
    [['set', 'port'], 'Give a value, or --default.'],
    [['set', 'pull.exclude', '[a'], 'The value is not valid YAML.'],
  ])('refuses %j and leaves the file as it is', async (words, said) => {
    const { code, err } = await config(...words);
    expect([code, err]).toEqual([2, expect.stringContaining(said)]);
    expect(await readFile(file, 'utf8')).toBe(settings);
  });
});

it('the example is accepted, and the schema knows its settings', async () => {
  await writeFile(file, (await config('example')).out);
  expect((await config('check')).code).toBe(0);
  const schema = JSON.parse((await config('schema')).out) as { properties: object };
  expect(Object.keys(schema.properties)).toContain('metrics');
});
