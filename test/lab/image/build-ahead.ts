/** Builds the image of the lab where the cache has none; npm test does this beside the checks that need no guest. */
import { findOrBuildImage } from './guest-image.ts';

await findOrBuildImage();
