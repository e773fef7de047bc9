"""From a binary and its cases to an observation: pack, run, read, and go on behind a case that ended the process."""

from __future__ import annotations

import contextlib
import secrets
import signal
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from harness.backend import Backend, GuestCall, GuestEnd, Slot
from harness.errors import HarnessError, StorageError, WireError
from harness.guest import (
    PackBuffer,
    PackCase,
    PackParameter,
    Patches,
    Transcript,
    decode_observation,
    encode_pack,
)
from harness.guest.error_stream import split_by_case
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

if TYPE_CHECKING:
    from numpy.typing import NDArray

MAX_TIMEOUTS = 3
"""Confirmed time-outs after which a job's remaining cases are not run."""
_IDLE_BASE_S = 10.0
_IDLE_PER_TIMEOUT = 4.0
_PROBE_TIMEOUT_MS = 5000
"""What a guest without cases may take, which only says what it is."""
_OUT_OF_MEMORY = (-signal.SIGKILL, 125)
"""How a process ends that gets no memory: by the system, or by itself (EXIT_STATUS_NO_MEMORY of the guest)."""

_NOT_ITS_OWN_END = (None, -signal.SIGKILL, -signal.SIGTERM, -signal.SIGINT, -signal.SIGHUP)
"""How a process ends that was given up, or that somebody else ended."""


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
    cpu_timeouts_ms: tuple[int, ...]
    """By case: CPU time that one call may take."""
    vector_bits: int | None


def load_of(job: Job, inputs: Mapping[int, Mapping[str, NDArray[Any]]]) -> Load:
    """Return the load of a job; `inputs` is by case key."""
    return Load(
        job.contract,
        job.kernel.conventions,
        job.cases,
        inputs,
        job.trials,
        job.trial_counts,
        job.cpu_timeouts_ms,
        job.vector_bits,
    )


def observe(
    backend: Backend, binary: Binary, executor: Executor, load: Load, cancelled: threading.Event | None = None
) -> Observation:
    """Run all cases, in as many processes as it takes.

    A process that dies, or stops making progress, in a case ends that case only: the next process starts behind it.
    A case that ran out of CPU time is tried once more, alone, and the second result counts. Setting `cancelled` ends
    the process at work and starts no other.

    Raises:
        StorageError: there is no room for what goes in or comes out.
    """
    stop = cancelled or threading.Event()
    needs_bytes = [needed_bytes(load.contract, case) for case in load.cases]
    alone = _LONG_ROWS if any(needs_bytes) else contextlib.nullcontext()
    with alone, backend.open_slot(stop) as slot:
        session = _Session(slot, binary, executor, load, stop, needs_bytes)
        session.run()
        return session.observation()


_BATCH_BEHIND_A_DEATH = 4
"""Cases in the process behind one that died."""
_LONG_ROWS = threading.Lock()
"""One process at a time has cases that need much memory, so that what is available stays available."""


