import { InvalidArgumentError, type Command, type Option } from 'commander';
import { parseDocument } from 'yaml';
import { messageOf, UsageError } from '../errors.ts';
import { readText } from '../system/given-file.ts';

/**
 * Reads the values of a command's flags from a YAML file with the same names, without the two dashes. A flag on the
 * command line takes precedence.
 * @throws UsageError that lists every mistake in the file
 */
export async function applyAnswers(command: Command, file: string): Promise<void> {
  const problems: string[] = [];
  for (const [name, value] of Object.entries(await readAnswers(file))) {
    const option = command.options.find(({ long }) => long === `--${name}`);
    if (option === undefined || name === 'answers') {
      problems.push(`${name}: there is no such option`);
      continue;
    }
    if (command.getOptionValueSource(option.attributeName()) === 'cli') continue;
    try {
      command.setOptionValueWithSource(option.attributeName(), valueOf(option, value), 'config');
    } catch (error) {
      if (!(error instanceof InvalidArgumentError)) throw error;
      problems.push(`${name}: ${error.message}`);
    }
  }
  if (problems.length > 0)
    throw new UsageError(
      `${file} cannot be used: ${problems.join('; ')}`,
      `Possible names: ${command.options.flatMap(({ long, negate }) => (long == null || negate ? [] : long.slice(2))).join(', ')}.`,
    );
}

async function readAnswers(file: string): Promise<Record<string, unknown>> {
  const todo = 'One line for each answer, for example source: extbackup@backup.example.org';
  const text = await readText(file).catch((error: unknown) => {
    if (error instanceof UsageError) throw error;
    throw new UsageError(`${file} cannot be read: ${messageOf(error)}`, todo);
  });
  const document = parseDocument(text);
  const [error] = document.errors;
  if (error) throw new UsageError(`${file} is not valid YAML: ${error.message.split('\n', 1)[0] ?? ''}`, todo);
  const answers: unknown = document.toJS();
  if (answers === null) return {};
  if (typeof answers !== 'object' || Array.isArray(answers))
    throw new UsageError(`${file} is not a list of names and values.`, todo);
  return answers as Record<string, unknown>;
}

function valueOf(option: Option, value: unknown): unknown {
  if (value === false) return option.negate || !option.isBoolean() ? false : undefined;
  if (option.isBoolean()) {
    if (value === true) return true;
    throw new InvalidArgumentError('It must be true or false.');
  }
  if (typeof value !== 'string' && typeof value !== 'number') {
    if (option.optional && value === true) return true;
    throw new InvalidArgumentError('It must be one value.');
  }
  const read = option.parseArg as ((text: string, before: undefined) => unknown) | undefined;
  return read === undefined ? String(value) : read(String(value), undefined);
}
