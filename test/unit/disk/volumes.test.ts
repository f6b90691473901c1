import { expect, it } from 'vitest';
import { luksVolumesOn } from '../../../src/disk/volumes.ts';
import { aDisk, aPartition } from './devices.ts';

const [uuid, other] = ['6f1c2a4e-0b1d-4c7f-9a53-0123456789ab', '11111111-2222-3333-4444-555555555555'];
const luks = (kname: string, ofUuid: string, ...children: ReturnType<typeof aPartition>[]) =>
  aPartition({ kname, fstype: 'crypto_LUKS', uuid: ofUuid, children });
const namesOn = (...children: ReturnType<typeof aPartition>[]) =>
  luksVolumesOn(aDisk({ children })).map(({ kname }) => kname);

it('a mapping over a volume, with the same header, is no second volume', () => {
  expect(namesOn(luks('sda1', uuid, luks('dm-0', uuid)))).toEqual(['sda1']);
});

it('two partitions with one header, and a volume inside another, are two volumes', () => {
  expect(namesOn(luks('sda1', uuid), luks('sda2', uuid))).toEqual(['sda1', 'sda2']);
  expect(namesOn(luks('sda1', uuid, luks('dm-0', other)))).toEqual(['sda1', 'dm-0']);
});
