"""The one way to run the code of contracts: whatever it does instead of answering is the contract's own error.

Contracts are Python that the user trusts, like a conftest.py. Trusted code still calls sys.exit, recurses without end,
loops for ever or has warnings turned into errors; none of that may end the run with a success, an internal error or
nothing at all. `guarded` turns what a call raises into a ContractError with file and line. `in_time` runs whatever
makes such calls in a thread of its own, which serves two purposes: a call that does not come back is found, and
Ctrl-C, which reaches the main thread only, is told from a KeyboardInterrupt that the contract raised.
"""

from __future__ import annotations

import ctypes
import math
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from types import FrameType, TracebackType
from typing import TypeVar

from harness.errors import ContractError

Answer = TypeVar("Answer")

ANSWER_TIMEOUT_S = 60.0
"""Wall time that one call of a contract's function may take before it counts as hanging."""
_POLL_S = 0.5


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a source file."""

    file: str
    number: int

    def __str__(self) -> str:
        """Write it as compilers do."""
        return f"{self.file}:{self.number}"


_running: dict[int, tuple[str, Line, float]] = {}
"""By thread, the call of contract code that has not come back yet: what it is, where it stands, and since when."""


class _AbandonedError(BaseException):
    """Ends a thread whose answer nobody waits for any more."""


def guarded(call: Callable[[], Answer], what: str, line: Line, during: str = "") -> Answer:
    """Return what a call of contract code returns.

    Args:
        call: it takes nothing.
        what: names it in messages, such as "the reference of sum_f32".
        line: where it stands.
        during: what it was called for, such as the id of a case.

    Raises:
        ContractError: it raised anything at all. The message has the innermost line of the same file that it came from.
        KeyboardInterrupt: it came in the main thread, so that a person may have asked for it.
    """
    thread = threading.get_ident()
    before = _running.get(thread)
    _running[thread] = (what, line, time.monotonic())
    try:
        return call()
    except (ContractError, _AbandonedError):
        raise
    except BaseException as error:
        if isinstance(error, KeyboardInterrupt) and threading.current_thread() is threading.main_thread():
            raise
        at = line_in_trace(error.__traceback__, line)
        raise ContractError(f"{what} {_described(error, during)}", at) from None
    finally:
        if before is None:
            del _running[thread]
        else:
            _running[thread] = before


def line_in_trace(trace: TracebackType | None, line: Line) -> Line:
    """Return the innermost line of the same file in a traceback, else `line`."""
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == line.file:
            line = Line(line.file, trace.tb_lineno)
        trace = trace.tb_next
    return line


def _described(error: BaseException, during: str) -> str:
    """Say what happened, and what to do where that is known."""
    name = type(error).__name__
    when = f" for {during}" if during else ""
    text = f": {_message(error)}" if _message(error) else ""
    if isinstance(error, SystemExit):
        return f"left the program by SystemExit({_message(error)}){when}: it has to return; remove the call of exit"
    if isinstance(error, RecursionError):
        return f"raised {name}{when}{text}: it calls itself without an end"
    if isinstance(error, MemoryError):
        return f"raised {name}{when}{text}: its arrays do not fit into memory"
    if isinstance(error, Warning):
        return f"raised {name}{when}, a warning that a filter turns into an error{text}"
    return f"raised {name}{when}{text}"


def _message(error: BaseException) -> str:
    try:
        return str(error)
    except Exception:  # an exception of the contract's own, whose text is its code, too
        return ""


def in_time(call: Callable[[], Answer]) -> Answer:
    """Return what a call returns that runs contract code, in a thread of its own.

    A signal could end what hangs, but it would need the main thread and a handler, and these belong to the program
    that imports us. What does not answer is asked to end and left behind.

    Raises:
        ContractError: one guarded call did not come back within ANSWER_TIMEOUT_S.
    """
    answers: list[Answer] = []
    faults: list[BaseException] = []

    def work() -> None:
        try:
            answers.append(call())
        except BaseException as fault:
            faults.append(fault)

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    try:
        while thread.is_alive():
            thread.join(_POLL_S)
            _check_progress(thread)
    finally:
        if thread.is_alive():  # it hangs, or we are interrupted
            number = ctypes.c_ulong(thread.ident or 0)
            ctypes.pythonapi.PyThreadState_SetAsyncExc(number, ctypes.py_object(_AbandonedError))
    if answers:
        return answers[0]
    raise faults[0]


def _check_progress(thread: threading.Thread) -> None:
    what, line, since = _running.get(thread.ident or 0, ("", None, math.inf))
    if line is not None and time.monotonic() - since >= ANSWER_TIMEOUT_S:
        at = _line_in_frames(sys._current_frames().get(thread.ident or 0), line)
        raise ContractError(f"{what} hangs: it has not returned within {ANSWER_TIMEOUT_S:g} s", at)


def _line_in_frames(frame: FrameType | None, line: Line) -> Line:
    """Return the innermost line of the same file that a thread is at, else `line`."""
    while frame is not None:
        if frame.f_code.co_filename == line.file:
            return Line(line.file, frame.f_lineno)
        frame = frame.f_back
    return line
