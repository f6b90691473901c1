"""Tries to look into another process: look-into.py PID. Names what was possible, one a line."""
import ctypes
import os
import sys

PTRACE_ATTACH = 16
pid = int(sys.argv[1])
ways = {
    "environ": lambda: open(f"/proc/{pid}/environ", "rb").read(),
    "maps": lambda: open(f"/proc/{pid}/maps", "rb").read(),
    "mem": lambda: open(f"/proc/{pid}/mem", "rb").close(),
    "fd": lambda: os.listdir(f"/proc/{pid}/fd"),
}
for name, look in ways.items():
    try:
        look()
        print(name)
    except PermissionError:
        pass
if pid != os.getpid() and ctypes.CDLL(None).ptrace(PTRACE_ATTACH, pid, None, None) == 0:
    print("ptrace")
