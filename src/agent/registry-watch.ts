import type { DriveRecord } from '../records/drive-record.ts';
import type { DriveRegistry } from '../records/drive-registry.ts';
import type { Advice } from '../errors.ts';

/** The registry, for repeated reading by the agent. */
export interface RegistryWatch {
  readonly registry: DriveRegistry;
  /** The enrolled disks; empty while the registry cannot be read. */
  known(): Promise<readonly DriveRecord[]>;
}

/** Reports each fault of the registry once, until it is gone. */
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
