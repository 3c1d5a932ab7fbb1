"""The engine of torch in float32 on a CPU: every value has its place in one block of memory before the first call.

The graph becomes a flat list of calls of library operators bound to views of that block, so that a call costs no
allocation and no bookkeeping, joins of channels need no copies, and convolutions can be matrix products where that is
less work.
"""
