"""From a binary and its cases to an observation: pack, run, read, and go on behind a case that ended the process."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from harness.errors import HarnessError
from harness.guest import PackBuffer, PackCase, PackParameter, Transcript, decode_observation, encode_pack
from harness.model import (
    Binary,
    Case,
    CaseObservation,
    Contract,
    Conventions,
    Death,
    Executor,
    Flow,
    Job,
    Observation,
    Trial,
    TrialStatus,
)
from harness.place import GuestCall, Place, Slot

if TYPE_CHECKING:
    from numpy.typing import NDArray

MAX_TIMEOUTS = 3
"""Confirmed time-outs after which a job's remaining cases are not run."""
_IDLE_BASE_S = 10.0
_IDLE_PER_TIMEOUT = 4.0


@dataclass(frozen=True, slots=True)
class Load:
    """What a guest process is given: everything about a job that does not depend on the kernel's code."""

    contract: Contract
    conventions: Conventions
    cases: tuple[Case, ...]
    inputs: Mapping[int, Mapping[str, NDArray[Any]]]
    trials: tuple[Trial, ...]
    trial_counts: tuple[int, ...]
    """By case: how many of the trials it has, from the first."""
    vector_bits: int | None
    cpu_timeout_ms: int


def load_of(job: Job, inputs: Mapping[int, Mapping[str, NDArray[Any]]]) -> Load:
    """Return the load of a job; `inputs` is by case key."""
    return Load(
        job.contract,
        job.kernel.conventions,
        job.cases,
        inputs,
        job.trials,
        job.trial_counts,
        job.vector_bits,
        job.cpu_timeout_ms,
    )


def observe(
    place: Place, binary: Binary, executor: Executor, load: Load, cancelled: threading.Event | None = None
) -> Observation:
    """Run all cases, in as many processes as it takes.

    A process that dies, or stops making progress, in a case ends that case only: the next process starts behind it.
    A case that ran out of CPU time is tried once more, alone, and the second result counts. Setting `cancelled` ends
    the process at work and starts no other.
    """
    stop = cancelled or threading.Event()
    with place.open_slot(stop) as slot:
        session = _Session(slot, binary, executor, load, stop)
        session.run()
        return session.observation()


@dataclass(slots=True)
class _Session:
    """The processes of one job and what they told so far."""

    slot: Slot
    binary: Binary
    executor: Executor
    load: Load
    cancelled: threading.Event
    facts: Mapping[str, int] = field(default_factory=dict)
    seen: dict[int, CaseObservation] = field(default_factory=dict)
    deaths: dict[int, Death] = field(default_factory=dict)
    not_run: dict[int, str] = field(default_factory=dict)
    harness_fault: str | None = None
    retried: set[int] = field(default_factory=set)

    def run(self) -> None:
        """Process after process until every case has a result or a reason for having none."""
        count = len(self.load.cases)
        first = 0
        while True:
            end = self._process(range(count), first)
            if end is None:
                return
            transcript, death = end
            self.facts = self.facts or transcript.facts
            self.seen |= {case.index: case for case in transcript.cases}
            first += len(transcript.cases)
            if not transcript.complete:
                self.deaths[first] = death
                first += 1
            self._retry_timeouts()
            if self._confirmed_timeouts() >= MAX_TIMEOUTS:
                reason = f"not run: {self._confirmed_timeouts()} cases before it did not end"
                self.not_run |= dict.fromkeys(range(first, count), reason)
                return
            if first >= count:
                return

    def _retry_timeouts(self) -> None:
        """Try cases that timed out once more, alone: a busy machine is not the kernel's fault."""
        for index in [index for index, case in self.seen.items() if _timed_out(case) and index not in self.retried]:
            self.retried.add(index)
            end = self._process(range(index, index + 1), 0)
            if end and end[0].complete:
                self.seen[index] = CaseObservation(index, end[0].cases[0].trials)

    def _confirmed_timeouts(self) -> int:
        ended_by_host = sum(death.exit_status is None for death in self.deaths.values())
        return ended_by_host + sum(_timed_out(case) for case in self.seen.values())

    def _process(self, chosen: range, first: int) -> tuple[Transcript, Death] | None:
        """Run the chosen cases, from the `first` of them on; None when what the process wrote cannot be believed."""
        nonce = secrets.randbits(64)
        emulator = self.executor.argv(self.load.vector_bits)
        idle_timeout_s = _IDLE_BASE_S + _IDLE_PER_TIMEOUT * self.load.cpu_timeout_ms / 1000
        call = GuestCall(emulator, self.binary.path, encode(self.load, chosen, nonce), first, idle_timeout_s)
        try:
            end = self.slot.run(call)
            if self.cancelled.is_set():
                raise HarnessError("the run was interrupted")
            transcript = decode_observation(
                end.observation,
                nonce,
                first_case=first,
                trial_counts=self.load.trial_counts[chosen.start : chosen.stop],
                flows=tuple(self.load.contract.flows.values()),
            )
        except HarnessError as error:
            self.harness_fault = str(error)
            return None
        if not transcript.facts:
            how = "made no progress" if end.exit.status is None else f"exit status {end.exit.status}"
            self.harness_fault = f"the guest did not start ({how}): {_last_line(end.exit.stderr)}"
            return None
        return transcript, Death(end.exit.status, end.exit.stderr)

    def command(self) -> tuple[str, ...]:
        return (*self.executor.argv(self.load.vector_bits), str(self.binary.path))

    def observation(self) -> Observation:
        return Observation(self.facts, self.seen, self.deaths, self.not_run, self.harness_fault, self.command())


def _timed_out(case: CaseObservation) -> bool:
    return any(trial.status is TrialStatus.TIMEOUT for trial in case.trials)


def _last_line(text: str) -> str:
    return (text.strip().splitlines() or ["it said nothing"])[-1]


def encode(load: Load, chosen: range, nonce: int) -> bytes:
    """Lay out the pack of some of a load's cases."""
    contract = load.contract
    parameters = [
        PackParameter(p.is_pointer, contract.flows.get(p.name, Flow.IN), p.type.size_bytes, p.type.family != "float")
        for p in contract.prototype.parameters
    ]
    return encode_pack(
        nonce,
        parameters,
        [_pack_case(load, load.cases[index], load.trial_counts[index]) for index in chosen],
        load.trials,
        vector_bits=load.vector_bits or 0,
        cpu_timeout_ms=load.cpu_timeout_ms,
        timeout_limit=MAX_TIMEOUTS,
    )


def _pack_case(load: Load, case: Case, trial_count: int) -> PackCase:
    contract, inputs = load.contract, load.inputs[case.key]
    sizes = dict(case.sizes)
    numbers = {**sizes, **dict(case.scalars)}
    buffers = []
    for parameter in contract.prototype.buffers:
        array = inputs.get(parameter.name)
        count = contract.extents[parameter.name].count(sizes)
        readable_bytes = load.conventions.over_read.get(parameter.name, 0) * parameter.type.size_bytes
        contents = None if array is None else array.tobytes()
        alignment_bytes = load.conventions.alignment.get(parameter.name, 1)
        buffers.append(PackBuffer(count * parameter.type.size_bytes, contents, readable_bytes, alignment_bytes))
    values = tuple(0 if p.is_pointer else p.type.raw_bits(numbers[p.name]) for p in contract.prototype.parameters)
    elements = [parameter.type.size_bytes for parameter in contract.prototype.buffers]
    offsets = tuple(offset * size for offset, size in zip(case.placement.offsets, elements, strict=False))
    return PackCase(values, tuple(buffers), trial_count, offsets, case.placement.alias)
