"""Tries each way out of the box that rsync runs in. It is started in rsync's place, as root, with rsync's capabilities.

break-out.py ANSWERS AGENT: one line for each attempt goes to the file ANSWERS: "DONE" or "stopped", what it was, and what
stopped it. AGENT is the process id of the agent outside. The attempts that are harmless are also made outside of the box,
with --outside before ANSWERS, where they succeed.
"""
import ctypes
import os
import socket
import struct
import sys

libc = ctypes.CDLL(None, use_errno=True)
TOP = "/mnt/plaintext"


def call(number: int, *arguments) -> int:
    result = libc.syscall(number, *arguments)
    if result == -1:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return result


def connect(path: str) -> None:
    with socket.socket(socket.AF_UNIX) as one:
        one.connect(path)


def tcp(host: str) -> None:
    socket.create_connection((host, 22), timeout=5).close()


def append(path: str) -> None:
    with open(path, "a"):
        pass


def read(path: str) -> None:
    with open(path, "rb") as file:
        file.read(1)


def node(path: str) -> None:
    os.mknod(path, 0o60600, os.makedev(8, 0))
    try:
        read(path)
    finally:
        os.remove(path)


def mount(source: bytes, target: str, kind: bytes, flags: int = 0) -> None:
    if libc.mount(source, target.encode(), kind, flags, None) != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def umount(target: str) -> None:
    if libc.umount2(target.encode(), 2) != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def by_handle(path: str) -> None:
    handle = ctypes.create_string_buffer(struct.pack("Ii", 128, 0) + bytes(128))
    mount_id = ctypes.c_int()
    call(303, -100, path.encode(), handle, ctypes.byref(mount_id), 0)
    top = os.open(TOP, os.O_RDONLY)
    os.close(call(304, top, handle, os.O_RDONLY))


def attribute(path: str) -> None:
    os.setxattr(path, "user.mine", b"x")


def exec_on_disk() -> None:
    path = f"{TOP}/backups/own-program"
    with open("/usr/bin/true", "rb") as source, open(path, "wb") as target:
        target.write(source.read())
    try:
        os.chmod(path, 0o4755)
        if os.spawnv(os.P_WAIT, path, [path]) != 0:
            raise PermissionError(13, "not executable there")
    finally:
        os.remove(path)


def fork_into(flags: int) -> None:
    pid = call(56, flags | 17, 0, 0, 0, 0)
    if pid == 0:
        os._exit(0)
    os.waitpid(pid, 0)


def ioctl_flags() -> None:
    import fcntl
    with open(f"{TOP}/LABEL", "rb") as file:
        fcntl.ioctl(file, 0x80086601, bytes(8))


def first_file(directory: str) -> str:
    for path, _directories, files in os.walk(directory):
        for name in sorted(files):
            return os.path.join(path, name)
    return f"{directory}/there-is-none"


outside = sys.argv[1] == "--outside"
answers, agent = sys.argv[-2], int(sys.argv[-1])
history = f"{TOP}/history"
old = first_file(history)
entry = os.path.join(history, (sorted(os.listdir(history)) or ["none"])[0]) if os.path.isdir(history) else history

