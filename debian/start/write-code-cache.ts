/** Writes the code cache for this Node and its flags: what it compiles to show the help of the agent, which loads all that most commands load. */
import { renameSync, writeFileSync } from 'node:fs';
import { cacheFile, compile, run, seal } from './program.ts';

process.argv = [process.execPath, process.argv[1] ?? '', 'agent', '--help'];
const script = compile();
process.on('exit', () => {
  const unfinished = `${cacheFile}.${process.pid}`;
  writeFileSync(unfinished, seal(script.createCachedData()), { flush: true });
  renameSync(unfinished, cacheFile); // a program that starts meanwhile sees no half of it
});
run(script);
