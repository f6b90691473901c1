"""Tries, from inside the agent's service, what nobody there has any business with: a hook, or an rsync, that means no good.

Writes one line for each attempt to the file that is named: "done" or "refused", and what it was. Any other arguments are
files that it tries to read, too.
"""
import mmap
import os
import socket
import subprocess
import sys


def write(path: str) -> None:
    with open(path, "a") as file:
        file.write("x")


def read(path: str) -> None:
    with open(path, "rb") as file:
        file.read(1)


def connect(family: int) -> None:
    kind = {socket.AF_PACKET: socket.SOCK_RAW, socket.AF_ALG: socket.SOCK_SEQPACKET}.get(family, socket.SOCK_STREAM)
    with socket.socket(family, kind) as one:
        one.settimeout(5)
        if family == socket.AF_INET:
            one.connect(("backup", 22))


def executable_memory() -> None:
    mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)


def start(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True)


ATTEMPTS = {
    **{f"write {path}": (write, path) for path in [
        "/run/extbackup/own", "/var/lib/extbackup/own", "/mnt/plaintext/own",  # these are its places
        "/etc/passwd", "/etc/cron.d/x", "/etc/extbackup/config.yaml", "/etc/systemd/system/x.service", "/usr/bin/x",
        "/usr/lib/extbackup/cli.js", "/root/x", "/home/x", "/boot/x", "/opt/x", "/var/log/x", "/var/lib/x", "/srv/x",
        "/run/x", "/proc/sys/kernel/hostname", "/proc/sys/kernel/core_pattern", "/sys/kernel/uevent_helper", "/sys/fs/cgroup/cgroup.procs", "/dev/kmsg",
    ]},
    **{f"network {family.name}": (connect, family) for family in [socket.AF_INET, socket.AF_INET6, socket.AF_PACKET, socket.AF_ALG]},
    **{f"read {path}": (read, path) for path in sys.argv[2:]},
    "see the first process": (os.stat, "/proc/1"),
    "memory to write and execute": (executable_memory,),
    "a user namespace": (start, "/usr/bin/unshare", "--user", "true"),
    "a kernel module": (start, "/usr/sbin/modprobe", "dummy"),
    "the clock": (start, "/usr/bin/date", "--set", "2001-01-01"),
}

with open(sys.argv[1], "w") as answers:
    for name, (attempt, *arguments) in ATTEMPTS.items():
        try:
            attempt(*arguments)
            outcome = "done"
        except (OSError, subprocess.CalledProcessError):
            outcome = "refused"
        answers.write(f"{outcome} {name}\n")
