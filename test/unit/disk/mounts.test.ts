import { describe, expect, it } from 'vitest';
import { isOwnNamespace } from '../../../src/disk/mounts.ts';

const others = '27 500 0:24 / /sys rw,nosuid shared:2 master:9 - sysfs sysfs rw\n';
const machine = '28 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw\n';
const unit = '500 400 254:0 / / ro,relatime shared:77 master:1 - ext4 /dev/vda rw\n';
const shares = '501 400 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw\n';

describe('whether what we mount is ours alone', () => {
  it.each([
    ['in a unit that cannot see the first process', unit, undefined, true],
    ['in a unit that can', unit, machine, true],
    ['on the machine itself', machine, machine, false],
    ['on the machine itself, were the first process hidden', machine, undefined, false],
    ['in a copy of the mounts, by their numbers', shares, machine, true],
    ['where nothing is known', '', undefined, false],
  ])('%s', (_where, ours, first, own) => {
    expect(isOwnNamespace(others + ours, first === undefined ? undefined : others + first)).toBe(own);
  });
});
