"""The form in which contents of files travel to and from a supervisor; docker/supervisor/runs.h is the other end."""

from __future__ import annotations

import struct
from collections.abc import Iterator

import numpy as np

SLAB = struct.Struct("<II")
SECTION = struct.Struct("<II")
SLAB_BYTES = 1 << 20
BLOCK_BYTES = 64
LEAST_REPEATS = 8


def encode(contents: bytes) -> Iterator[bytes]:
    """Yield the slabs of some contents."""
    view = memoryview(contents)
    for at in range(0, len(view), SLAB_BYTES):
        raw = view[at : at + SLAB_BYTES]
        encoded = b"".join(_sections(raw))
        yield SLAB.pack(len(raw), len(encoded)) + encoded


def _sections(raw: memoryview) -> Iterator[bytes | memoryview]:
    blocks = len(raw) // BLOCK_BYTES
    at = 0
    for start, end in _runs(raw, blocks):
        yield SECTION.pack(start - at, end - start)
        yield raw[at * BLOCK_BYTES : start * BLOCK_BYTES]
        at = end
    yield SECTION.pack(blocks - at, 0)
    yield raw[at * BLOCK_BYTES :]


def _runs(raw: memoryview, blocks: int) -> list[tuple[int, int]]:
    """Find where enough blocks equal the one before them (the first: zeros): from the first of these to their end."""
    if blocks < LEAST_REPEATS:
        return []
    words = np.frombuffer(raw, np.uint64, blocks * BLOCK_BYTES // 8).reshape(blocks, -1)
    same = np.zeros(blocks + 2, np.int8)
    same[1] = not words[0].any()
    same[2:-1] = (words[1:] == words[:-1]).all(axis=1)
    edges = np.flatnonzero(np.diff(same)).reshape(-1, 2)
    long = edges[edges[:, 1] - edges[:, 0] >= LEAST_REPEATS]
    return [(int(start), int(end)) for start, end in long]


def decode(encoded: bytes, raw_bytes: int) -> bytes:
    """Return the contents of one slab.

    Raises:
        ValueError: it is none.
    """
    raw = bytearray(raw_bytes)
    blocks, at, source, repeats = raw_bytes // BLOCK_BYTES, 0, 0, 1
    while repeats:
        if source + SECTION.size > len(encoded):
            raise ValueError("a slab ends inside a section")
        literal, repeats = SECTION.unpack_from(encoded, source)
        source += SECTION.size
        if at + literal + repeats > blocks:
            raise ValueError("a slab is longer than it says")
        raw[at * BLOCK_BYTES : (at + literal) * BLOCK_BYTES] = encoded[source : source + literal * BLOCK_BYTES]
        source += literal * BLOCK_BYTES
        at += literal
        if at:
            last = raw[(at - 1) * BLOCK_BYTES : at * BLOCK_BYTES]
            raw[at * BLOCK_BYTES : (at + repeats) * BLOCK_BYTES] = last * repeats
        at += repeats
    raw[at * BLOCK_BYTES :] = encoded[source:]
    if at != blocks or len(raw) != raw_bytes:
        raise ValueError("a slab is shorter than it says")
    return bytes(raw)
