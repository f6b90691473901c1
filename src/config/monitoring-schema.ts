import * as z from 'zod';
import { absolutePath, patience } from './values.ts';

/** Setting `check`: who may call the monitoring plugin. */
export const checkSettings = z
  .strictObject({
    readable: z
      .boolean()
      .default(false)
      .describe('every user may call extbackup check: the agent keeps labels, ages and states readable for all'),
  })
  .prefault({});

/** Setting `report`: the report as a notice. */
export const reportSettings = z
  .strictObject({
    every: patience
      .optional()
      .describe(
        'a notice of the kind report is sent this often, with the text of the report; without it, none is sent',
      ),
    attach: z.boolean().default(true).describe('channels of type mail get the page of the report attached'),
    html: absolutePath
      .regex(/\/[^/]+\.html$/, 'must be the path of a file that ends in .html')
      .optional()
      .describe(
        'the page is also written to this file at each report; its directory must be writable for extbackup.service',
      ),
  })
  .prefault({});
export type ReportSetting = z.infer<typeof reportSettings>;

/** Setting `metrics`. */
export const metricsSettings = z
  .strictObject({
    textfile: absolutePath
      .regex(/\/[^/]+\.prom$/, 'must be the path of a file that ends in .prom')
      .optional()
      .describe('file for the textfile collector of the Prometheus node exporter; see MONITORING'),
  })
  .prefault({});
