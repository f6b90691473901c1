/** The places of metadata on an ext4 file system. See "ext4 Data Structures and Algorithms" in the kernel's documentation. */

/** Blocks from `first`, `count` of them. */
export interface BlockRange {
  readonly first: number;
  readonly count: number;
}

/** What the superblock says of the layout. */
export interface Ext4Layout {
  /** In bytes. */
  readonly blockSize: number;
  readonly blocks: number;
  readonly groups: number;
  readonly blocksPerGroup: number;
  readonly inodesPerGroup: number;
  /** In bytes. */
  readonly inodeSize: number;
  /** Number of the first block of the first group. */
  readonly firstBlock: number;
  /** In bytes. */
  readonly descriptorSize: number;
  /** Groups whose bitmaps and inode tables are together; 1 without this feature. */
  readonly groupsPerFlex: number;
}

/** One block group. */
export interface Ext4Group {
  readonly blockBitmap: number;
  /** The whole inode table. */
  readonly inodeTable: BlockRange;
  /** Blocks at the beginning of the inode table that were ever used. */
  readonly usedTable: number;
  readonly directories: number;
  /** The block bitmap was never written. */
  readonly isBitmapUnused: boolean;
}

/** Where the superblock is, and its size; in bytes. */
export const superblockPlace = { position: 1024, size: 1024 };

const magic = 0xef53;
const incompatible = { metaGroups: 0x10, wide: 0x80 };
/** Features with which a group's count of unused inodes can be trusted: uninit_bg, metadata_csum. */
const countsUnused = 0x10 | 0x400;
const flags = { noInodes: 1, noBlocks: 2 };

/** @returns undefined for another file system, or a layout that this module does not know */
export function parseSuperblock(block: Buffer): Ext4Layout | undefined {
  if (block.length < superblockPlace.size || block.readUInt16LE(0x38) !== magic) return undefined;
  const features = block.readUInt32LE(0x60);
  if ((features & incompatible.metaGroups) !== 0 || (block.readUInt32LE(0x64) & countsUnused) === 0) return undefined;
  const isWide = (features & incompatible.wide) !== 0;
  const blockSize = 1024 * 2 ** block.readUInt32LE(0x18);
  const blocksPerGroup = block.readUInt32LE(0x20);
  const firstBlock = block.readUInt32LE(0x14);
  const blocks = block.readUInt32LE(0x4) + (isWide ? block.readUInt32LE(0x150) * 2 ** 32 : 0);
  const layout = {
    blockSize,
    blocks,
    groups: Math.ceil((blocks - firstBlock) / blocksPerGroup),
    blocksPerGroup,
    inodesPerGroup: block.readUInt32LE(0x28),
    inodeSize: block.readUInt16LE(0x58),
    firstBlock,
    descriptorSize: isWide ? block.readUInt16LE(0xfe) : 32,
    groupsPerFlex: 2 ** (block[0x174] ?? 0),
  };
  return isSane(layout) ? layout : undefined;
}

/** The disk may have been changed by somebody: no number may lead to a large buffer or a long loop. */
const isSane = ({
  blockSize,
  blocksPerGroup,
  inodesPerGroup,
  inodeSize,
  descriptorSize,
  groups,
}: Ext4Layout): boolean =>
  blockSize <= 65_536 &&
  blocksPerGroup > 0 &&
  blocksPerGroup <= 8 * blockSize &&
  inodesPerGroup > 0 &&
  inodesPerGroup <= 8 * blockSize &&
  inodeSize >= 128 &&
  inodeSize <= blockSize &&
  [32, 64].includes(descriptorSize) &&
  groups > 0 &&
  groups <= 2 ** 20;

/** Where the descriptors of all groups are; in bytes. */
export const descriptorsPlace = ({ blockSize, firstBlock, groups, descriptorSize }: Ext4Layout) => ({
  position: (firstBlock + 1) * blockSize,
  size: groups * descriptorSize,
});

/** @param bytes the content of {@link descriptorsPlace} */
export function parseGroups(layout: Ext4Layout, bytes: Buffer): Ext4Group[] {
  const { blockSize, inodesPerGroup, inodeSize, descriptorSize, groups } = layout;
  const inBlocks = (inodes: number): number => Math.ceil((inodes * inodeSize) / blockSize);
  return Array.from({ length: groups }, (_, index) => {
    const at = index * descriptorSize;
    const isWide = descriptorSize === 64;
    const number = (low: number, high: number): number =>
      bytes.readUInt32LE(at + low) + (isWide ? bytes.readUInt32LE(at + high) * 2 ** 32 : 0);
    const short = (low: number, high: number): number =>
      bytes.readUInt16LE(at + low) + (isWide ? bytes.readUInt16LE(at + high) * 2 ** 16 : 0);
    const state = bytes.readUInt16LE(at + 0x12);
    const unused = (state & flags.noInodes) !== 0 ? inodesPerGroup : short(0x1c, 0x32);
    return {
      blockBitmap: number(0x0, 0x20),
      inodeTable: { first: number(0x8, 0x28), count: inBlocks(inodesPerGroup) },
      usedTable: inBlocks(Math.max(0, inodesPerGroup - unused)),
      directories: short(0x10, 0x30),
      isBitmapUnused: (state & flags.noBlocks) !== 0,
    };
  });
}
