"""Looks for patterns in the command line and environment of every process and in the journal, again and again.

sample-processes.py PATTERNS SEEN ROUNDS

PATTERNS has one pattern a line. What is found goes to SEEN, one line for each place: `cmdline of PID: N`, `environ of
PID: N` or `journal: N`, where N is the number of the pattern, the first being 0. ROUNDS gets a byte for each round
through all processes.
"""
import os
import subprocess
import sys

with open(sys.argv[1], "rb") as file:
    patterns = file.read().split()
longest = max(map(len, patterns))
told = set()


def look(place, text):
    for number, pattern in enumerate(patterns):
        line = f"{place}: {number}\n"
        if pattern in text and line not in told:
            told.add(line)
            seen.write(line.encode())


journal = subprocess.Popen(["/usr/bin/journalctl", "--follow", "--lines=0", "--output=export"], stdout=subprocess.PIPE)
os.set_blocking(journal.stdout.fileno(), False)
end_of_journal = b""

with open(sys.argv[2], "wb", 0) as seen, open(sys.argv[3], "wb", 0) as rounds:
    while True:
        for pid in filter(str.isdigit, os.listdir("/proc")):
            for name in ("cmdline", "environ"):
                try:
                    with open(f"/proc/{pid}/{name}", "rb") as file:
                        look(f"{name} of {pid}", file.read())
                except OSError:
                    continue  # it has ended
        while piece := journal.stdout.read():
            end_of_journal = end_of_journal[-longest:] + piece  # a pattern may lie across two pieces
            look("journal", end_of_journal)
        if journal.poll() is not None:
            sys.exit("journalctl has ended")
        rounds.write(b".")
