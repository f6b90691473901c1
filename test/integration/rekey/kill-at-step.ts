/**
 * A module for `node --import` that kills the program with SIGKILL just before the step that the regular expression KILL_AT fits. Steps,
 * which have numbers, are the calls that change a file, or start a program that changes something; the moment after such a program was started is a
 * step of its own: the program goes on without us. Each step is written to the file STEPS before it is taken.
 */
export const killAtStep = String.raw`
import { syncBuiltinESMExports } from 'node:module';
import child from 'node:child_process';
import fs from 'node:fs';
const { KILL_AT, STEPS } = process.env;
const { appendFileSync } = fs;
let count = 0;
const step = (...words) => {
  count += 1;
  const line = count + ' ' + words.join(' ');
  appendFileSync(STEPS, line + '\n');
  if (KILL_AT !== '' && new RegExp(KILL_AT).test(line)) process.kill(process.pid, 'SIGKILL');
};
const before = (object, name, told = (...args) => args.filter((arg) => typeof arg === 'string').join(' ')) => {
  const original = object[name];
  object[name] = function (...args) {
    const words = told(...args);
    if (words !== undefined) step(name, words);
    return original.apply(this, args);
  };
};
const changing = (file, flags = 'r') => (flags === 'r' || (typeof flags === 'number' && (flags & 0o103) === 0) || file.endsWith('.lock') || file.startsWith('/proc/') ? undefined : file);
for (const name of ['rename', 'link', 'unlink', 'copyFile']) before(fs.promises, name);
for (const name of ['rename', 'unlink', 'fsync']) before(fs, name);
before(fs.promises, 'rm', (file) => (fs.existsSync(file) ? file : undefined));
before(fs.promises, 'writeFile', (file) => changing(file, 'w'));
before(fs.promises, 'open', changing);
before(fs, 'open', changing);
const probe = await fs.promises.open('/dev/null', 'r');
const handles = Object.getPrototypeOf(probe);
await probe.close();
for (const name of ['write', 'writeFile', 'sync']) before(handles, name, () => '');
const spawn = child.spawn;
child.spawn = (file, args, options) => {
  const words = [file, ...(args ?? [])].join(' ');
  const isChange = /cryptsetup luks(?:Add|Remove)Key|openssl enc/.test(words);
  if (isChange) step('before', words);
  const started = spawn(file, args, options);
  if (isChange) step('during', words);
  return started;
};
syncBuiltinESMExports();
`;
