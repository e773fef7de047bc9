"""The wire format between host and guest, both directions. csrc/guest/wire.h is the other end of this file.

A *pack* goes in: parameters, cases, trials and input bytes. An *observation* comes out: records, each with the pack's
nonce, its sequence number and a checksum. Nothing here starts a process or opens a file.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from harness.errors import WireError
from harness.model import (
    CaseObservation,
    Damage,
    DamageKind,
    Fault,
    Flow,
    Side,
    Trial,
    TrialObservation,
    TrialStatus,
    Violation,
)

WIRE_VERSION = 1
PACK_MAGIC = 0x4B434150
RECORD_MAGIC = 0x43455248
BLOB_NONE = 2**64 - 1
NO_BUFFER = 2**32 - 1
TRIAL_CLEAN_UPPERS = 1
SIDE_ALIAS = 2

PACK_HEADER = struct.Struct("<IIQQIIIIQII")
PACK_PARAMETER = struct.Struct("<IIII")
PACK_CASE = struct.Struct("<IIII")
PACK_BUFFER = struct.Struct("<QQQ")
PACK_TRIAL = struct.Struct("<II")
PACK_PLACEMENT = struct.Struct("<II")
RECORD_HEADER = struct.Struct("<IIQIIQ")
HELLO_HEADER = struct.Struct("<IIII")
FACT = struct.Struct("<16sQ")
CASE_HEADER = struct.Struct("<II")
TRIAL_HEADER = struct.Struct("<IIQQqIIQ16sII")
DAMAGE = struct.Struct("<IIqQ")
VIOLATION = struct.Struct("<16s48sQQ")
OUTPUT = struct.Struct("<IIQQ")
BYE = struct.Struct("<II")

_ALIGNMENT_BYTES = 8


class RecordType(IntEnum):
    """Kinds of record in an observation."""

    HELLO = 1
    CASE = 2
    BYE = 3


class OutputForm(IntEnum):
    """How an output travels."""

    NONE = 0
    INLINE = 1
    SAME = 2


# ---- pack ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class PackParameter:
    """One parameter of the contract's prototype."""

    is_buffer: bool
    flow: Flow
    element_bytes: int
    is_integer: bool


@dataclass(frozen=True, slots=True)
class PackBuffer:
    """One buffer of a case: its length, and its contents unless the kernel only writes it."""

    extent_bytes: int
    contents: bytes | None
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
    offsets_bytes: tuple[int, ...] = ()
    """By buffer: distance from the guard page that it would touch; none where there is no entry."""
    alias: tuple[tuple[int, int], ...] = ()
    """Pairs (buffer, the one whose address it has)."""


def encode_pack(
    nonce: int,
    parameters: Sequence[PackParameter],
    cases: Sequence[PackCase],
    trials: Sequence[Trial],
    *,
    vector_bits: int,
    cpu_timeout_ms: int,
    timeout_limit: int,
) -> bytes:
    """Lay out a pack. Every case has the first few of `trials`, and the same CPU-time limit per trial.

    The guest stops, with a proper end, behind the case that was the `timeout_limit`-th to run out of time.
    """
    buffer_count = sum(parameter.is_buffer for parameter in parameters)
    table = [PACK_PARAMETER.pack(p.is_buffer, p.flow, p.element_bytes, p.is_integer) for p in parameters]
    common = [_trial_table(trials[:count], buffer_count) for count in range(len(trials) + 1)]
    values = struct.Struct(f"<{len(parameters)}Q")
    blobs: list[bytes] = []
    blob_bytes = 0
    for index, case in enumerate(cases):
        table.append(PACK_CASE.pack(index, case.trial_count, cpu_timeout_ms, 0))
        table.append(values.pack(*case.values))
        for buffer in case.buffers:
            offset = BLOB_NONE
            if buffer.contents is not None:
                offset = blob_bytes
                padding = -len(buffer.contents) % _ALIGNMENT_BYTES
                blobs += (buffer.contents, bytes(padding))
                blob_bytes += len(buffer.contents) + padding
            table.append(PACK_BUFFER.pack(buffer.extent_bytes, offset, buffer.readable_bytes))
        is_placed = case.offsets_bytes or case.alias or any(buffer.alignment_bytes > 1 for buffer in case.buffers)
        table.append(_placed_trials(trials[: case.trial_count], case) if is_placed else common[case.trial_count])
    tables = b"".join(table)
    body = b"".join((tables, *blobs))
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
    return TRIAL_CLEAN_UPPERS if trial.clean_uppers else 0


