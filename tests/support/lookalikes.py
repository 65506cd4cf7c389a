#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Writes tools/web/view/lookalikes.js: the letters that look like Latin ones, as UTS 39
has them in the ICU of this machine. Those that NFKC makes Latin are left out."""

import ctypes
import ctypes.util
import os
import re
import sys
import unicodedata

HEAD = """// SPDX-License-Identifier: LGPL-2.1-or-later

// Written by tests/support/lookalikes.py from ICU's table (UTS 39): behind each letter of
// ASCII, or two, those that look like it.

export const LOOKALIKES = {
"""
WIDTH = 84  # characters of a line


class Checker:
    """ICU's, by the names of its version."""

    def __init__(self):
        name = ctypes.util.find_library("icui18n")
        self.version = re.search(r"\.so\.(\d+)", name).group(1)
        library = ctypes.CDLL(name)
        self.status = ctypes.c_int(0)
        make = getattr(library, f"uspoof_open_{self.version}")
        make.restype = ctypes.c_void_p
        self.checker = ctypes.c_void_p(make(ctypes.byref(self.status)))
        self.skeleton_of = getattr(library, f"uspoof_getSkeletonUTF8_{self.version}")

    def skeleton(self, text):
        out = ctypes.create_string_buffer(256)
        self.status.value = 0
        self.skeleton_of(self.checker, 0, text.encode(), -1, out, len(out),
                         ctypes.byref(self.status))
        return out.value.decode()


def collect(checker):
    """{skeleton: letters}"""
    found = {}
    for code in range(0x80, 0x20000):
        char = chr(code)
        if unicodedata.category(char)[0] not in "LN" or 0xd800 <= code < 0xe000:
            continue
        skeleton = checker.skeleton(char)
        if (skeleton.isascii() and skeleton.isalnum()
                and not unicodedata.normalize("NFKC", char).isascii()):
            found.setdefault(skeleton, []).append(char)
    for char in map(chr, range(0x21, 0x7f)):
        if char.isalnum() and checker.skeleton(char) != char:
            found.setdefault(checker.skeleton(char), []).append(char)
    return found


def lines(key, chars):
    """Letters by their codes: they are written in both directions."""
    texts = [c if c.isascii() else "\\u{%x}" % ord(c) for c in chars]
    line = f'  {key}: "'
    for text in texts:
        if len(line) + len(text) > WIDTH:
            yield line + '"'
            line = '    + "'
        line += text
    yield line + '",'


def main():
    top = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    found = collect(Checker())
    with open(f"{top}/tools/web/view/lookalikes.js", "w", encoding="utf-8") as out:
        out.write(HEAD)
        for key in sorted(found):
            out.write("\n".join(lines(key, sorted(found[key]))) + "\n")
        out.write("};\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
