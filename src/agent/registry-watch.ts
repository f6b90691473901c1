import type { DriveRecord } from '../records/drive-record.ts';
import type { DriveRegistry } from '../records/drive-registry.ts';
import type { Advice } from '../errors.ts';

/** The registry, as the agent asks for it again and again. */
export interface RegistryWatch {
  readonly registry: DriveRegistry;
  /** The enrolled disks; none while nothing is known of them. */
  known(): Promise<readonly DriveRecord[]>;
}

/** Tells the operator what is wrong with the registry: once, until it is well again or something else is wrong. */
export function watchRegistry(
  registry: DriveRegistry,
  tell: (trouble: Advice) => void,
  settled: () => void = () => undefined,
): RegistryWatch {
  let told: string | undefined;
  const read: DriveRegistry['read'] = async () => {
    const found = await registry.read();
    const before = told;
    told = found.trouble?.happened;
    if (found.trouble && told !== before) tell(found.trouble);
    if (!found.trouble && before !== undefined) settled();
    return found;
  };
  return {
    registry: {
      ...registry,
      read,
      list: async () => {
        await read();
        return registry.list();
      },
    },
    known: async () => (await read()).drives,
  };
}