# ---- observation ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Transcript:
    """What one guest process wrote: attested facts, cases in order, and whether it said goodbye."""

    facts: Mapping[str, int]
    cases: tuple[CaseObservation, ...]
    complete: bool
    truncated: bool
    """A record was cut short, as when the process is killed while writing."""


class _Reader:
    """Takes structures off the front of a record's payload, never beyond its end."""

    def __init__(self, payload: memoryview) -> None:
        self._payload = payload
        self._at = 0

    def take(self, layout: struct.Struct) -> tuple[Any, ...]:
        end = self._at + layout.size
        if end > len(self._payload):
            raise WireError("observation: a record ends inside a structure")
        taken = layout.unpack_from(self._payload, self._at)
        self._at = end
        return taken

    def take_bytes(self, count: int) -> bytes:
        end = self._at + count
        if end > len(self._payload):
            raise WireError("observation: an output is longer than its record")
        taken = bytes(self._payload[self._at : end])
        self._at = end + -count % _ALIGNMENT_BYTES
        return taken

    def finish(self) -> None:
        if self._at != len(self._payload):
            raise WireError("observation: a record is longer than its contents")


def decode_observation(
    data: bytes, nonce: int, *, first_case: int, trial_counts: Sequence[int], flows: Sequence[Flow]
) -> Transcript:
    """Read what one guest process wrote.

    Args:
        data: the observation file.
        nonce: of the pack; a record with another one is refused.
        first_case: where in the pack this process was told to start.
        trial_counts: of every case of the pack.
        flows: of the buffers, in prototype order.

    Raises:
        WireError: anything but a cut-short last record deviates from the format.
    """
    view = memoryview(data)
    case_count = len(trial_counts)
    facts: dict[str, int] = {}
    cases: list[CaseObservation] = []
    outputs: dict[tuple[int, int], bytes] = {}
    complete = False
    at = sequence = 0
    while len(view) - at >= RECORD_HEADER.size:
        kind, payload_bytes = _check_header(view, at, nonce, sequence)
        start, end = at + RECORD_HEADER.size, at + RECORD_HEADER.size + payload_bytes
        if end > len(view):
            break
        reader = _checked_payload(view, at, start, end)
        if complete:
            raise WireError("observation: a record follows the last one")
        if (kind is RecordType.HELLO) != (sequence == 0):
            raise WireError("observation: the attestation is not the first record")
        match kind:
            case RecordType.HELLO:
                facts = _hello(reader, first_case, case_count)
            case RecordType.CASE:
                expected_index = first_case + len(cases)
                if expected_index >= case_count:
                    raise WireError("observation: more cases than the pack has")
                cases.append(_case(reader, expected_index, trial_counts[expected_index], flows, outputs))
            case RecordType.BYE:
                complete = True
                if reader.take(BYE)[0] != len(cases):
                    raise WireError("observation: the guest counted other cases than it recorded")
        reader.finish()
        at, sequence = end, sequence + 1
    return Transcript(facts, tuple(cases), complete, truncated=at != len(view))


def _check_header(view: memoryview, at: int, nonce: int, sequence: int) -> tuple[RecordType, int]:
    magic, kind, its_nonce, its_sequence, _, payload_bytes = RECORD_HEADER.unpack_from(view, at)
    if magic != RECORD_MAGIC:
        raise WireError(f"observation: no record at byte {at}")
    if its_nonce != nonce:
        raise WireError(f"observation: record {sequence} has another run's nonce")
    if its_sequence != sequence:
        raise WireError(f"observation: record {its_sequence} where {sequence} was due")
    try:
        return RecordType(kind), payload_bytes
    except ValueError:
        raise WireError(f"observation: unknown record type {kind}") from None


