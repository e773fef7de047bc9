"""The wire format: round trips, and what happens to packs and observations that are cut or corrupted."""

from __future__ import annotations

import contextlib
import re
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.errors import WireError
from harness.guest import PackBuffer, PackCase, PackParameter, Transcript, decode_observation, encode_pack, layout
from harness.guest.layout import ContentsForm, OutputForm, RecordType
from harness.model import FaultKind, Fill, Flow, Runs, Side, Trial, TrialStatus

NONCE = 0x1122334455667788
TRIALS = (Trial(Fill.BENIGN, Side.END), Trial(Fill.NAN, Side.START))
FLOWS = (Flow.IN, Flow.INOUT)
WIRE_H = Path(__file__).parents[2] / "csrc" / "guest" / "runner" / "wire.h"


# ---- a guest, as wire.h says it writes -----------------------------------------------------------------------------


def record(kind: int, sequence: int, payload: bytes, nonce: int = NONCE) -> bytes:
    return (
        layout.RECORD_HEADER.pack(layout.RECORD_MAGIC, kind, nonce, sequence, zlib.crc32(payload), len(payload))
        + payload
    )


def hello(count: int = 1) -> bytes:
    return record(1, 0, layout.HELLO_HEADER.pack(1, count) + layout.FACT.pack(b"sve_bits", 256))


def trial(
    outputs: bytes,
    status: int = 0,
    buffer: int = layout.NO_BUFFER,
    damages: int = 0,
    kind: int = 0,
    registers: tuple[int, ...] = (),
) -> bytes:
    header = layout.TRIAL_HEADER.pack(
        status, 11 if status == 1 else 0, 4096, 8192, -4, buffer, 1, 1, 1000, b"", damages, 0, kind, len(registers)
    )
    return header + b"".join(map(layout.REGISTER.pack, registers)) + outputs


def inline(data: bytes, digest: int = 7) -> bytes:
    return layout.OUTPUT.pack(1, 0, digest, len(data)) + data + bytes(-len(data) % 8)


def in_runs(*runs: tuple[int, int], length_bytes: int = 2**33) -> bytes:
    pairs = b"".join(layout.OUTPUT_RUN.pack(*run) for run in runs)
    return layout.OUTPUT.pack(OutputForm.RUNS, len(runs), 0, length_bytes) + pairs


NOTHING = layout.OUTPUT.pack(0, 0, 0, 0)
SAME = layout.OUTPUT.pack(2, 0, 7, 12)
ROW = bytes(range(12))


def case(index: int, sequence: int, *trials: bytes) -> bytes:
    return record(2, sequence, layout.CASE_HEADER.pack(index, len(trials)) + b"".join(trials))


def bye(sequence: int, done: int) -> bytes:
    return record(3, sequence, layout.BYE.pack(done, 0))


GOOD = hello() + case(0, 1, trial(NOTHING + inline(ROW)), trial(NOTHING + SAME)) + bye(2, 1)


def decode(data: bytes, nonce: int = NONCE, case_count: int = 1) -> Transcript:
    return decode_observation(data, nonce, trial_counts=(2,) * case_count, flows=FLOWS)


# ---- observation ---------------------------------------------------------------------------------------------------


def test_a_whole_observation_is_read_back() -> None:
    transcript = decode(GOOD)
    assert transcript.complete
    assert transcript.facts == {"sve_bits": 256}
    first, second = transcript.cases[0].trials
    assert first.status is TrialStatus.RETURNED
    assert first.outputs == (None, ROW)
    assert second.outputs == (None, ROW), "an output that travelled once serves both trials"


def test_an_output_of_a_sparse_case_is_read_back_as_runs() -> None:
    outputs = NOTHING + in_runs((7, 2**30), (8, 1), (7, 2**30 - 1))
    (first, _) = decode(hello() + case(0, 1, trial(outputs), trial(NOTHING + inline(ROW)))).cases[0].trials
    assert first.outputs == (None, Runs((7, 8, 7), (2**30, 1, 2**30 - 1)))


