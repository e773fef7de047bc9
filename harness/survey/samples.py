"""Pieces of machine code that are run under an executor, to see what its processor has and what it gets wrong."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path

from harness.build import Builder
from harness.contract import exact, op
from harness.errors import HarnessError
from harness.launch import Load, observe
from harness.model import (
    ANYWHERE,
    Build,
    Case,
    Compiler,
    Conventions,
    Executor,
    Fill,
    Kernel,
    Side,
    Trial,
    TrialStatus,
    Variant,
)

# csrc/probe/samples.c has the same numbers.
_SLOT_BYTES = 64
_HEAD_BYTES = 2
_FLAGS = ("-gdwarf-4",)  # as of every guest for RISC-V: harness/targets/rvv.toml says why
_TIMEOUT_MS = 10_000
_CONTRACT = op(
    "void samples(const uint8_t *code, uint8_t *results, size_t len)",
    inputs=f"code[{_SLOT_BYTES} * len]",
    outputs="results[len]",
    reference=lambda code: code,
    tolerance=exact(),
    suites={"samples": [1]},
)


@dataclass(frozen=True, slots=True)
class Sample:
    """Code without its return; an operand of some bytes ends at the end of a page."""

    code: bytes
    operand_bytes: int = 0

    @property
    def slot(self) -> bytes:
        """The sample as the guest takes it."""
        if len(self.code) > _SLOT_BYTES - _HEAD_BYTES:
            raise ValueError(f"a sample of {len(self.code)} bytes; there is room for {_SLOT_BYTES - _HEAD_BYTES}")
        return (bytes([len(self.code), self.operand_bytes]) + self.code).ljust(_SLOT_BYTES, b"\0")


class SampleResult(IntEnum):
    """What a sample came to."""

    RAN = 1
    ILLEGAL = 2
    FAULT = 3
    """An access beyond its operand."""
    OTHER = 4


def run_samples(
    builder: Builder,
    source: Path,
    executor: Executor,
    compiler: Compiler,
    vector_bits: int | None,
    samples: Sequence[Sample],
) -> list[SampleResult]:
    """Run samples under an executor and return what each came to.

    Args:
        builder: builds the guest that runs them.
        source: csrc/probe/samples.c.
        executor: what runs the guest.
        compiler: for the executor's architecture.
        vector_bits: the width that the executor is asked for.
        samples: what to run.

    Raises:
        BuildError: the guest cannot be built.
        HarnessError: the guest did not run them.
    """
    import numpy as np

    names = tuple(parameter.name for parameter in _CONTRACT.prototype.parameters)
    kernel = Kernel(
        "samples",
        "probe",
        "probe",
        (source,),
        "samples",
        _CONTRACT.prototype,
        names,
        Conventions(),
    )
    binary = builder.build(kernel, _CONTRACT, Build(compiler, "O2", Variant.PLAIN), _FLAGS)
    case = Case("samples", "samples", "samples", (("len", len(samples)),), (), _CONTRACT.pattern, ANYWHERE, 0)
    code = np.frombuffer(b"".join(sample.slot for sample in samples), np.uint8)
    load = Load(
        _CONTRACT,
        Conventions(),
        (case,),
        {case.key: {"code": code}},
        (Trial(Fill.BENIGN, Side.END),),
        (1,),
        (_TIMEOUT_MS,),
        vector_bits,
    )
    seen = observe(builder.backend, binary, executor, load)
    if 0 not in seen.cases or seen.cases[0].trials[0].status is not TrialStatus.RETURNED:
        raise HarnessError(seen.harness_fault or "the guest did not run the survey's samples")
    results = seen.cases[0].trials[0].outputs[1]
    if not isinstance(results, bytes) or not set(results) <= {result.value for result in SampleResult}:
        raise HarnessError("the guest could not set up the survey's samples")
    return [SampleResult(result) for result in results]
