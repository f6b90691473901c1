import { askLine } from '../terminal/ask-question.ts';

/** The wish for a copy of the LUKS headers. */
interface HeaderBackupWish {
  /** Directory named by a flag; undefined when there was no flag. */
  readonly directory: string | undefined;
  /** Whether a question may be asked. */
  readonly ask: boolean;
}

/**
 * Offers a copy of the LUKS headers before keyslots are changed.
 * @returns the directory to save them in; undefined when none are wanted
 */
export async function offerHeaderBackup(
  context: { note(text: string): void },
  { directory, ask }: HeaderBackupWish,
): Promise<string | undefined> {
  if (directory !== undefined) return directory;
  if (ask)
    return (await askLine('Directory for a copy of the LUKS headers as they are now (empty: make none):')) || undefined;
  context.note('No copy of the LUKS headers is made; to make one: --header-backup DIR');
  return undefined;
}

/** Warns that a copy of a header keeps the old key valid. */
export const headerBackupNotice = (file: string): string =>
  `Saved the LUKS header as ${file}. With that copy the old key still opens the disk: remove it when the new key has worked.`;