def test_a_fault_is_read_back() -> None:
    data = hello() + case(0, 1, trial(NOTHING + NOTHING, status=1, buffer=1), trial(NOTHING + NOTHING, status=3))
    fault = decode(data).cases[0].trials[0].fault
    assert fault is not None
    assert (fault.signal, fault.buffer, fault.offset_bytes, fault.is_write) == (11, 1, -4, True)
    assert fault.in_streaming_mode


def test_what_raised_a_signal_and_the_registers_are_read_back() -> None:
    ended = trial(NOTHING + NOTHING, status=1, kind=3, registers=tuple(range(16)))
    fault = decode(hello() + case(0, 1, ended, trial(NOTHING + NOTHING, status=3))).cases[0].trials[0].fault
    assert fault is not None
    assert (fault.kind, fault.registers) == (FaultKind.PROTECTION, tuple(range(16)))


@given(st.integers(0, len(GOOD) - 1))
def test_a_cut_observation_is_never_complete(length: int) -> None:
    transcript = decode(GOOD[:length])
    assert not transcript.complete


@given(st.integers(0, len(GOOD) - 1), st.integers(1, 255))
def test_a_corrupted_byte_never_yields_another_observation(position: int, flip: int) -> None:
    data = bytearray(GOOD)
    data[position] ^= flip
    try:
        transcript = decode(bytes(data))
    except WireError:
        return
    assert not transcript.complete, f"byte {position} was changed and nobody noticed"


@given(st.binary(max_size=400))
def test_noise_is_refused_or_incomplete(data: bytes) -> None:
    with contextlib.suppress(WireError):
        assert not decode(data).complete


@pytest.mark.parametrize(
    ("data", "complaint"),
    [
        (GOOD + bye(3, 1), "follows the last"),
        (hello() + bye(1, 1), "counted other cases"),
        (hello() + case(1, 1, trial(NOTHING + inline(ROW)), trial(NOTHING + SAME)), "case 1 where 0 was due"),
        (hello() + case(0, 1, trial(NOTHING + inline(ROW))), "1 trials instead of 2"),
        (hello() + case(0, 1, trial(NOTHING + NOTHING), trial(NOTHING + SAME)), "output is missing"),
        (hello() + case(0, 1, trial(NOTHING + SAME), trial(NOTHING + SAME)), "never came"),
        (hello() + case(0, 1, trial(inline(ROW) + inline(ROW)), trial(NOTHING + SAME)), "input came back"),
        (hello() + case(0, 1, trial(NOTHING + inline(ROW), buffer=2), trial(NOTHING + SAME)), "does not exist"),
        (hello() + case(0, 1, trial(NOTHING + inline(ROW), status=9), trial(NOTHING + SAME)), "unknown trial status"),
        (
            hello() + case(0, 1, trial(NOTHING + inline(ROW), damages=9), trial(NOTHING + SAME)),
            "impossible damage|ends inside|longer",
        ),
        (hello() + case(0, 1, trial(NOTHING + inline(ROW), kind=4), trial(NOTHING + SAME)), "a fault of kind 4"),
        (hello() + case(0, 1, trial(NOTHING, registers=(0,) * 17), trial(NOTHING + SAME)), "with 17 registers"),
        (hello() + record(2, 1, b"12345678"), "case 875770417"),
        (hello() + case(0, 1, trial(NOTHING + in_runs((7, 0))), trial(NOTHING + SAME)), "do not fit"),
        (hello() + case(0, 1, trial(NOTHING + in_runs((7, 2**33 + 1))), trial(NOTHING + SAME)), "do not fit"),
        (hello() + case(0, 1, trial(NOTHING + in_runs(*[(7, 1)] * 4097)), trial(NOTHING + SAME)), "4097 runs"),
        (hello(count=2), "another pack"),
        (hello() + hello(), "where 1 was due"),
        (bye(0, 0), "attestation is not the first"),
        (hello() + record(9, 1, b""), "unknown record type"),
        (
            hello() + b"".join(case(i, i + 1, trial(NOTHING + inline(ROW)), trial(NOTHING + SAME)) for i in range(2)),
            "more cases",
        ),
    ],
)
def test_an_observation_that_lies_is_refused(data: bytes, complaint: str) -> None:
    with pytest.raises(WireError, match=complaint):
        decode(data)


