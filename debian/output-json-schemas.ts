import { z } from 'zod';
import { jsonOutputs } from '../src/commands/json-output.ts';

/** One JSON Schema, as the package installs it. */
export interface InstalledSchema {
  /** With its options besides --json: `drive list`. */
  readonly command: string;
  /** Name of the file, such as `drive-list.v1.schema.json`. */
  readonly file: string;
  readonly text: string;
}

/** Directory of the schemas on the station. */
export const schemaDirectory = '/usr/share/extbackup/schemas';

/** The JSON Schema of what each command prints with --json. Fields that a later version adds are allowed. */
export const outputJsonSchemas = (): InstalledSchema[] =>
  Object.entries(jsonOutputs).map(([command, { version, schema }]) => ({
    command,
    file: `${command.replace(/[ -]+/g, '-')}.v${version}.schema.json`,
    text: `${JSON.stringify(
      {
        title: `extbackup ${command} --json, version ${version}`,
        ...z.toJSONSchema(schema, {
          override: ({ jsonSchema }) => {
            if (jsonSchema.additionalProperties === false) delete jsonSchema.additionalProperties;
          },
        }),
      },
      undefined,
      2,
    )}\n`,
  }));
