"""Builds and launches jobs, several at a time: the effects of a run, without a judgement."""

from __future__ import annotations

import signal
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from harness.audit import audit
from harness.build import Builder
from harness.build.locate import Location, locate
from harness.build.store import key_of
from harness.errors import BuildError, HarnessError, UnavailableError
from harness.inputs import InputStream
from harness.launch import load_of, observe
from harness.model import Binary, Case, Contract, FaultKind, Job, Observation, Role
from harness.place import Place
from harness.uppers import UpperHalves, examined, without_uppers

if TYPE_CHECKING:
    from numpy.typing import NDArray

_CANCEL_POLL_S = 0.2
_NOWHERE = (FaultKind.JUMP, FaultKind.RETURN)
"""Faults at a place that has no code."""
MAX_LOCATIONS = 3
"""Different faulting instructions of a job that are looked up."""


@dataclass(frozen=True, slots=True)
class Ran:
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
    locations: Mapping[int, Location] = field(default_factory=dict)
    """Of the instructions at which calls ended in a signal, by address."""
    uppers: UpperHalves = field(default_factory=UpperHalves)
    """What the code tells of upper halves of registers that calls left in use."""


@dataclass(slots=True)
class Workbench:
    """Builds and launches jobs in worker threads; draws each case's inputs once."""

    builder: Builder
    waiting_room: threading.Semaphore
    """Jobs that may be at work or wait to be judged: their outputs are held in memory."""
    cancelled: threading.Event = field(default_factory=threading.Event)
    _stream: InputStream = field(default_factory=InputStream)
    _drawn: dict[str, dict[int, Mapping[str, NDArray[Any]]]] = field(default_factory=dict)
    _digests: dict[int, str] = field(default_factory=dict)
    _drawing: threading.Lock = field(default_factory=threading.Lock)

    def run(self, job: Job) -> Ran:
        """Build and launch one job."""
        while not self.waiting_room.acquire(timeout=_CANCEL_POLL_S):
            if self.cancelled.is_set():
                return Ran(None, None, "the run was interrupted")
        try:
            binary = self.builder.build(job.kernel, job.contract, job.build, job.isa_flags)
            objections = audit(self.builder.place, job, binary)
        except BuildError as error:
            return Ran(None, None, str(error))
        except UnavailableError as error:
            return Ran(None, None, unavailable=str(error))
        except HarnessError as error:
            return Ran(None, Observation({}, {}, {}, {}, str(error), ()))
        if objections.unavailable:
            return Ran(binary, None, unavailable=objections.unavailable)
        load = load_of(job, self.inputs(job.contract, job.cases))
        observation = observe(self.builder.place, binary, job.executor, load, self.cancelled)
        locations = _locate_faults(self.builder.place, job, binary, observation)
        uppers = examined(self.builder, job, binary, observation)
        return Ran(
            binary,
            without_uppers(observation) if uppers.excuse else observation,
            locations=locations,
            uppers=uppers,
            inputs_digest=self._digest(job),
            faults_elsewhere=objections.faults_elsewhere,
        )

    def inputs(self, contract: Contract, cases: Sequence[Case]) -> Mapping[int, Mapping[str, NDArray[Any]]]:
        """Return the inputs of cases by their key."""
        with self._drawing:
            drawn = self._drawn.setdefault(contract.op, {})
            for case in cases:
                if case.key not in drawn:
                    drawn[case.key] = self._stream.inputs(contract, case)
                    self._digests[case.key] = key_of(array.tobytes() for array in drawn[case.key].values())
        return drawn

    def _digest(self, job: Job) -> str:
        return key_of(self._digests[case.key] for case in job.cases)

    def forget(self, op: str) -> None:
        """Drop the inputs of an op whose jobs are done."""
        self._drawn.pop(op, None)


def _locate_faults(place: Place, job: Job, binary: Binary, observation: Observation) -> dict[int, Location]:
    """Find the instructions of the first few different faults."""
    if job.role is Role.GATE:
        return {}
    faults = (trial.fault for case in observation.cases.values() for trial in case.trials if trial.fault)
    places = (fault.pc for fault in faults if fault.kind not in _NOWHERE and fault.signal != signal.SIGABRT)
    addresses = list(dict.fromkeys(filter(None, places)))[:MAX_LOCATIONS]
    return {address: locate(place, binary.path, job.build.compiler.triple, address) for address in addresses}
