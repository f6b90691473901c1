import { resolve } from 'node:path';
import { UsageError } from '../errors.ts';
import { refuseToReplace } from '../system/given-file.ts';
import { replacePage } from '../system/new-file.ts';
import type { CliContext } from '../terminal/cli-context.ts';
import { shownText } from '../text/shown-name.ts';

/** Writes an HTML page through a new file, so that a web server never shows half a page. @throws UsageError */
export async function writePage(context: CliContext, file: string, page: string): Promise<void> {
  const target = resolve(file);
  await refuseToReplace(target);
  try {
    await replacePage(target, page);
  } catch (error) {
    const { code = 'unknown reason' } = error as NodeJS.ErrnoException;
    throw new UsageError(`${shownText(target)} cannot be written (${code}).`, 'Name another file with --html.', error);
  }
  context.note(`Written: ${shownText(target)}`);
}
