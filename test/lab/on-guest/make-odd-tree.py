"""Fills a directory with everything that backups get wrong: make-odd-tree.py ROOT SMALL_FILES BULK_MB

The same arguments always make the same tree, apart from change times.
"""
import os
import random
import socket
import stat
import subprocess
import sys

root, small_files, bulk_mb = os.fsencode(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
chance = random.Random(7)

ODD_NAMES = [
    b"plain.txt", b"two words", b" leading and trailing ", b"-rf", b"--delete", b"line\nbreak", b"tab\there",
    b"return\r", b"bell\a", b"latin1-\xe9\xff\xfe", b"half-utf8-\xc3", "ünïcödé-日本-🗄".encode(), b"quote'\"`$(touch x)", b"back\\slash",
    b"\\#012", b"star*?[a]", b"#hash", b"~tilde~", b".hidden", b"...", b"colon:at@host", b"percent%0a", b"x" * 255,
]


def path(*parts: bytes) -> bytes:
    return os.path.join(root, *parts)


def write(name: bytes, content: bytes = b"") -> bytes:
    os.makedirs(os.path.dirname(path(name)), exist_ok=True)
    with open(path(name), "wb") as file:
        file.write(content)
    return path(name)


def run(*command: bytes) -> None:
    subprocess.run(command, check=True)


def names() -> None:
    for name in ODD_NAMES:
        write(os.path.join(b"names", name), b"content of " + name)
        write(os.path.join(b"names", b"in " + name[:200], name), name * 3)
    write(b"/".join([b"deep"] * 60 + [b"end"]), b"down here")
    os.makedirs(path(b"empty", b"inside"))


def kinds() -> None:
    os.makedirs(path(b"kinds"))
    for name, target in [(b"to-file", b"../names/plain.txt"), (b"dangling", b"/nowhere/at/all"), (b"to-folder", b"../deep"),
                         (b"odd", b"line\nbreak\xff"), (b"itself", b"itself")]:
        os.symlink(target, path(b"kinds", name))
    os.lchown(path(b"kinds", b"dangling"), 4242, 4243)
    os.mkfifo(path(b"kinds", b"fifo"))
    os.mknod(path(b"kinds", b"null"), stat.S_IFCHR | 0o666, os.makedev(1, 3))
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path(b"kinds", b"socket"))
    one = write(b"links/one", b"hard linked")
    os.makedirs(path(b"links", b"far", b"away"))
    os.link(one, path(b"links", b"two"))
    os.link(one, path(b"links", b"far", b"away", b"three"))
    os.link(path(b"kinds", b"dangling"), path(b"links", b"symlink"), follow_symlinks=False)


def rights() -> None:
    for mode in [0o000, 0o400, 0o644, 0o4755, 0o2755, 0o6711, 0o777]:
        os.chmod(write(b"rights/mode-%o" % mode, b"%o" % mode), mode)
    for mode in [0o000, 0o700, 0o1777, 0o2775]:
        write(b"rights/folder-%o/file" % mode, b"%o" % mode)
        os.chmod(path(b"rights/folder-%o" % mode), mode)
    for uid, gid in [(12345, 54321), (65534, 65534), (4294967290, 0)]:
        os.chown(write(b"rights/owner-%d-%d" % (uid, gid)), uid, gid)
    acl = write(b"rights/acl", b"acl")
    run(b"setfacl", b"-m", b"u:4242:rw,g:4243:r,m::rwx", acl)
    os.makedirs(path(b"rights", b"default-acl"))
    run(b"setfacl", b"-d", b"-m", b"u:4242:rwx", path(b"rights", b"default-acl"))
    run(b"setcap", b"cap_net_raw,cap_net_bind_service+ep", write(b"rights/capability", b"#!/bin/sh\n"))
    attributed = write(b"rights/attributes", b"xattr")
    os.setxattr(attributed, "user.any bytes", bytes(range(256)))
    os.setxattr(attributed, "user.empty", b"")
    os.setxattr(attributed, "trusted.kept", b"by root only")
    os.setxattr(path(b"empty"), "user.on-a-folder", b"yes")


def sizes() -> None:
    write(b"sizes/nothing")
    write(b"sizes/random", chance.randbytes(3_000_001))
    with open(path(b"sizes/sparse"), "wb") as file:
        file.seek(3_000_000)
        file.write(b"an island in the middle")
        file.truncate(8_000_000)
    for number in range(small_files):
        write(b"many/%02x/%06d" % (number % 64, number), chance.randbytes(chance.randrange(2000)))
    for number in range(bulk_mb):
        write(b"bulk/%04d" % number, chance.randbytes(1024 * 1024))


def times() -> None:
    for name, seconds in [(b"before-1970", -86400), (b"1970", 0), (b"2000", 946684800), (b"after-2038", 3000000000), (b"after-2106", 5000000000)]:
        file = write(b"times/" + name, name)
        os.utime(file, ns=(0, seconds * 10**9 + 123456789))
    for folder, folders, files in os.walk(root, topdown=False):
        if os.path.basename(folder) == b"times":
            continue
        for name in files + folders:
            os.utime(os.path.join(folder, name), ns=(0, chance.randrange(10**18, 1_700_000_000 * 10**9)), follow_symlinks=False)
    os.utime(root, ns=(0, 1_600_000_000_000_000_001))


os.umask(0o022)
os.makedirs(root, exist_ok=True)
for step in (names, kinds, rights, sizes, times):
    step()