@dataclass(slots=True)
class _Session:
    """The processes of one job and what they reported so far."""

    slot: Slot
    binary: Binary
    executor: Executor
    load: Load
    cancelled: threading.Event
    needs_bytes: Sequence[int]
    """By case: memory beyond what any process takes."""
    facts: Mapping[str, int] = field(default_factory=dict)
    seen: dict[int, CaseObservation] = field(default_factory=dict)
    deaths: dict[int, Death] = field(default_factory=dict)
    not_run: dict[int, str] = field(default_factory=dict)
    harness_fault: str | None = None
    unstarted: Death | None = None
    fault_may_pass: bool = False
    retried: set[int] = field(default_factory=set)

    def run(self) -> None:
        """Process after process until every case has a result or a reason for having none.

        All cases go into the first process. Behind one that died come a few, then twice as many each time, so that a
        kernel that ends its process in every case does not make each of them read all the rest.
        """
        left = self._affordable()
        if self.not_run and not left:
            return
        batch = len(left)
        while True:
            chosen, left = left[:batch], left[batch:]
            end = self._process(chosen)
            if end is None:
                return
            transcript, death = end
            self.facts = self.facts or transcript.facts
            self.seen |= {chosen[case.index]: case for case in transcript.cases}
            unseen = chosen[len(transcript.cases) :]
            batch *= 2
            if not transcript.complete:
                self._end_case(unseen.pop(0), death)
                batch = _BATCH_BEHIND_A_DEATH
            left = unseen + left
            self._retry_timeouts()
            if self._confirmed_timeouts() >= MAX_TIMEOUTS:
                reason = f"not run: {self._confirmed_timeouts()} earlier cases timed out"
                self.not_run |= dict.fromkeys(left, reason)
                return
            if not left:
                return

    def _affordable(self) -> list[int]:
        """Leave out cases for which there is no memory: running out of it would look like a fault of the kernel."""
        available = self.slot.memory_bytes() if any(self.needs_bytes) else 0
        for index, needed in enumerate(self.needs_bytes):
            if needed > available:
                self.not_run[index] = f"needs {_gib(needed)} of memory, of which {_gib(available)} are available"
        return [index for index in range(len(self.load.cases)) if index not in self.not_run]

    def _end_case(self, index: int, death: Death) -> None:
        """Note that the process ended in a case: by its own doing, or because the system took the memory away."""
        if self.needs_bytes[index] and death.exit_status in _OUT_OF_MEMORY:
            self.not_run[index] = f"ended as the system ends a process that runs out of memory ({death.exit_status})"
        else:
            self.deaths[index] = death

    def _retry_timeouts(self) -> None:
        """Try cases that timed out once more, alone: a busy machine is not the kernel's fault."""
        for index in [index for index, case in self.seen.items() if _timed_out(case) and index not in self.retried]:
            self.retried.add(index)
            end = self._process([index])
            if end and end[0].complete:
                self.seen[index] = CaseObservation(index, end[0].cases[0].trials)

    def _confirmed_timeouts(self) -> int:
        ended_by_host = sum(death.exit_status is None for death in self.deaths.values())
        return ended_by_host + sum(_timed_out(case) for case in self.seen.values())

    def _process(self, chosen: Sequence[int]) -> tuple[Transcript, Death] | None:
        """Run the chosen cases; None when what the process wrote cannot be believed.

        One that was given up before it said anything is tried once more: a busy machine is not the kernel's fault.
        """
        nonce = secrets.randbits(64)
        emulator = self.executor.argv(self.load.vector_bits)
        idle_timeout_s = (
            _IDLE_BASE_S + _IDLE_PER_TIMEOUT * max(self.load.cpu_timeouts_ms, default=_PROBE_TIMEOUT_MS) / 1000
        )
        pack = encode(self.load, chosen, nonce)
        call = GuestCall(emulator, self.binary.path, pack, idle_timeout_s, self.executor.files)
        try:
            end = self.slot.run(call)
            is_silent = _was_silent(end)
            if is_silent and not self.cancelled.is_set():
                end = self.slot.run(call)
            if self.cancelled.is_set():
                raise HarnessError("the run was interrupted")
            transcript = self._transcript(end, chosen, nonce)
        except StorageError:
            raise
        except WireError as error:
            self.harness_fault = str(error)
            return None
        except HarnessError as error:
            self.harness_fault, self.fault_may_pass = str(error), True
            return None
        if not transcript.facts:
            self.fault_may_pass = end.exit.status in _NOT_ITS_OWN_END
            how = "made no progress" if end.exit.status is None else f"exit status {end.exit.status}"
            tries = ", tried twice" if is_silent else ""
            self.harness_fault = f"the guest did not start ({how}{tries}): {_last_line(end.exit.stderr)}"
            self.unstarted = Death(end.exit.status, end.exit.stderr)
            return None
        said, rest = split_by_case(end.exit.stderr)
        if said:
            cases = tuple(replace(case, said=said.get(case.index, "")) for case in transcript.cases)
            transcript = replace(transcript, cases=cases)
        return transcript, Death(end.exit.status, rest)

    def _transcript(self, end: GuestEnd, chosen: Sequence[int], nonce: int) -> Transcript:
        if end.exit.status is not None and end.exit.status == self.executor.failure_status:
            raise HarnessError(_last_line(end.exit.stderr))
        return decode_observation(
            end.observation,
            nonce,
            trial_counts=[self.load.trial_counts[index] for index in chosen],
            flows=tuple(self.load.contract.flows.values()),
        )

    def command(self) -> tuple[str, ...]:
        return (*self.executor.argv(self.load.vector_bits), str(self.binary.path))

    def observation(self) -> Observation:
        return Observation(
            self.facts,
            self.seen,
            self.deaths,
            self.not_run,
            self.harness_fault,
            self.command(),
            self.unstarted,
            self.fault_may_pass,
        )


