/** `npm run package`: the Debian package in out/. */
import { join } from 'node:path';
import { root } from './bundle.ts';
import { buildDeb } from './deb.ts';

console.log(await buildDeb(join(root, 'out')));
