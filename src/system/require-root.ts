import { UsageError } from '../errors.ts';

/**
 * Refuses users other than root, with a reason. @param what follows "Only root may"
 * @throws UsageError
 */
export function requireRoot(what: string): void {
  if (process.getuid?.() !== 0)
    throw new UsageError(`Only root may ${what}.`, 'Run this as root, for example with sudo.');
}