def needed_bytes(contract: Contract, case: Case) -> int:
    """Return the memory that a sparse case takes: what the kernel writes; zeros that are only read take none."""
    if not case.sites:
        return 0
    sizes = dict(case.sizes)
    return sum(
        contract.extents[parameter.name].count(sizes) * parameter.type.size_bytes
        for parameter in contract.prototype.buffers
        if contract.flows[parameter.name] is not Flow.IN
    )


def _was_silent(end: GuestEnd) -> bool:
    """True if a process said nothing until the backend gave it up."""
    return end.exit.status is None and not end.observation


def _gib(count_bytes: int) -> str:
    return f"{count_bytes / 2**30:.1f} GiB"


def _timed_out(case: CaseObservation) -> bool:
    return any(trial.status is TrialStatus.TIMEOUT for trial in case.trials)


def _last_line(text: str) -> str:
    return (text.strip().splitlines() or ["it said nothing"])[-1]


def encode(load: Load, chosen: Sequence[int], nonce: int) -> bytes:
    """Lay out the pack of some of a load's cases."""
    contract = load.contract
    parameters = [
        PackParameter(p.is_pointer, contract.flows.get(p.name, Flow.IN), p.type.size_bytes, p.type.family != "float")
        for p in contract.prototype.parameters
    ]
    return encode_pack(
        nonce,
        parameters,
        [_pack_case(load, index) for index in chosen],
        load.trials,
        vector_bits=load.vector_bits or 0,
        timeout_limit=MAX_TIMEOUTS,
    )


def _pack_case(load: Load, index: int) -> PackCase:
    contract, case = load.contract, load.cases[index]
    inputs = load.inputs[case.key]
    sizes = dict(case.sizes)
    numbers = {**sizes, **dict(case.scalars)}
    buffers = []
    for parameter in contract.prototype.buffers:
        array = inputs.get(parameter.name)
        count = contract.extents[parameter.name].count(sizes)
        readable_bytes = load.conventions.over_read.get(parameter.name, 0) * parameter.type.size_bytes
        contents = None if array is None else _contents(array, case.sites)
        alignment_bytes = load.conventions.alignment.get(parameter.name, 1)
        buffers.append(PackBuffer(count * parameter.type.size_bytes, contents, readable_bytes, alignment_bytes))
    values = tuple(0 if p.is_pointer else p.type.raw_bits(numbers[p.name]) for p in contract.prototype.parameters)
    elements = [parameter.type.size_bytes for parameter in contract.prototype.buffers]
    offsets = tuple(offset * size for offset, size in zip(case.placement.offsets, elements, strict=False))
    return PackCase(
        values,
        tuple(buffers),
        load.trial_counts[index],
        load.cpu_timeouts_ms[index],
        offsets,
        case.placement.alias,
        is_sparse=bool(case.sites),
    )


def _contents(array: NDArray[Any], sites: Sequence[int]) -> bytes | Patches:
    """Return the bytes of a buffer; of a sparse one those of its loud elements, with their places."""
    if not sites:
        return array.tobytes()
    return tuple((site * array.itemsize, element.tobytes()) for site, element in zip(sites, array[:-1], strict=True))
