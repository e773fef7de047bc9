"""What goes into a guest process: parameters, cases, trials and input bytes."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

from harness.guest.layout import (
    ALIGNMENT_BYTES,
    CASE_SPARSE,
    PACK_BUFFER,
    PACK_CASE,
    PACK_HEADER,
    PACK_MAGIC,
    PACK_PARAMETER,
    PACK_PLACEMENT,
    PACK_RUN,
    PACK_TRIAL,
    SIDE_ALIAS,
    TRIAL_ALTERNATE_LANES,
    TRIAL_BENIGN_ARGUMENTS,
    TRIAL_CLEAN_UPPERS,
    TRIAL_STREAMING,
    TRIAL_ZA_DORMANT,
    WIRE_VERSION,
    ContentsForm,
)
from harness.model import Flow, Side, Trial


@dataclass(frozen=True, slots=True)
class PackParameter:
    """One parameter of the contract's prototype."""

    is_buffer: bool
    flow: Flow
    element_bytes: int
    is_integer: bool


Patches = tuple[tuple[int, bytes], ...]
"""What stands among the zeros of a long buffer: (offset in bytes, bytes), ascending."""


@dataclass(frozen=True, slots=True)
class PackBuffer:
    """One buffer of a case: its length, and its contents unless the kernel only writes it."""

    extent_bytes: int
    contents: bytes | Patches | None
    readable_bytes: int = 0
    alignment_bytes: int = 1
    """What its address is a multiple of."""


@dataclass(frozen=True, slots=True)
class PackCase:
    """One case: raw bits of each parameter (0 for buffers), and the buffers in prototype order."""

    values: tuple[int, ...]
    buffers: tuple[PackBuffer, ...]
    trial_count: int
    """How many of the pack's trials it has, from the first."""
    cpu_timeout_ms: int
    """CPU time that one trial may take."""
    offsets_bytes: tuple[int, ...] = ()
    """By buffer: distance from the guard page that it would touch; none where there is no entry."""
    alias: tuple[tuple[int, int], ...] = ()
    """Pairs (buffer, the one whose address it has)."""
    is_sparse: bool = False
    """Its outputs come back as runs of equal elements."""


class _Blob:
    """The contents of all buffers, one behind the other."""

    def __init__(self) -> None:
        self.parts: list[bytes] = []
        self._size_bytes = 0

    def add(self, contents: bytes) -> int:
        """Append contents at the next aligned offset, and return it."""
        offset = self._size_bytes
        padding = -len(contents) % ALIGNMENT_BYTES
        self.parts += (contents, bytes(padding))
        self._size_bytes += len(contents) + padding
        return offset

    def add_buffer(self, contents: bytes | Patches | None) -> tuple[int, ContentsForm, int]:
        """Append a buffer's contents; return their offset, form and number of runs."""
        if contents is None:
            return 0, ContentsForm.NONE, 0
        if isinstance(contents, bytes):
            return self.add(contents), ContentsForm.BYTES, 0
        runs = [PACK_RUN.pack(at, len(patch), self.add(patch)) for at, patch in contents]
        return self.add(b"".join(runs)), ContentsForm.RUNS, len(runs)


def encode_pack(
    nonce: int,
    parameters: Sequence[PackParameter],
    cases: Sequence[PackCase],
    trials: Sequence[Trial],
    *,
    vector_bits: int,
    timeout_limit: int,
) -> bytes:
    """Lay out a pack. Every case has the first few of `trials`.

    The guest stops, with a proper end, behind the case that was the `timeout_limit`-th to run out of time.
    """
    buffer_count = sum(parameter.is_buffer for parameter in parameters)
    table = [PACK_PARAMETER.pack(p.is_buffer, p.flow, p.element_bytes, p.is_integer) for p in parameters]
    common = [_trial_table(trials[:count], buffer_count) for count in range(len(trials) + 1)]
    values = struct.Struct(f"<{len(parameters)}Q")
    blob = _Blob()
    for index, case in enumerate(cases):
        flags = CASE_SPARSE if case.is_sparse else 0
        table.append(PACK_CASE.pack(index, case.trial_count, case.cpu_timeout_ms, flags))
        table.append(values.pack(*case.values))
        for buffer in case.buffers:
            offset, form, runs = blob.add_buffer(buffer.contents)
            table.append(PACK_BUFFER.pack(buffer.extent_bytes, offset, buffer.readable_bytes, form, runs))
        is_placed = case.offsets_bytes or case.alias or any(buffer.alignment_bytes > 1 for buffer in case.buffers)
        table.append(_placed_trials(trials[: case.trial_count], case) if is_placed else common[case.trial_count])
    tables = b"".join(table)
    body = b"".join((tables, *blob.parts))
    header = PACK_HEADER.pack(
        PACK_MAGIC,
        WIRE_VERSION,
        nonce,
        PACK_HEADER.size + len(body),
        len(parameters),
        buffer_count,
        len(cases),
        vector_bits,
        PACK_HEADER.size + len(tables),
        zlib.crc32(body),
        timeout_limit,
    )
    return header + body


def _trial_table(trials: Sequence[Trial], buffer_count: int) -> bytes:
    """Lay out trials whose buffers all touch the guard page."""
    return b"".join(
        PACK_TRIAL.pack(trial.fill, _flags(trial)) + PACK_PLACEMENT.pack(trial.side, 0) * buffer_count
        for trial in trials
    )


def _placed_trials(trials: Sequence[Trial], case: PackCase) -> bytes:
    """Lay out trials of a case whose buffers keep a distance from the guard page, share addresses or are aligned."""
    shared = dict(case.alias)
    table = []
    for trial in trials:
        table.append(PACK_TRIAL.pack(trial.fill, _flags(trial)))
        for number in range(len(case.buffers)):
            if number in shared:
                table.append(PACK_PLACEMENT.pack(SIDE_ALIAS, shared[number]))
            else:
                table.append(PACK_PLACEMENT.pack(trial.side, distance_bytes(case, number, trial.side)))
    return b"".join(table)


def distance_bytes(case: PackCase, number: int, side: Side) -> int:
    """Return how far from the guard page a buffer lies: what was asked for, or more until its address is aligned."""
    sharing = [case.buffers[number], *(case.buffers[other] for other, root in case.alias if root == number)]
    alignment_bytes = max(buffer.alignment_bytes for buffer in sharing)
    wanted = case.offsets_bytes[number] if number < len(case.offsets_bytes) else 0
    span_bytes = max(buffer.extent_bytes + buffer.readable_bytes for buffer in sharing) if side is Side.END else 0
    return wanted + -(wanted + span_bytes) % alignment_bytes


def _flags(trial: Trial) -> int:
    flags = TRIAL_CLEAN_UPPERS * trial.clean_uppers | TRIAL_ALTERNATE_LANES * trial.alternate_lanes
    flags |= TRIAL_STREAMING * trial.streaming | TRIAL_ZA_DORMANT * trial.za_dormant
    return flags | trial.benign * TRIAL_BENIGN_ARGUMENTS  # its members are in the order of the flags
