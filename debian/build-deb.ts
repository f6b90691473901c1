/**
 * `npm run package`: the Debian package in out/.
 * `--arch arm64` for another processor, `--suffix +git20261130` to add something to the version.
 */
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { hostArchitecture, parseArchitecture } from './architecture.ts';
import { buildDeb } from './deb.ts';
import { root } from './root.ts';

const { values } = parseArgs({ options: { arch: { type: 'string' }, suffix: { type: 'string', default: '' } } });
const architecture = values.arch === undefined ? hostArchitecture() : parseArchitecture(values.arch);
console.log(await buildDeb(join(root, 'out'), { architecture, suffix: values.suffix }));
