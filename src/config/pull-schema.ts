import * as z from 'zod';
import { bandwidthLimit } from './bandwidth.ts';
import { exclude, requires } from './source-schema.ts';
import { share, timeout } from './values.ts';

/** How files come over the network. */
export const pullSettings = z
  .strictObject({
    deleteWhen: z
      .enum(['delay', 'before'])
      .default('delay')
      .describe('when rsync deletes: delay, or before, for which it holds the whole file list in memory'),
    exclude: exclude.describe(
      'exclude patterns of rsync; matching files on the disk are deleted as if they were gone from the server',
    ),
    compare: z
      .strictObject({
        checksum: exclude.describe(
          'patterns of rsync for files whose content can change under the same ' +
            'size and time, such as *.hc; each run compares their content',
        ),
        share: share
          .prefault('0%')
          .describe(
            'share of all files whose content each run compares with the server, each run another part; 0% is off',
          ),
      })
      .prefault({}),
    requires,
    bandwidthLimit: bandwidthLimit
      .default(0)
      .describe(
        'KiB per second; 0 is no limit; or a list of limits for parts of the week, of which the first that fits counts',
      ),
    compress: z
      .enum(['auto', 'never', 'always'])
      .default('auto')
      .describe(
        'compress what comes over the network, where rsync on both sides can (zstd): auto does it only on a link ' +
          'that was measured as slow, or that bandwidthLimit makes slow; see COMPRESSION',
      ),
    stallTimeout: timeout.prefault('10m').describe('a pull that moves nothing for this long is stopped'),
    longest: timeout
      .prefault('7d')
      .describe('a pull that takes longer is stopped; the next one continues from there; at most 24d'),
    retries: z
      .int()
      .min(0)
      .max(20)
      .default(5)
      .describe('how many times in a row a broken connection is tried again without progress'),
  })
  .prefault({});
