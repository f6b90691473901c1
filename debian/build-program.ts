/** `npm run build`: the program in out/program. */
import { join } from 'node:path';
import { bundleProgram, root } from './bundle.ts';

await bundleProgram(join(root, 'out/program'));
