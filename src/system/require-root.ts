import { UsageError } from '../errors.ts';

/**
 * Before anything that others cannot do, so that they are told why.
 * @param what follows "Only root may"
 * @throws UsageError
 */
export function requireRoot(what: string): void {
  if (process.getuid?.() !== 0)
    throw new UsageError(`Only root may ${what}.`, 'Run this as root, for example with sudo.');
}