HARMLESS = {
    "systemd's own socket": (connect, "/run/systemd/private"),
    "the system bus": (connect, "/run/dbus/system_bus_socket"),
    "an abstract socket": (connect, "\0lab-abstract"),
    "TCP to this machine": (tcp, "127.0.0.1"),
    "TCP to the server": (tcp, "backup"),
    "a signal to the agent": (os.kill, agent, 0),
    "a signal to the first process": (lambda: os.kill(1, 0) if outside else os.kill(2**22 - 1, 0),),
    "the LUKS key": (read, "/mnt/ramfs/luks_pw"),
    "the ssh key": (read, "/mnt/ramfs/id_ed25519.decrypted"),
    "the passwords of the station": (read, "/etc/shadow"),
    "the list of disks": (read, "/var/lib/extbackup/drives.json"),
    "the settings": (read, "/etc/extbackup/config.yaml"),
    "a raw disk": (read, "/dev/vda"),
    "the root of the first process": (read, "/proc/1/root/etc/shadow"),
    "the memory of the agent": (read, f"/proc/{agent}/environ"),
    "a mount": (mount, b"tmpfs", "/tmp" if outside else "/usr", b"tmpfs"),
    "a new mount namespace": (call, 272, 0x00020000),
    "a child in a new network": (fork_into, 0x40000000),
    "a new file system context": (call, 430, b"tmpfs", 0),
    "a handle of a file": (by_handle, old if not outside else "/etc/passwd"),
    "a kernel key": (call, 250, 0, -3, 1, 0, 0),
    "requests past the filter (io_uring)": (call, 425, 1, ctypes.create_string_buffer(120)),
    "a semaphore of the machine": (call, 64, 0x7777, 1, 0o1600),
}
OTHERS = {
    "a request to the agent": (append, "/run/extbackup/spool/request.own.json"),
    "a file of the station": (append, "/etc/passwd"),
    "a program of the station": (append, "/usr/bin/true"),
    "the mode of a file of the station": (os.chmod, "/etc/passwd", 0o666),
    "the mode of a program of the station": (os.chmod, "/usr/bin/true", 0o4755),
    "the mode of /dev/null": (os.chmod, "/dev/null", 0o600),
    "what the kernel starts after a crash": (append, "/proc/sys/kernel/core_pattern"),
    "the kernel's emergency keys": (append, "/proc/sysrq-trigger"),
    "a device on the disk": (node, f"{TOP}/backups/own-device"),
    "a device beside the disk": (node, "/dev/own-device"),
    "a program on the disk, setuid": (exec_on_disk,),
    "old history: content": (append, old),
    "old history: removal": (os.remove, old),
    "old history: mode": (os.chmod, old, 0o777),
    "old history: owner": (os.chown, old, 4711, 4711),
    "old history: time": (os.utime, old, (1, 1)),
    "old history: attribute": (attribute, old),
    "old history: another name of its file": (os.link, old, f"{TOP}/backups/own-link"),
    "old history: renaming an entry": (os.rename, entry, f"{TOP}/backups/own-entry"),
    "old history: a new entry": (os.mkdir, f"{history}/20200101T000000.000Z"),
    "history: renaming all": (os.rename, history, f"{TOP}/own-history"),
    "the seal: content": (append, f"{TOP}/.extbackup/seal.json"),
    "the seal: renaming its directory": (os.rename, f"{TOP}/.extbackup", f"{TOP}/own-extbackup"),
    "the checksums": (os.mkdir, f"{TOP}/.extbackup/checksums-own"),
    "LABEL: content": (append, f"{TOP}/LABEL"),
    "LABEL: removal": (os.remove, f"{TOP}/LABEL"),
    "LABEL: time": (os.utime, f"{TOP}/LABEL", (1, 1)),
    "uncovering the history": (umount, history),
    "uncovering /proc": (umount, "/proc"),
    "making the history writable": (mount, b"none", history, b"none", 4096 | 32),
    "another root": (os.chroot, "/usr"),
    "pivot_root": (call, 155, b"/usr", b"/usr"),
    "the namespaces of another process": (lambda: call(308, os.open("/proc/1/ns/mnt", os.O_RDONLY), 0),),
    "tracing a process": (lambda: call(101, 16, os.getppid(), 0, 0),),
    "the memory of another process": (lambda: append(f"/proc/{agent}/mem"),),
    "requests to the file system": (ioctl_flags,),
    "a BPF program": (call, 321, 0, ctypes.create_string_buffer(120), 120),
    "a raw socket": (lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW).close(),),
    "a netlink socket": (lambda: socket.socket(socket.AF_NETLINK, socket.SOCK_RAW).close(),),
    "the name of the machine": (lambda: socket.sethostname("own"),),
}
OWN_PLACES = {
    "the mirror": (append, f"{TOP}/backups/own-file"),
    "a new name for a file of the mirror": (os.rename, f"{TOP}/backups/own-file", f"{TOP}/.extbackup-work/own-file"),
    "reading old history": (read, old),
}

with open(answers, "w") as file:
    for name, (attempt, *arguments) in (HARMLESS if outside else {**OWN_PLACES, **HARMLESS, **OTHERS}).items():
        try:
            attempt(*arguments)
            file.write(f"DONE\t{name}\t\n")
        except OSError as error:
            file.write(f"stopped\t{name}\t{error.strerror or error}\n")
if not outside:
    os.remove(f"{TOP}/.extbackup-work/own-file")
