import { readFile, readdir } from 'node:fs/promises';
import * as z from 'zod';
import { PullError } from '../errors.ts';
import type { StartProgram } from '../system/command.ts';
import { parseJson } from '../system/parse-json.ts';

/** A block device, from lsblk(8) and sysfs. */
export interface BlockDevice {
  /** Kernel name, for example sda1. */
  readonly kname: string;
  readonly path: `/dev/${string}`;
  /** disk, part, crypt, lvm, raid1, loop, rom … */
  readonly type: string;
  readonly sizeBytes: number;
  /** crypto_LUKS, ext4, swap …; null when nothing is recognised. */
  readonly fstype: string | null;
  readonly uuid: string | null;
  /** Name of the GPT partition: the only label that a LUKS1 volume has on its outside. */
  readonly partlabel: string | null;
  /** Label of the file system or of the LUKS2 header. */
  readonly label: string | null;
  readonly mountpoints: readonly string[];
  readonly model: string | null;
  readonly serial: string | null;
  /** usb, sata, nvme …; null for partitions and mappings. */
  readonly transport: string | null;
  readonly readOnly: boolean;
  readonly partitionTable: string | null;
  /** Purpose of a partition according to its table, for example `Microsoft basic data`. */
  readonly partitionType: string | null;
  /** The medium can be taken out, as of a card reader; USB sticks say it, too. */
  readonly removable: boolean;
  /** Logical sector size in bytes. */
  readonly sectorBytes: number;
  readonly children: readonly BlockDevice[];
}

const optionalText = z
  .string()
  .nullish()
  .transform((text) => text ?? null);

interface LsblkNode {
  kname: string;
  path: string;
  type: string;
  size: number | string;
  fstype?: string | null;
  uuid?: string | null;
  partlabel?: string | null;
  label?: string | null;
  mountpoints?: (string | null)[] | null;
  model?: string | null;
  serial?: string | null;
  tran?: string | null;
  ro?: boolean | string | number | null;
  pttype?: string | null;
  parttypename?: string | null;
  rm?: boolean | string | number | null;
  'log-sec'?: number | string | null;
  children?: LsblkNode[] | undefined;
}

const node: z.ZodType<BlockDevice, LsblkNode> = z
  .object({
    kname: z.string().min(1),
    path: z.templateLiteral(['/dev/', z.string()]),
    type: z.string(),
    size: z.coerce.number().int().nonnegative(),
    fstype: optionalText,
    uuid: optionalText,
    partlabel: optionalText,
    label: optionalText,
    mountpoints: z.array(z.string().nullable()).nullish(),
    model: optionalText,
    serial: optionalText,
    tran: optionalText,
    ro: z.union([z.boolean(), z.string(), z.number()]).nullish(),
    pttype: optionalText,
    parttypename: optionalText,
    rm: z.union([z.boolean(), z.string(), z.number()]).nullish(),
    'log-sec': z.coerce.number().nullish(),
    get children() {
      return z.array(node).optional();
    },
  })
  .transform((raw) => ({
    kname: raw.kname,
    path: raw.path,
    type: raw.type,
    sizeBytes: raw.size,
    fstype: raw.fstype,
    uuid: raw.uuid,
    partlabel: raw.partlabel,
    label: raw.label,
    mountpoints: (raw.mountpoints ?? []).filter((mountpoint) => mountpoint !== null),
    model: raw.model,
    serial: raw.serial,
    transport: raw.tran,
    readOnly: isSet(raw.ro),
    partitionTable: raw.pttype,
    partitionType: raw.parttypename,
    removable: isSet(raw.rm),
    sectorBytes: raw['log-sec'] ?? 512,
    children: raw.children ?? [],
  })) as z.ZodType<BlockDevice, LsblkNode>;

/** lsblk prints true, 1 or "1", depending on its version. */
const isSet = (flag: boolean | string | number | null | undefined): boolean => flag === true || Number(flag) === 1;

const listing = z.object({ blockdevices: z.array(node) });

const columns =
  'KNAME,PATH,TYPE,SIZE,FSTYPE,UUID,PARTLABEL,LABEL,MOUNTPOINTS,MODEL,SERIAL,TRAN,RO,PTTYPE,PARTTYPENAME,RM,LOG-SEC';

/** Whole disks with their partitions. Reads the udev database, so it is complete once udev has processed a disk. */
export async function listBlockDevices(start: StartProgram): Promise<BlockDevice[]> {
  const { stdout } = await start({
    file: '/usr/bin/lsblk',
    args: ['--json', '--bytes', '--tree', '--output', columns],
    timeoutMs: 20_000,
    accept: [32, 64], // none, or only some, of the devices found: an empty machine is an answer
  });
  return parseLsblk(stdout);
}

/**
 * Parses the output of `lsblk --json --bytes`.
 * @throws PullError when the text has another form
 */
export function parseLsblk(json: string): BlockDevice[] {
  if (json.trim() === '') return [];
  const parsed = parseJson(listing, json);
  if (parsed === undefined)
    throw new PullError(
      'EXB_STATION',
      'lsblk did not list the disks of this machine as expected.',
      'See its output: lsblk --json ; then: extbackup doctor',
    );
  return parsed.blockdevices;
}

/** The device and everything below it. */
export function* withDescendants(device: BlockDevice): Generator<BlockDevice> {
  yield device;
  for (const child of device.children) yield* withDescendants(child);
}

/**
 * DISKSEQ of a whole disk: a number that the kernel gives to each attach, unique until the next boot.
 * @returns undefined when the disk is gone
 */
export async function readDiskseq(diskKname: string): Promise<number | undefined> {
  const text = await readSysfs(`/sys/class/block/${diskKname}/diskseq`);
  const number = Number(text);
  return text === undefined || !Number.isSafeInteger(number) ? undefined : number;
}

/** Kernel names of the holders of a device, such as mappings or RAIDs. Empty when the device is gone. */
export async function readHolders(kname: string): Promise<string[]> {
  try {
    return await readdir(`/sys/class/block/${kname}/holders`);
  } catch {
    return []; // the device is gone, and with it its holders
  }
}

/** The name of a device-mapper mapping, for example extbackup-BACKUP_1 of dm-0; undefined for anything else. */
export async function readMappingName(kname: string): Promise<string | undefined> {
  return readSysfs(`/sys/class/block/${kname}/dm/name`);
}

/** The random id of this boot: DISKSEQs of another boot mean nothing. */
export async function readBootId(): Promise<string> {
  return (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim();
}

async function readSysfs(file: string): Promise<string | undefined> {
  try {
    return (await readFile(file, 'utf8')).trim();
  } catch {
    return undefined; // sysfs entries go with their device
  }
}
