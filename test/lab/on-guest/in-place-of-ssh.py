"""Stands in place of ssh in the unit of the connection, and tries what a server that took over ssh would try.

Writes one line for each attempt to `attempts` in the unit's own directory: "DONE" or "stopped", what it was, and why; then
it waits, as a connection does that never comes up. It never prints what it reads.
"""
import os
import socket
import sys
import time

own = os.path.dirname(sys.argv[sys.argv.index("-S") + 1])
credentials = os.environ["CREDENTIALS_DIRECTORY"]


def read(path: str) -> None:
    with open(path, "rb") as file:
        file.read(1)


def write(path: str) -> None:
    with open(path, "a"):
        pass


def connect(path: str) -> None:
    with socket.socket(socket.AF_UNIX) as one:
        one.connect(path)


def listed(path: str) -> None:
    if not os.listdir(path):
        raise FileNotFoundError(2, "nothing is there")


ATTEMPTS = {
    "its own directory": (write, f"{own}/own"),
    "its ssh key": (read, f"{credentials}/identity"),
    "the network": (lambda: socket.create_connection(("backup", 22), timeout=10).close(),),
    **{f"reading {path}": (read, path) for path in [
        "/etc/shadow", "/etc/ssh/ssh_host_ed25519_key", "/mnt/ramfs/luks_pw", "/etc/extbackup/config.yaml", "/etc/extbackup/salt",
        "/var/lib/extbackup/drives.json", "/run/extbackup/status.json", "/dev/vda", "/proc/1/environ", "/root/.ssh/authorized_keys",
    ]},
    **{f"writing {path}": (write, path) for path in ["/etc/passwd", "/run/own", "/var/lib/own", "/var/tmp/../log/own", "/run/extbackup/spool/own"]},
    **{f"the socket {path}": (connect, path) for path in ["/run/systemd/private", "/run/dbus/system_bus_socket", "/run/systemd/notify"]},
    "seeing the agent's files": (listed, "/run/extbackup"),
    "changing the ssh key": (write, f"{credentials}/identity"),
    "root": (os.setuid, 0),
    "a namespace": (os.unshare if hasattr(os, "unshare") else lambda _: sys.exit(1), 0x10000000),
    "a signal to the first process": (os.kill, 1, 0),
}

with open(f"{own}/attempts.new", "w") as answers:
    for name, (attempt, *arguments) in ATTEMPTS.items():
        try:
            attempt(*arguments)
            answers.write(f"DONE\t{name}\t\n")
        except OSError as error:
            answers.write(f"stopped\t{name}\t{error.strerror or error}\n")
os.rename(f"{own}/attempts.new", f"{own}/attempts")
time.sleep(300)
