import type { Config } from '../../src/config/schema.ts';
import { sourcesOf } from '../../src/config/sources.ts';
import type { Job } from '../../src/pipeline/job.ts';

/** The parts of a job that come from the settings. */
export const jobSettings = (config: Config): Pick<Job, 'config' | 'sources'> => ({
  config,
  sources: sourcesOf(config),
});
