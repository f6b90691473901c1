"""Plays somebody who has had a LUKS2 disk in hand and has no key: one field of both headers is changed, and the checksums
are right again. UUID and keyslots stay as they are. change-header.py DEVICE FIELD: `cipher` becomes cipher_null-ecb,
`memory` of the first keyslot 4 GiB."""
import hashlib
import re
import sys

SIZE = 16384
PATTERN, NEW = {
    "cipher": (rb'("segments".*?"encryption":")[^"]*', rb"\1cipher_null-ecb"),
    "memory": (rb'("memory":)\d+', rb"\g<1>4194304"),
}[sys.argv[2]]
with open(sys.argv[1], "r+b", buffering=0) as device:
    for offset in (0, SIZE):
        device.seek(offset)
        header = bytearray(device.read(SIZE))
        text = bytes(header[4096:]).rstrip(b"\0")
        text, changed = re.subn(PATTERN, NEW, text, count=1, flags=re.S)
        assert changed == 1
        header[4096:] = text.ljust(SIZE - 4096, b"\0")
        header[448:512] = bytes(64)
        header[448:480] = hashlib.sha256(header).digest()
        device.seek(offset)
        device.write(header)
