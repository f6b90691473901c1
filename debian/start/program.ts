import { readFileSync } from 'node:fs';
import { createRequire, wrap } from 'node:module';
import { join } from 'node:path';
import { Script } from 'node:vm';
import { crc32 } from 'node:zlib';

/** Name of the bundle, filled in by the build. It holds a hash, so a cache never meets another program. */
declare const PROGRAM: string;

const file = join(__dirname, PROGRAM);

/** V8 takes a cache only with the flags with which it was made; the units of the agent run without a compiler. */
export const cacheFile = `${file}.${process.execArgv.includes('--jitless') ? 'jitless' : 'jit'}.cache`;

/** The bytes of a cache file: compiled code and its checksum, because V8 runs damaged code without a look. */
export function seal(code: Buffer): Buffer {
  const sum = Buffer.alloc(4);
  sum.writeUInt32BE(crc32(code));
  return Buffer.concat([code, sum]);
}

/** The compiled code in the bytes of a cache file; undefined if they are not as they were written. */
export function unseal(bytes: Buffer): Buffer | undefined {
  if (bytes.length < 5) return undefined;
  const code = bytes.subarray(0, -4);
  return crc32(code) === bytes.readUInt32BE(code.length) ? code : undefined;
}

/** What the bundle exports; see src/main.ts. */
interface Program {
  readonly ended: Promise<void>;
}

/**
 * Compiles the bundle.
 * @param cachedData compiled code, which V8 refuses when another version or other flags made it
 */
export function compile(cachedData?: Buffer): Script {
  return new Script(wrap(readFileSync(file, 'latin1')), { filename: file, ...(cachedData && { cachedData }) });
}

/** Runs the program with the arguments of this process. */
export function run(script: Script): Program {
  const module = { exports: {} };
  const program = script.runInThisContext() as (...names: unknown[]) => void;
  program.call(module.exports, module.exports, createRequire(file), module, file, __dirname);
  return module.exports as Program;
}
