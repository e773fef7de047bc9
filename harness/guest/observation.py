"""What comes out of a guest process: records, each with the pack's nonce, its sequence number and a checksum."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from harness.errors import WireError
from harness.guest.layout import (
    ALIGNMENT_BYTES,
    BYE,
    CASE_HEADER,
    DAMAGE,
    FACT,
    HELLO_HEADER,
    NO_BUFFER,
    OUTPUT,
    OUTPUT_RUN,
    OUTPUT_RUN_LIMIT,
    RECORD_HEADER,
    RECORD_MAGIC,
    REGISTER,
    REGISTER_LIMIT,
    TRIAL_HEADER,
    VIOLATION,
    OutputForm,
    RecordType,
)
from harness.model import (
    CaseObservation,
    Damage,
    DamageKind,
    Fault,
    FaultKind,
    Flow,
    Runs,
    TrialObservation,
    TrialStatus,
    Violation,
)


@dataclass(frozen=True, slots=True)
class Transcript:
    """What one guest process wrote: attested facts, cases in order, and whether it said goodbye."""

    facts: Mapping[str, int]
    cases: tuple[CaseObservation, ...]
    complete: bool
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
        self._at = end + -count % ALIGNMENT_BYTES
        return taken

    def finish(self) -> None:
        if self._at != len(self._payload):
            raise WireError("observation: a record is longer than its contents")


def decode_observation(data: bytes, nonce: int, *, trial_counts: Sequence[int], flows: Sequence[Flow]) -> Transcript:
    """Read what one guest process wrote.

    Args:
        data: the observation file.
        nonce: of the pack; a record with another one is refused.
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
                facts = _hello(reader, case_count)
            case RecordType.CASE:
                if len(cases) == case_count:
                    raise WireError("observation: more cases than the pack has")
                cases.append(_case(reader, len(cases), trial_counts[len(cases)], flows, outputs))
            case RecordType.BYE:
                complete = True
                if reader.take(BYE)[0] != len(cases):
                    raise WireError("observation: the guest counted other cases than it recorded")
        reader.finish()
        at, sequence = end, sequence + 1
    return Transcript(facts, tuple(cases), complete)


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


def _hello(reader: _Reader, case_count: int) -> dict[str, int]:
    fact_count, its_count = reader.take(HELLO_HEADER)
    if its_count != case_count:
        raise WireError("observation: the guest read another pack")
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
    header = reader.take(TRIAL_HEADER)
    status_code, signal, address, pc, fault_offset, fault_buffer, write, streaming, nanoseconds, result = header[:10]
    damages, violations, kind, registers = header[10:]
    if status_code not in _STATUSES:
        raise WireError(f"observation: unknown trial status {status_code}")
    if fault_buffer != NO_BUFFER and fault_buffer >= len(flows):
        raise WireError(f"observation: a fault in buffer {fault_buffer}, which does not exist")
    if kind not in _KINDS or registers > REGISTER_LIMIT:
        raise WireError(f"observation: a fault of kind {kind} with {registers} registers")
    status = _STATUSES[status_code]
    found = tuple([_damage(reader, len(flows)) for _ in range(damages)])
    changed = tuple([_violation(reader) for _ in range(violations)])
    held = tuple([reader.take(REGISTER)[0] for _ in range(registers)])
    fault = None
    if status is TrialStatus.SIGNAL:
        buffer = None if fault_buffer == NO_BUFFER else fault_buffer
        is_write = {0: False, 1: True}.get(write)
        fault = Fault(signal, address, pc, buffer, fault_offset, is_write, streaming == 1, FaultKind(kind), held)
    ended = tuple([_output(reader, flow, status, outputs) for flow in flows])
    return TrialObservation(status, fault, nanoseconds, result, found, changed, ended)


_STATUSES = {int(status): status for status in TrialStatus}
_KINDS = frozenset(map(int, FaultKind))


def _damage(reader: _Reader, buffer_count: int) -> Damage:
    buffer, kind, offset_bytes, changed_bytes = reader.take(DAMAGE)
    if buffer >= buffer_count or kind not in (DamageKind.CANARY, DamageKind.INPUT):
        raise WireError(f"observation: impossible damage of kind {kind} in buffer {buffer}")
    return Damage(buffer, DamageKind(kind), offset_bytes, changed_bytes)


def _violation(reader: _Reader) -> Violation:
    name, rule, before, after = reader.take(VIOLATION)
    return Violation(_text(name), _text(rule), before, after)


def _output(
    reader: _Reader, flow: Flow, status: TrialStatus, outputs: dict[tuple[int, int], bytes]
) -> bytes | Runs | None:
    form, run_count, digest, length_bytes = reader.take(OUTPUT)
    if form == OutputForm.NONE:
        if flow is not Flow.IN and status is TrialStatus.RETURNED:
            raise WireError("observation: an output is missing")
        return None
    if flow is Flow.IN:
        raise WireError("observation: an input came back as an output")
    if form == OutputForm.RUNS:
        return _runs(reader, run_count, length_bytes)
    key = (digest, length_bytes)
    if form == OutputForm.INLINE:
        outputs[key] = reader.take_bytes(length_bytes)
    elif form != OutputForm.SAME or key not in outputs:
        raise WireError("observation: an output refers to one that never came")
    return outputs[key]


def _runs(reader: _Reader, run_count: int, length_bytes: int) -> Runs:
    if run_count > OUTPUT_RUN_LIMIT:
        raise WireError(f"observation: an output of {run_count} runs")
    taken = [reader.take(OUTPUT_RUN) for _ in range(run_count)]
    runs = Runs(tuple(element for element, _ in taken), tuple(count for _, count in taken))
    if 0 in runs.counts or runs.covered > length_bytes:
        raise WireError("observation: the runs of an output do not fit into it")
    return runs
