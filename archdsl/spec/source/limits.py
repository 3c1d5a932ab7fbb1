"""How large a file may be; past a limit there is an error with a code, never a long wait."""

from __future__ import annotations

# Bytes; decided before the file is read.
LARGEST_FILE = 1 << 20

# Lists and mappings within each other.
DEEPEST = 64

# Enough to keep anyone busy: what comes behind is found when these are mended.
MOST_FINDINGS = 100

# Every integer up to here is exact as a float, in JSON readers and in JavaScript too.
LARGEST_INTEGER = 2**53 - 1