def test_another_runs_observation_is_refused() -> None:
    with pytest.raises(WireError, match="nonce"):
        decode(GOOD, nonce=NONCE + 1)


# ---- pack ----------------------------------------------------------------------------------------------------------

contents = st.binary(max_size=40)


@given(st.lists(st.tuples(contents, st.none() | contents, st.integers(0, 2**64 - 1)), max_size=5))
def test_a_pack_holds_what_was_put_in(cases: list[tuple[bytes, bytes | None, int]]) -> None:
    parameters = [
        PackParameter(True, Flow.IN, 4, False),
        PackParameter(True, Flow.OUT, 4, False),
        PackParameter(False, Flow.IN, 8, True),
    ]
    packed = [
        PackCase((0, 0, value), (PackBuffer(len(a), a), PackBuffer(8 if b is None else len(b), b)), len(TRIALS), 9)
        for a, b, value in cases
    ]
    data = encode_pack(NONCE, parameters, packed, TRIALS, vector_bits=256, timeout_limit=3)
    header = layout.PACK_HEADER.unpack_from(data)
    assert header[:4] == (layout.PACK_MAGIC, layout.WIRE_VERSION, NONCE, len(data))
    assert header[4:8] == (3, 2, len(cases), 256)
    blob_offset, checksum = header[8:10]
    assert zlib.crc32(data[layout.PACK_HEADER.size :]) == checksum
    at = layout.PACK_HEADER.size + 3 * layout.PACK_PARAMETER.size
    for index, (a, b, value) in enumerate(cases):
        assert layout.PACK_CASE.unpack_from(data, at) == (index, len(TRIALS), 9, 0)
        at += layout.PACK_CASE.size
        assert struct.unpack_from("<3Q", data, at)[2] == value
        at += 24
        for buffer in (a, b):
            extent, offset, _, form, _ = layout.PACK_BUFFER.unpack_from(data, at)
            if buffer is None:
                assert (extent, form) == (8, ContentsForm.NONE)
            else:
                assert form == ContentsForm.BYTES
                assert data[blob_offset + offset :][:extent] == buffer
                assert offset % 8 == 0
            at += layout.PACK_BUFFER.size
        at += len(TRIALS) * (layout.PACK_TRIAL.size + 2 * layout.PACK_PLACEMENT.size)
    assert at == blob_offset


def test_a_sparse_buffer_travels_as_runs_over_zeros() -> None:
    patches = ((0, b"abcd"), (2**31, b"efgh"), (2**33 - 4, b"ijkl"))
    case = PackCase((0,), (PackBuffer(2**33, patches),), 1, 9, is_sparse=True)
    data = encode_pack(NONCE, [PackParameter(True, Flow.IN, 4, False)], [case], TRIALS, vector_bits=0, timeout_limit=0)
    assert len(data) < 512
    blob = data[layout.PACK_HEADER.unpack_from(data)[8] :]
    at = layout.PACK_HEADER.size + layout.PACK_PARAMETER.size
    assert layout.PACK_CASE.unpack_from(data, at)[3] == layout.CASE_SPARSE
    extent, offset, _, form, runs = layout.PACK_BUFFER.unpack_from(data, at + layout.PACK_CASE.size + 8)
    assert (extent, form, runs) == (2**33, ContentsForm.RUNS, 3)
    found = [layout.PACK_RUN.unpack_from(blob, offset + k * layout.PACK_RUN.size) for k in range(runs)]
    assert tuple((backend, blob[start : start + count]) for backend, count, start in found) == patches


