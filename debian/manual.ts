import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { settingsSchema } from '../src/config/settings-tree.ts';
import { root } from './root.ts';
import { readVerbs } from './command-tree.ts';
import { manPage } from './man-page.ts';
import { outputJsonSchemas } from './output-json-schemas.ts';
import { listSettings } from './settings-list.ts';

/** The man pages, each named after its file in docs/. */
export const manualPages = ['extbackup.8', 'extbackup-restore.8', 'extbackup-config.5', 'extbackup-events.7'] as const;

/** The text of each man page, in mdoc(7), with its lists filled in. */
export async function readManual(): Promise<Map<(typeof manualPages)[number], string>> {
  const read = (name: string): Promise<string> => readFile(join(root, 'docs', name), 'utf8');
  const parts = {
    verbs: await readVerbs(),
    settings: listSettings(settingsSchema()),
    exitStatus: await read('exit-status.mdoc'),
    schemas: outputJsonSchemas(),
  };
  return new Map(await Promise.all(manualPages.map(async (name) => [name, manPage(await read(name), parts)] as const)));
}
