"""Looks for patterns in the command line and environment of every process, again and again: sample-processes.py PATTERNS SEEN ROUNDS

PATTERNS has one pattern a line. What is found goes to SEEN; ROUNDS gets a byte for each round through all processes.
"""
import os
import sys

with open(sys.argv[1], "rb") as file:
    patterns = file.read().split()

with open(sys.argv[2], "wb", 0) as seen, open(sys.argv[3], "wb", 0) as rounds:
    while True:
        for pid in filter(str.isdigit, os.listdir("/proc")):
            for name in ("cmdline", "environ"):
                try:
                    with open(f"/proc/{pid}/{name}", "rb") as file:
                        text = file.read()
                except OSError:
                    continue  # it has ended
                if any(pattern in text for pattern in patterns):
                    seen.write(f"{name} of {text[:80]!r}\n".encode())
        rounds.write(b".")
