/**
 * A filter of system calls for seccomp(2), for programs in a box. Some programs need CAP_SYS_ADMIN for extended attributes
 * named trusted.*; without the filter, this capability would let them leave the box.
 */

/** Refused calls: their numbers on x86_64 and arm64, see syscalls(2); undefined if the machine has no such call. */
const refused: readonly (readonly [x64: number | undefined, arm64: number | undefined])[] = [
  // the tree of mounts
  ...([
    [165, 40], // mount
    [166, 39], // umount2
    [155, 41], // pivot_root
    [161, 51], // chroot
    [304, 265], // open_by_handle_at: opens what a mount covers
  ] as const),
  ...range(428, 433), // open_tree, move_mount, fsopen, fsconfig, fsmount, fspick
  ...same(442, 467), // mount_setattr, open_tree_attr
  // namespaces
  [308, 268], // setns
  [272, 97], // unshare
  // other processes
  [101, 117], // ptrace
  [310, 270], // process_vm_readv
  [311, 271], // process_vm_writev
  [312, 272], // kcmp
  ...same(434, 438, 440), // pidfd_open, pidfd_getfd, process_madvise
  // semaphores, queues and memory that the machine shares
  ...([
    [29, 194], // shmget
    [30, 196], // shmat
    [31, 195], // shmctl
    [64, 190], // semget
    [65, 193], // semop
    [66, 191], // semctl
    [220, 192], // semtimedop
    [68, 186], // msgget
    [69, 189], // msgsnd
    [70, 188], // msgrcv
    [71, 187], // msgctl
    [240, 180], // mq_open
    [241, 181], // mq_unlink
  ] as const),
  // the machine
  [321, 280], // bpf
  [298, 241], // perf_event_open
  [248, 217], // add_key
  [249, 218], // request_key
  [250, 219], // keyctl
  [323, 282], // userfaultfd
  [300, 262], // fanotify_init
  [179, 60], // quotactl
  [167, 224], // swapon
  [168, 225], // swapoff
  [175, 105], // init_module
  [313, 273], // finit_module
  [176, 106], // delete_module
  [246, 104], // kexec_load
  [320, 294], // kexec_file_load
  [169, 142], // reboot
  [103, 116], // syslog
  [163, 89], // acct
  [170, 161], // sethostname
  [171, 162], // setdomainname
  [172, undefined], // iopl
  [173, undefined], // ioperm
  ...range(425, 427), // io_uring: its requests pass no filter
  ...same(443), // quotactl_fd
];

/** Newer calls have the same number everywhere. */
function same(...numbers: readonly number[]): (readonly [number, number])[] {
  return numbers.map((number) => [number, number] as const);
}

function range(first: number, last: number): (readonly [number, number])[] {
  return same(...Array.from({ length: last - first + 1 }, (_none, index) => first + index));
}

/** The machine's number in linux/audit.h, and the numbers of calls that are refused only with some arguments. */
const machines = {
  x64: { arch: 0xc000003e, clone: 56, socket: 41, ioctl: 16 },
  arm64: { arch: 0xc00000b7, clone: 220, socket: 198, ioctl: 29 },
} as const;

/** All flags of clone(2) that make a namespace. A filter cannot read the flags of clone3(2), so that call fails with ENOSYS. */
const newNamespaces = 0x7e020000;
const clone3 = 435;
const x32 = 0x40000000;
const unixFamily = 1;

const [perm, notty, afnosupport, nosys] = [1, 25, 97, 38];

/** One instruction; see linux/filter.h. */
type Instruction = readonly [code: number, whenTrue: number, whenFalse: number, value: number];
const load = (offset: number): Instruction => [0x20, 0, 0, offset];
const skipUnless = (value: number, count: number): Instruction => [0x15, 0, count, value];
const allow: Instruction = [0x06, 0, 0, 0x7fff0000];
const fail = (errno: number): Instruction => [0x06, 0, 0, 0x00050000 | errno];
/** Offsets in struct seccomp_data; both machines are little-endian. */
const [numberAt, archAt, firstArgumentAt] = [0, 4, 16];

/**
 * The program in the form that seccomp(2) takes; undefined on a machine whose numbers are not known.
 * @param hasNetwork sockets of every family but AF_UNIX are allowed: the network namespace of the machine has its abstract
 * sockets, too. Otherwise only those of AF_UNIX are
 */
export function syscallFilter(hasNetwork: boolean, machine: string = process.arch): Buffer | undefined {
  if (machine !== 'x64' && machine !== 'arm64') return undefined;
  const { arch, clone, socket, ioctl } = machines[machine];
  const numbers = refused.flatMap((pair) => pair[machine === 'x64' ? 0 : 1] ?? []);
  const program: Instruction[] = [
    load(archAt),
    [0x15, 1, 0, arch],
    fail(perm),
    load(numberAt),
    [0x35, 0, 1, x32], // at or above
    fail(perm),
    ...numbers.flatMap((number) => [skipUnless(number, 1), fail(perm)]),
    skipUnless(clone3, 1),
    fail(nosys),
    skipUnless(ioctl, 1),
    fail(notty), // file systems have requests that reach any of their files
    skipUnless(clone, 4),
    load(firstArgumentAt),
    [0x45, 0, 1, newNamespaces], // any of these bits
    fail(perm),
    allow,
    ...(hasNetwork
      ? ([skipUnless(socket, 3), load(firstArgumentAt), skipUnless(unixFamily, 1), fail(afnosupport)] as const)
      : ([skipUnless(socket, 4), load(firstArgumentAt), skipUnless(unixFamily, 1), allow, fail(afnosupport)] as const)),
    allow,
  ];
  const bytes = Buffer.alloc(program.length * 8);
  program.forEach(([code, whenTrue, whenFalse, value], index) => {
    bytes.writeUInt16LE(code, index * 8);
    bytes.writeUInt8(whenTrue, index * 8 + 2);
    bytes.writeUInt8(whenFalse, index * 8 + 3);
    bytes.writeUInt32LE(value >>> 0, index * 8 + 4);
  });
  return bytes;
}
