"""Plays somebody who has had a LUKS2 disk in hand and has no key: one field of both headers says cipher_null-ecb, and
the checksums are right again. UUID and keyslots stay as they are. Argument: the device."""
import hashlib
import re
import sys

SIZE = 16384
with open(sys.argv[1], "r+b", buffering=0) as device:
    for offset in (0, SIZE):
        device.seek(offset)
        header = bytearray(device.read(SIZE))
        text = bytes(header[4096:]).rstrip(b"\0")
        text, changed = re.subn(rb'("segments".*?"encryption":")[^"]*', rb"\1cipher_null-ecb", text, count=1, flags=re.S)
        assert changed == 1
        header[4096:] = text.ljust(SIZE - 4096, b"\0")
        header[448:512] = bytes(64)
        header[448:480] = hashlib.sha256(header).digest()
        device.seek(offset)
        device.write(header)
