"""A guest that was given up before it said anything is tried once more, wherever it runs."""

from __future__ import annotations

import signal
import socket
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import cast

import pytest

from harness import launch
from harness.backend import Exit, GuestCall, GuestEnd, supervisor
from harness.backend.container import ContainerBackend, _ContainerSlot
from harness.backend.containers import Container
from harness.backend.supervisor import ContainerLostError, SilentError, Supervisor
from harness.errors import StorageError
from harness.guest import Transcript
from harness.model import Binary, CaseObservation, Conventions, Executor, Fill, Side, Trial
from harness.project.bundled import bundled_contract

SILENT = GuestEnd(Exit(None, "", "its container fell silent: nothing was heard for 60 s"), b"")
KILLED = GuestEnd(Exit(-signal.SIGKILL, "", "its container ended: it ended"), b"")
NEVER_STARTED = GuestEnd(Exit(1, "", "no such CPU"), b"")


class Slot:
    """Ends guests as it was told to."""

    def __init__(self, ends: Sequence[GuestEnd]) -> None:
        self.left = list(ends)

    def memory_bytes(self) -> int:
        return 1 << 30

    def run(self, call: GuestCall) -> GuestEnd:
        return self.left.pop(0)


def session(slot: Slot) -> launch._Session:
    contract = bundled_contract("sum_f32")
    load = launch.Load(contract, Conventions(), (), {}, (Trial(Fill.NAN, Side.END),), (), (), None)
    binary, native = Binary(Path("/nonexistent"), "", (), ()), Executor("native", "", "", (), "")
    return launch._Session(slot, binary, native, load, threading.Event(), [])


@pytest.mark.parametrize(
    ("ends", "unused", "fault"),
    [
        (
            [SILENT, SILENT, SILENT],
            1,
            "the guest did not start (made no progress, tried twice): its container fell silent: "
            "nothing was heard for 60 s",
        ),
        ([SILENT, NEVER_STARTED], 0, "the guest did not start (exit status 1, tried twice): no such CPU"),
        ([KILLED, SILENT], 1, "the guest did not start (exit status -9): its container ended: it ended"),
        ([NEVER_STARTED, SILENT], 1, "the guest did not start (exit status 1): no such CPU"),
    ],
)
def test_what_said_nothing_is_tried_once_more(ends: list[GuestEnd], unused: int, fault: str) -> None:
    slot = Slot(ends)
    tried = session(slot)
    assert tried._process([]) is None
    assert tried.harness_fault == fault
    assert len(slot.left) == unused


@pytest.mark.parametrize(
    ("ends", "may_pass"),
    [([SILENT, SILENT], True), ([KILLED], True), ([NEVER_STARTED], False), ([GuestEnd(Exit(-4, "", ""), b"")], False)],
)
def test_what_may_be_otherwise_the_next_time_is_marked(ends: list[GuestEnd], may_pass: bool) -> None:
    """The survey remembers that an emulator refuses, and not that a machine was busy."""
    tried = session(Slot(ends))
    assert tried._process([]) is None
    assert tried.observation().fault_may_pass is may_pass


def test_want_of_space_is_nobodys_observation() -> None:
    class Full(Slot):
        def run(self, call: GuestCall) -> GuestEnd:
            raise StorageError("/tmp: No space left on device")

    with pytest.raises(StorageError):
        session(Full([])).run()


def test_a_second_try_that_speaks_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    spoke = Transcript({"sve_bits": 128}, (), True)
    monkeypatch.setattr(launch, "decode_observation", lambda observation, *_, **__: spoke)
    slot = Slot([SILENT, GuestEnd(Exit(0, "", ""), b"hello")])
    tried = session(slot)
    end = tried._process([])
    assert end is not None
    assert end[0] is spoke
    assert tried.harness_fault is None


def test_an_interrupted_run_tries_nothing_again() -> None:
    slot = Slot([SILENT, SILENT])
    tried = session(slot)
    tried.cancelled.set()
    assert tried._process([]) is None
    assert tried.harness_fault == "the run was interrupted"
    assert len(slot.left) == 1


def test_a_supervisor_is_silent_when_nothing_came_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.settimeout(0.001)
        clock = iter(range(0, 10_000, 25))
        monkeypatch.setattr(time, "monotonic", lambda: next(clock))
        with pytest.raises(SilentError, match=f"nothing was heard for {supervisor._SILENCE_S} s"):
            Supervisor(ours).get("/job/observation")


class Pool:
    """Gives containers that end in a fault each."""

    def __init__(self, faults: Sequence[ContainerLostError]) -> None:
        self.faults = list(faults)

    def take(self) -> Container:
        return Container(cast(Supervisor, Lost(self.faults.pop(0))), ())


class Lost:
    """A supervisor that is lost when it runs something."""

    def __init__(self, fault: ContainerLostError) -> None:
        self.fault = fault

    def put(self, files: object) -> None: ...

    def run(self, *_: object) -> Exit:
        raise self.fault

    def close(self) -> None: ...


class Backend:
    """One whose engine is well."""

    def __init__(self, *faults: ContainerLostError) -> None:
        self.guests = Pool(faults)

    def blame(self, error: ContainerLostError) -> None: ...


def test_a_silent_container_is_given_up_and_the_next_try_has_another_one(tmp_path: Path) -> None:
    (tmp_path / "guest").write_bytes(b"")
    backend = Backend(SilentError("nothing was heard for 60 s"), ContainerLostError("it ended"))
    slot = _ContainerSlot(cast(ContainerBackend, backend))
    call = GuestCall((), tmp_path / "guest", b"", 1.0)
    assert slot.run(call) == SILENT
    assert slot.run(call) == KILLED
    assert not backend.guests.faults


def test_what_a_process_printed_is_told_of_the_case_that_gave_up(monkeypatch: pytest.MonkeyPatch) -> None:
    cases = tuple(CaseObservation(index, ()) for index in range(3))
    spoke = Transcript({"sve_bits": 128}, cases, True)
    monkeypatch.setattr(launch, "decode_observation", lambda observation, *_, **__: spoke)
    printed = "before\nbad shape\n\nguest: end of case 0000000001\nand then\n"
    end = session(Slot([GuestEnd(Exit(-6, "", printed), b"hello")]))._process([])
    assert end is not None
    assert [case.said for case in end[0].cases] == ["", "before\nbad shape\n", ""]
    assert end[1].stderr == "and then\n"