# ---- the two ends --------------------------------------------------------------------------------------------------


def defined(name: str) -> int:
    match = re.search(rf"#define {name} (\w+)", WIRE_H.read_text())
    assert match, name
    return int(match[1].rstrip("u"), 0)


@pytest.mark.parametrize(
    "name",
    [
        "WIRE_VERSION",
        "PACK_MAGIC",
        "RECORD_MAGIC",
        "CASE_SPARSE",
        "OUTPUT_RUN_LIMIT",
        "TRIAL_CLEAN_UPPERS",
        "TRIAL_STREAMING",
        "TRIAL_ZA_DORMANT",
        "TRIAL_ALTERNATE_LANES",
        "TRIAL_BENIGN_ARGUMENTS",
        "TRIAL_BENIGN_REGISTERS",
        "TRIAL_BENIGN_LANES",
        "TRIAL_BENIGN_MEMORY",
        "TRIAL_BENIGN_HEAP",
    ],
)
def test_constants_agree_with_the_header(name: str) -> None:
    assert getattr(layout, name) == defined(name)


STRUCTURES = [
    ("pack_header", layout.PACK_HEADER),
    ("pack_parameter", layout.PACK_PARAMETER),
    ("pack_case", layout.PACK_CASE),
    ("pack_buffer", layout.PACK_BUFFER),
    ("pack_run", layout.PACK_RUN),
    ("pack_trial", layout.PACK_TRIAL),
    ("pack_placement", layout.PACK_PLACEMENT),
    ("record_header", layout.RECORD_HEADER),
    ("hello_header", layout.HELLO_HEADER),
    ("fact", layout.FACT),
    ("case_header", layout.CASE_HEADER),
    ("trial_header", layout.TRIAL_HEADER),
    ("damage", layout.DAMAGE),
    ("violation", layout.VIOLATION),
    ("output", layout.OUTPUT),
    ("output_run", layout.OUTPUT_RUN),
    ("bye", layout.BYE),
]
_C_CODES: dict[str, Callable[[int], str]] = {
    "uint16_t": lambda n: "H" * n,
    "uint32_t": lambda n: "I" * n,
    "uint64_t": lambda n: "Q" * n,
    "int64_t": lambda n: "q" * n,
    "char": lambda n: f"{n}s",
}


@pytest.mark.parametrize(("name", "layout"), STRUCTURES)
def test_structures_agree_with_the_header(name: str, layout: struct.Struct) -> None:
    text = re.sub(r"/\*.*?\*/", "", WIRE_H.read_text(), flags=re.DOTALL)
    body = re.search(rf"struct {name} {{(.*?)}};", text, re.DOTALL)
    assert body, name
    fields = re.findall(r"(\w+) \w+(?:\[(\w+)\])?;", body[1])
    codes = "".join(
        _C_CODES[kind](1 if not count else int(count) if count.isdigit() else defined(count)) for kind, count in fields
    )
    assert struct.calcsize("<" + codes) == layout.size
    ours = layout.format.lstrip("<")
    assert codes in (ours, ours.replace("16s", "QQ"))


@pytest.mark.parametrize(
    ("enumeration", "names"),
    [
        (RecordType, "RECORD_"),
        (OutputForm, "OUTPUT_"),
        (ContentsForm, "CONTENTS_"),
        (TrialStatus, "TRIAL_"),
        (FaultKind, "FAULT_"),
        (Fill, "FILL_"),
        (Side, "SIDE_"),
        (Flow, "FLOW_"),
    ],
)
def test_enumerations_agree_with_the_header(enumeration: type[RecordType], names: str) -> None:
    text = WIRE_H.read_text()
    for member in enumeration:
        assert re.search(rf"\b{names}{member.name} = {member.value}\b", text), member