def _checked_payload(view: memoryview, at: int, start: int, end: int) -> _Reader:
    payload = view[start:end]
    checksum = RECORD_HEADER.unpack_from(view, at)[4]
    if zlib.crc32(payload) != checksum:
        raise WireError(f"observation: the record at byte {at} fails its checksum")
    return _Reader(payload)


def _hello(reader: _Reader, first_case: int, case_count: int) -> dict[str, int]:
    fact_count, its_first, its_count, _ = reader.take(HELLO_HEADER)
    if (its_first, its_count) != (first_case, case_count):
        raise WireError("observation: the guest read another pack, or started at another case")
    facts: dict[str, int] = {}
    for _ in range(fact_count):
        name, value = reader.take(FACT)
        facts[_text(name)] = value
    return facts


def _text(raw: bytes) -> str:
    return raw.rstrip(b"\0").decode("ascii", "replace")


def _case(
    reader: _Reader, index: int, trial_count: int, flows: Sequence[Flow], outputs: dict[tuple[int, int], bytes]
) -> CaseObservation:
    its_index, its_trials = reader.take(CASE_HEADER)
    if its_index != index:
        raise WireError(f"observation: case {its_index} where {index} was due")
    if its_trials != trial_count:
        raise WireError(f"observation: case {index} has {its_trials} trials instead of {trial_count}")
    return CaseObservation(index, tuple(_trial(reader, flows, outputs) for _ in range(trial_count)))


def _trial(reader: _Reader, flows: Sequence[Flow], outputs: dict[tuple[int, int], bytes]) -> TrialObservation:
    (status_code, signal, address, pc, fault_offset, fault_buffer, write, nanoseconds, result, damages, violations) = (
        reader.take(TRIAL_HEADER)
    )
    if status_code not in _STATUSES:
        raise WireError(f"observation: unknown trial status {status_code}")
    if fault_buffer != NO_BUFFER and fault_buffer >= len(flows):
        raise WireError(f"observation: a fault in buffer {fault_buffer}, which does not exist")
    status = _STATUSES[status_code]
    fault = None
    if status is TrialStatus.SIGNAL:
        buffer = None if fault_buffer == NO_BUFFER else fault_buffer
        fault = Fault(signal, address, pc, buffer, fault_offset, {0: False, 1: True}.get(write))
    return TrialObservation(
        status,
        fault,
        nanoseconds,
        result,
        tuple([_damage(reader, len(flows)) for _ in range(damages)]),
        tuple([_violation(reader) for _ in range(violations)]),
        tuple([_output(reader, flow, status, outputs) for flow in flows]),
    )


_STATUSES = {int(status): status for status in TrialStatus}


def _damage(reader: _Reader, buffer_count: int) -> Damage:
    buffer, kind, offset_bytes, changed_bytes = reader.take(DAMAGE)
    if buffer >= buffer_count or kind not in (DamageKind.CANARY, DamageKind.INPUT):
        raise WireError(f"observation: impossible damage of kind {kind} in buffer {buffer}")
    return Damage(buffer, DamageKind(kind), offset_bytes, changed_bytes)


def _violation(reader: _Reader) -> Violation:
    name, rule, before, after = reader.take(VIOLATION)
    return Violation(_text(name), _text(rule), before, after)


def _output(reader: _Reader, flow: Flow, status: TrialStatus, outputs: dict[tuple[int, int], bytes]) -> bytes | None:
    form, _, digest, length_bytes = reader.take(OUTPUT)
    if form == OutputForm.NONE:
        if flow is not Flow.IN and status is TrialStatus.RETURNED:
            raise WireError("observation: an output is missing")
        return None
    if flow is Flow.IN:
        raise WireError("observation: an input came back as an output")
    key = (digest, length_bytes)
    if form == OutputForm.INLINE:
        outputs[key] = reader.take_bytes(length_bytes)
    elif form != OutputForm.SAME or key not in outputs:
        raise WireError("observation: an output refers to one that never came")
    return outputs[key]
