import type { Guard } from '../guard/guard.ts';
import type { PullOrder } from '../rsync/order.ts';
import type { Job } from './job.ts';
import type { Machine } from './machine.ts';
import type { Story } from './story.ts';

/** The input for making room. */
export interface RoomParts {
  readonly job: Job;
  readonly machine: Machine;
  readonly story: Story;
  readonly guard: Guard;
  readonly order: PullOrder;
}
