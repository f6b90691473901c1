import { existsSync } from 'node:fs';
import { execa } from 'execa';
import { expect, it } from 'vitest';
import { tryToListen } from '../../../src/triggers/usb-library.ts';

const hasBus = existsSync('/sys/bus/usb/devices');

it('the library tells whether this machine has a USB bus, and throws nothing behind our back', async () => {
  // A process of its own, which an error that nobody catches would end.
  const script = `
    import { listenToUsb } from ${JSON.stringify(new URL('../../../src/triggers/usb-listener.ts', import.meta.url).href)};
    const nothing = () => undefined;
    const stop = await listenToUsb({ onConnect: nothing, onDisconnect: nothing, onNoBlockDevice: nothing }, () => 1000).catch((error) => { console.log(error.message); });
    setTimeout(() => { void stop?.(); console.log('went on'); }, 500);`;
  const { stdout } = await execa('node', ['--import', 'tsx', '--input-type=module', '--eval', script]);
  expect(stdout).toMatch(hasBus ? /^went on$/ : /not found[^]*\nwent on$/);
  await (hasBus ? tryToListen() : expect(tryToListen()).rejects.toThrow('not found'));
});
