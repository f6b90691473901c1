/** `npm run build`: the program in out/program. */
import { join } from 'node:path';
import { bundleProgram } from './bundle.ts';
import { root } from './root.ts';

await bundleProgram(join(root, 'out/program'));
