"""Describes every file of a tree, one JSON line each, sorted by name: manifest.py ROOT

Written without rsync and without the program under test, so that it can be their judge.
Names and values that may be any bytes are percent-encoded.
"""
import collections
import hashlib
import json
import os
import stat
import sys
from urllib.parse import quote_from_bytes

KINDS = {
    stat.S_IFREG: "file", stat.S_IFDIR: "directory", stat.S_IFLNK: "symlink", stat.S_IFIFO: "fifo",
    stat.S_IFSOCK: "socket", stat.S_IFCHR: "character device", stat.S_IFBLK: "block device",
}


def encode(value: bytes) -> str:
    return quote_from_bytes(value, safe="/ ._-+=@")


def all_paths(root: bytes):
    yield root
    for folder, folders, files in os.walk(root):
        for name in folders + files:
            yield os.path.join(folder, name)


def sha256(path: bytes) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def extended_attributes(path: bytes) -> dict:
    """Also holds ACLs (system.posix_acl_*) and capabilities (security.capability)."""
    names = sorted(os.listxattr(path, follow_symlinks=False))
    return {name: encode(os.getxattr(path, name, follow_symlinks=False)) for name in names}


def describe(root: bytes, path: bytes, first_names: dict) -> dict:
    info = os.lstat(path)
    name = os.path.relpath(path, root)
    entry = {
        "path": encode(name),
        "kind": KINDS[stat.S_IFMT(info.st_mode)],
        "mode": oct(stat.S_IMODE(info.st_mode)),
        "owner": f"{info.st_uid}:{info.st_gid}",
        "mtime": str(info.st_mtime_ns),  # nanoseconds do not fit into a JavaScript number
        "xattrs": extended_attributes(path),
    }
    if stat.S_ISREG(info.st_mode):
        entry["size"] = info.st_size
        entry["sha256"] = sha256(path)
        entry["sparse"] = info.st_blocks * 512 < info.st_size // 2
    elif stat.S_ISLNK(info.st_mode):
        entry["target"] = encode(os.readlink(path))
    elif stat.S_ISCHR(info.st_mode) or stat.S_ISBLK(info.st_mode):
        entry["device"] = f"{os.major(info.st_rdev)}:{os.minor(info.st_rdev)}"
    if info.st_nlink > 1 and not stat.S_ISDIR(info.st_mode):
        entry["same_file_as"] = first_names.setdefault((info.st_dev, info.st_ino), encode(name))
    return entry


def main() -> None:
    root = os.fsencode(sys.argv[1])
    first_names: dict = {}
    entries = [describe(root, path, first_names) for path in sorted(all_paths(root))]
    # A name outside of the tree, in a history of deleted files for example, is none of the tree's business.
    names = collections.Counter(entry.get("same_file_as") for entry in entries)
    for entry in entries:
        if names[entry.get("same_file_as")] == 1:
            entry.pop("same_file_as", None)
        print(json.dumps(entry))


main()
