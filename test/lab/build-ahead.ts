/** Builds, where the cache has none, the image of the lab and its first saved states; npm test does this beside other checks. */
import { hostArchitecture } from '../../debian/architecture.ts';
import { buildDeb } from '../../debian/deb.ts';
import { join } from 'node:path';
import { root } from '../../debian/root.ts';
import { findOrBuildImage } from './image/guest-image.ts';
import saveAhead from './saved-ahead.ts';

await findOrBuildImage();
await buildDeb(join(root, 'out'), { architecture: hostArchitecture(), suffix: '' });
await saveAhead();
