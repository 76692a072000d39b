"""Keys of the advisory locks of a database: any numbers that no other program uses there."""

from __future__ import annotations

_BASE = 0x5155_0000  # "QU"

WRITE = _BASE + 1  # all changes but those that lock their own rows
VOLATILE = _BASE + 2
FEED = _BASE + 3
UPGRADE = _BASE + 4
PROOF = _BASE + 5  # taken by the doctor alone
LEAD = _BASE + 7  # with a hash of the task that one process does at a time
USE = _BASE + 6  # shared by each connection of a console that is open, alone by who restores or moves
