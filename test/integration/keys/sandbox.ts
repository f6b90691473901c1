import { inject } from 'vitest';
import { runInSandbox, type SandboxResult } from './run-in-sandbox.ts';

/**
 * Runs a bash script in a mount namespace of its own with a private, writable /etc, /mnt, /run, /home and /root, so that
 * real mounts and the real places are used and nothing of it outlives the script. `extbackup` is the bundled program,
 * `ready_station 'correct horse'` brings a station with that password, set up once for all tests (there is one more,
 * with 'old password'), `no_key` takes its key away, and "$room/bin" is a directory for stand-ins. openssl derives with fewer iterations than it is
 * told, until `stock_openssl`, and rsa keys are short after `short_rsa_keys`. Needs root, or a kernel with user namespaces.
 */
export function inSandbox(script: string, timeoutMs = 120_000): SandboxResult {
  return runInSandbox(inject('prepared'), script, timeoutMs);
}
