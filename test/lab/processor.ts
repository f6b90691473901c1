import type { Architecture } from '../../debian/architecture.ts';

/** What a machine with that processor is made of. */
export interface Processor {
  /** QEMU's program. */
  readonly qemu: string;
  /** The processor without KVM. */
  readonly emulated: string;
  /** QEMU's arguments for the board, its firmware and its clock. */
  readonly board: readonly string[];
  readonly memoryMb: number;
  /** The serial port, as the kernel names it. */
  readonly console: string;
}

export const processors: Readonly<Record<Architecture, Processor>> = {
  amd64: {
    qemu: 'qemu-system-x86_64',
    emulated: 'max,la57=off', // five-level paging slows emulated page faults
    board: ['-M', 'q35'],
    memoryMb: 1536,
    console: 'ttyS0',
  },
  // Like a small board: 1 GB, described by a device tree, and each start is in the past, as without a hardware clock.
  arm64: {
    qemu: 'qemu-system-aarch64',
    emulated: 'cortex-a72', // of a Raspberry Pi 4: without the instructions of later processors
    board: ['-M', 'virt,acpi=off', '-bios', '/usr/share/qemu-efi-aarch64/QEMU_EFI.fd', '-rtc', 'base=2020-01-01'],
    memoryMb: 1024,
    console: 'ttyAMA0',
  },
};
