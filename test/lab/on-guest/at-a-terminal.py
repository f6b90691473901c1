"""Runs a command on a terminal of its own, waits for words and types answers: at-a-terminal.py COMMAND... <STEPS

STEPS is a JSON list of [words to wait for, what to type then], with a third word for a shell command that ends in another
terminal before that is typed. Everything that the terminal showed goes to standard output.
"""
import json
import os
import pty
import select
import subprocess
import sys
import time

PATIENCE = 300  # seconds without a letter: an emulated machine on a busy host

steps = json.load(sys.stdin)
pid, terminal = pty.fork()
if pid == 0:
    os.execvpe(sys.argv[1], sys.argv[1:], {"TERM": "dumb", "HOME": "/root", "LC_ALL": "C.UTF-8", "PATH": os.environ["PATH"]})

shown = b""


def read_more():
    """False when the terminal is closed, or silent for too long."""
    global shown
    if not select.select([terminal], [], [], PATIENCE)[0]:
        return False
    try:
        piece = os.read(terminal, 65536)
    except OSError:  # EIO: the last process has left it
        return False
    shown += piece
    return piece != b""


def wait_and_type(words, answer, since, elsewhere):
    while words.encode() not in shown[since:]:
        if not read_more():
            sys.exit(f"never saw {words!r} after {since} bytes of: {shown.decode(errors='replace')}")
    since = shown.index(words.encode(), since) + len(words.encode())
    for command in elsewhere:
        if subprocess.run(["sh", "-c", command], stdout=sys.stderr).returncode != 0:
            sys.exit(f"failed in another terminal: {command}")
    time.sleep(0.5)  # the one who asks may only now be about to listen without echo
    os.write(terminal, answer.encode())
    return since


since = 0
for words, answer, *elsewhere in steps:
    since = wait_and_type(words, answer, since, elsewhere)
while read_more():
    pass
print(shown.decode(errors="replace"))
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
