"""Builds and launches jobs, several at a time: the effects of a run, without a judgement."""

from __future__ import annotations

import signal
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from harness.backend import Backend
from harness.build import Builder
from harness.build.locate import Location, locate
from harness.discovery.files import with_hidden
from harness.errors import BuildError, ContractError, HarnessError, StorageError
from harness.execution.interface import Interface, interface_of
from harness.execution.static_checks import with_judging_executor
from harness.execution.upper_halves import UpperHalves, examined, without_uppers
from harness.launch import load_of, observe
from harness.model import Binary, Case, Contract, FaultKind, Job, Observation, Role, has_returned, is_timeout
from harness.numerics.inputs import InputStream
from harness.storage.cache import key_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

_CANCEL_POLL_S = 0.2
_NOWHERE = (FaultKind.JUMP, FaultKind.RETURN)
"""Faults at an address that has no code."""
MAX_LOCATIONS = 3
"""Different faulting instructions of a job that are looked up."""


@dataclass(frozen=True, slots=True)
class JobResult:
    """A job that went through build and launch, or failed to be built."""

    binary: Binary | None
    observation: Observation | None
    build_fault: str = ""
    unavailable: str = ""
    """Why the job was not run although everything for it is here."""
    inputs_digest: str | None = None
    """Of all inputs of all its cases, in order."""
    faults_elsewhere: str = ""
    """Why it would fault on a processor that no emulator here has, whatever was observed."""
    note: str = ""
    """What is excused in its code, and to be said all the same."""
    job: Job | None = None
    """The job as it was run: on which of its executors, of a gate with which of its cases."""
    locations: Mapping[int, Location] = field(default_factory=dict)
    """Of the instructions at which calls ended in a signal, by address."""
    interface: Interface = field(default_factory=Interface)
    """What stands against the prototype that the kernel is called by; with a fault it was not run."""
    uppers: UpperHalves = field(default_factory=UpperHalves)
    """What the code says of upper halves of registers that calls left in use."""


@dataclass(slots=True)
class Worker:
    """Builds and launches jobs in worker threads; draws each case's inputs once."""

    builder: Builder
    waiting_room: threading.Semaphore
    """Jobs that may be at work or wait to be judged: their outputs are held in memory."""
    cancelled: threading.Event = field(default_factory=threading.Event)
    _stream: InputStream = field(default_factory=InputStream)
    _drawn: dict[str, dict[int, Mapping[str, NDArray[Any]]]] = field(default_factory=dict)
    _digests: dict[int, str] = field(default_factory=dict)
    _drawing: threading.Lock = field(default_factory=threading.Lock)
    _interfaces: dict[str, Interface] = field(default_factory=dict)
    _looking: threading.Lock = field(default_factory=threading.Lock)

    def run(self, job: Job) -> JobResult:
        """Build and launch one job.

        Raises:
            StorageError: there is no room for what that writes; it would be so with every other job.
        """
        while not self.waiting_room.acquire(timeout=_CANCEL_POLL_S):
            if self.cancelled.is_set():
                return JobResult(None, None, "the run was interrupted")
        try:
            binary = self.builder.build(job.kernel, job.contract, job.build, job.isa_flags)
            interface = self._interface(job, binary)
            if interface.fault:
                return JobResult(binary, None, interface=interface)
            job, objections = with_judging_executor(self.builder.backend, job, binary)
        except BuildError as error:
            return JobResult(None, None, with_hidden(str(error), job.kernel))
        except StorageError:
            raise
        except HarnessError as error:
            return JobResult(None, _nothing_seen(error))
        if objections.unavailable:
            return JobResult(binary, None, unavailable=objections.unavailable)
        try:
            job, observation = self._observed(job, binary)
        except StorageError:
            raise
        except HarnessError as error:
            return JobResult(binary, _nothing_seen(error))
        locations = _locate_faults(self.builder.backend, job, binary, observation)
        uppers = examined(self.builder, job, binary, observation)
        return JobResult(
            binary,
            without_uppers(observation) if uppers.excuse else observation,
            locations=locations,
            uppers=uppers,
            inputs_digest=self._digest(job),
            faults_elsewhere=objections.faults_elsewhere,
            note=objections.note,
            job=job,
            interface=interface,
        )

    def _observed(self, job: Job, binary: Binary) -> tuple[Job, Observation]:
        """Run a job's cases; those of a gate one after the other, until one does not return."""
        if job.role is not Role.GATE:
            return job, self._observe(job, binary)
        first, *others = (replace(job, cases=(case,)) for case in job.cases)
        part, observation = first, self._observe(first, binary)
        while others and has_returned(observation):
            other = others.pop(0)
            seen = self._observe(other, binary)
            if is_timeout(seen):  # too long for an emulator, which says nothing
                continue
            part, observation = other, seen
        return part, observation

    def _observe(self, job: Job, binary: Binary) -> Observation:
        load = load_of(job, self.inputs(job.contract, job.cases))
        return observe(self.builder.backend, binary, job.executor, load, self.cancelled)

    def _interface(self, job: Job, binary: Binary) -> Interface:
        """Hold a kernel's prototype against its definition, once for all builds."""
        with self._looking:
            if job.kernel.id not in self._interfaces:
                found = interface_of(binary, job.kernel, job.contract, self.builder.cache)
                self._interfaces[job.kernel.id] = found
            return self._interfaces[job.kernel.id]

    def inputs(self, contract: Contract, cases: Sequence[Case]) -> Mapping[int, Mapping[str, NDArray[Any]]]:
        """Return the inputs of cases by their key."""
        with self._drawing:
            drawn = self._drawn.setdefault(contract.op, {})
            for case in cases:
                if case.key not in drawn:
                    drawn[case.key] = self._inputs(contract, case)
                    self._digests[case.key] = key_of(array.tobytes() for array in drawn[case.key].values())
        return drawn

    def _inputs(self, contract: Contract, case: Case) -> Mapping[str, NDArray[Any]]:
        try:
            return self._stream.inputs(contract, case)
        except MemoryError:
            raise
        except Exception as error:  # a pattern that is no use with these buffers
            what = f"the inputs of {case.id} cannot be drawn: {type(error).__name__}: {error}"
            raise ContractError(what, contract.line) from None

    def _digest(self, job: Job) -> str:
        return key_of(self._digests[case.key] for case in job.cases)

    def forget(self, op: str) -> None:
        """Drop the inputs of an op whose jobs are done."""
        self._drawn.pop(op, None)


def _nothing_seen(error: HarnessError) -> Observation:
    return Observation({}, {}, {}, {}, str(error), ())


def _locate_faults(backend: Backend, job: Job, binary: Binary, observation: Observation) -> dict[int, Location]:
    """Find the instructions of the first few different faults."""
    if job.role is Role.GATE:
        return {}
    faults = (trial.fault for case in observation.cases.values() for trial in case.trials if trial.fault)
    places = (fault.pc for fault in faults if fault.kind not in _NOWHERE and fault.signal != signal.SIGABRT)
    addresses = list(dict.fromkeys(filter(None, places)))[:MAX_LOCATIONS]
    return {address: locate(backend, binary.path, job.build.compiler.triple, address) for address in addresses}
