import { expect, it } from 'vitest';
import { describedClasses } from '../../../src/disk/usb-sysfs.ts';

const device = [18, 1, 0, 2, 0, 0, 0, 64, 1, 2, 3, 4, 0, 1, 1, 2, 3, 1];
const configuration = [9, 2, 32, 0, 1, 1, 0, 0x80, 50];
const interfaceOf = (kind: number): number[] => [9, 4, 0, 0, 2, kind, 6, 80, 0];
const endpoint = [7, 5, 0x81, 2, 0, 2, 0];

it('the classes of the interfaces are read from the descriptors, which a blocked device has, too', () => {
  const hub = [...device, ...configuration, ...interfaceOf(9), ...endpoint];
  expect(describedClasses(Buffer.from([...hub, ...interfaceOf(8), ...endpoint]))).toEqual([9, 8]);
});

it.each([
  ['nothing', []],
  ['the device alone', device],
  ['an endless descriptor', [...device, 0, 4, 0, 0, 0, 8]],
  ['half an interface', [...device, 9, 4, 0]],
])('%s has none', (_what, bytes) => {
  expect(describedClasses(Buffer.from(bytes))).toEqual([]);
});
