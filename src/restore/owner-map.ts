import { UsageError } from '../errors.ts';
import { CommandError, type StartProgram } from '../system/command.ts';

/** New owners and groups of restored files. Numbers only. */
export interface OwnerMap {
  /** Arguments for rsync(1). */
  readonly args: readonly string[];
  /** The new number for a number. */
  readonly user: (id: number) => number;
  readonly group: (id: number) => number;
}

/** The command's options; they work like rsync's options of the same names. */
export interface OwnerOptions {
  readonly chown?: string;
  readonly usermap?: string;
  readonly groupmap?: string;
}

interface Rule {
  readonly from: number;
  readonly to: number;
  readonly becomes: number;
}

/** No character that rsync or getent(1) would interpret. */
const namePattern = /^(?:[a-z_][a-z0-9_.-]{0,31}\$?|\d{1,10})$/i;
const fromPattern = /^(?:\*|(\d{1,10})(?:-(\d{1,10}))?)$/;
const largestId = 4_294_967_294;

/**
 * Reads the options. Files on the disk have numbers as owners; names are looked up on this machine.
 * @throws UsageError
 */
export async function readOwnerMap(start: StartProgram, options: OwnerOptions): Promise<OwnerMap> {
  const [owner = '', group = ''] = (options.chown ?? '').split(':');
  if (options.chown !== undefined && (options.chown.split(':').length > 2 || owner + group === ''))
    throw wrong('--chown', options.chown, 'USER:GROUP, USER or :GROUP');
  if (options.chown !== undefined && (options.usermap !== undefined || options.groupmap !== undefined))
    throw new UsageError('--chown does not go with --usermap or --groupmap.', 'Leave out one of them.');
  const users = await readRules(start, 'passwd', ...optionOf('--usermap', options.usermap, owner));
  const groups = await readRules(start, 'group', ...optionOf('--groupmap', options.groupmap, group));
  return {
    args: [...argument('--usermap', users), ...argument('--groupmap', groups)],
    user: (id) => applied(users, id),
    group: (id) => applied(groups, id),
  };
}

const optionOf = (option: string, given: string | undefined, all: string): readonly [string, string] =>
  given === undefined ? ['--chown', all === '' ? '' : `*:${all}`] : [option, given === '' ? ':' : given];

const argument = (option: string, rules: readonly Rule[]): string[] =>
  rules.length === 0 ? [] : [`${option}=${rules.map((rule) => `${idsOf(rule)}:${rule.becomes}`).join(',')}`];

const idsOf = ({ from, to }: Rule): string => (from === 0 && to === largestId ? '*' : `${from}-${to}`);

const applied = (rules: readonly Rule[], id: number): number =>
  rules.find(({ from, to }) => id >= from && id <= to)?.becomes ?? id;

async function readRules(
  start: StartProgram,
  database: 'passwd' | 'group',
  option: string,
  text: string,
): Promise<Rule[]> {
  const rules: Rule[] = [];
  for (const part of text === '' ? [] : text.split(',')) {
    const [from = '', name = '', ...more] = part.split(':');
    const range = fromPattern.exec(from);
    if (range === null || more.length > 0 || !namePattern.test(name))
      throw wrong(
        option,
        option === '--chown' ? name : part,
        option === '--chown' ? 'USER:GROUP' : 'NUMBER:NAME, FROM-TO:NAME or *:NAME, several with commas',
      );
    const first = Number(range[1] ?? 0);
    const last = Number(range[2] ?? range[1] ?? largestId);
    rules.push({ from: first, to: last, becomes: await idOf(start, database, option, name) });
  }
  return rules;
}

async function idOf(start: StartProgram, database: 'passwd' | 'group', option: string, name: string): Promise<number> {
  if (/^\d+$/.test(name)) {
    if (Number(name) > largestId) throw wrong(option, name, 'a number up to 4294967294');
    return Number(name);
  }
  try {
    const { stdout } = await start({ file: '/usr/bin/getent', args: [database, name], timeoutMs: 30_000, accept: [2] });
    const id = stdout.split(':')[2];
    if (id !== undefined && /^\d+$/.test(id)) return Number(id);
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
  }
  throw new UsageError(
    `This machine has no ${database === 'passwd' ? 'user' : 'group'} ${name}.`,
    `Give its number, or another name, to ${option}.`,
  );
}

const wrong = (option: string, given: string, form: string): UsageError =>
  new UsageError(`${option} does not accept ${JSON.stringify(given)}.`, `It accepts ${form}.`);
