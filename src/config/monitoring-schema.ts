import { z } from 'zod';
import { absolutePath } from './values.ts';

/** Setting `check`: who may call the monitoring plugin. */
export const checkSettings = z
  .strictObject({
    readable: z
      .boolean()
      .default(false)
      .describe('every user may call extbackup check: the agent keeps labels, ages and states readable for all'),
  })
  .prefault({});

/** Setting `metrics`. */
export const metricsSettings = z
  .strictObject({
    textfile: absolutePath
      .regex(/\/[^/]+\.prom$/, 'must be the path of a file that ends in .prom')
      .optional()
      .describe('file for the textfile collector of the Prometheus node exporter; see MONITORING'),
  })
  .prefault({});
