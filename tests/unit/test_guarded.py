"""Contract code that leaves, recurses or hangs ends as an error of the contract; a person who interrupts is obeyed."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from harness.contract.loading import load_contracts
from harness.errors import ContractError
from harness.model import guarded as module
from harness.model.guarded import Line, guarded, in_time

HERE = Line(__file__, 1)


def raising(error: BaseException) -> Callable[[], None]:
    def call() -> None:
        raise error

    return call


class SpeechlessError(Exception):
    def __str__(self) -> str:
        raise ValueError("nothing to say")


def endless() -> int:
    return 1 + endless()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (raising(SystemExit(0)), r"left the program by SystemExit\(0\) for s/n1: it has to return"),
        (raising(KeyboardInterrupt()), "raised KeyboardInterrupt for s/n1"),
        (raising(GeneratorExit()), "raised GeneratorExit for s/n1"),
        (endless, "raised RecursionError for s/n1: .*: it calls itself without an end"),
        (raising(MemoryError("no room")), "raised MemoryError for s/n1: no room: its arrays do not fit"),
        (
            raising(RuntimeWarning("hm")),
            "raised RuntimeWarning for s/n1, a warning that a filter turns into an error: hm",
        ),
        (raising(ZeroDivisionError("by zero")), "raised ZeroDivisionError for s/n1: by zero"),
        (raising(pytest.skip.Exception("not today")), "raised Skipped for s/n1: not today"),
        (raising(SpeechlessError()), "raised SpeechlessError for s/n1$"),
    ],
)
def test_whatever_contract_code_raises_is_the_contracts_error(call: Callable[[], Any], message: str) -> None:
    with pytest.raises(ContractError, match=rf"test_guarded\.py:\d+: the reference of f {message}") as caught:
        in_time(lambda: guarded(call, "the reference of f", HERE, "s/n1"))
    assert int(caught.value.line.rpartition(":")[2]) > 20, "the line that raised, not the one that is guarded"


def test_what_contract_code_returns_is_returned() -> None:
    assert in_time(lambda: guarded(lambda: 42, "the reference", HERE)) == 42


def test_an_interrupt_of_the_main_thread_is_a_persons() -> None:
    with pytest.raises(KeyboardInterrupt):
        guarded(raising(KeyboardInterrupt()), "the reference", HERE)


def test_what_is_not_the_contracts_code_raises_as_ever() -> None:
    with pytest.raises(ZeroDivisionError):
        in_time(lambda: 1 // 0)


def test_a_contracts_own_error_keeps_its_line() -> None:
    with pytest.raises(ContractError, match=r"^mine\.py:3: wrong$"):
        in_time(lambda: guarded(raising(ContractError("wrong", "mine.py:3")), "the reference", HERE))


# ---- what hangs ----------------------------------------------------------------------------------------------------


def hang() -> None:
    while True:
        time.sleep(0.01)


@pytest.mark.parametrize("in_main_thread", [True, False])
def test_a_call_that_hangs_is_given_up_in_every_thread(monkeypatch: pytest.MonkeyPatch, in_main_thread: bool) -> None:
    monkeypatch.setattr(module, "ANSWER_TIMEOUT_S", 0.1)

    def catch() -> None:
        with pytest.raises(ContractError, match=r"test_guarded\.py:\d+: the reference hangs: .* within 0\.1 s"):
            in_time(lambda: guarded(hang, "the reference", HERE))
        caught.append(True)

    caught: list[bool] = []
    before = threading.active_count()
    if in_main_thread:
        catch()
    else:
        thread = threading.Thread(target=catch)
        thread.start()
        thread.join()
    assert caught == [True]
    deadline = time.monotonic() + 5
    while threading.active_count() > before and time.monotonic() < deadline:
        time.sleep(0.01)
    assert threading.active_count() == before, "it still runs"


def test_many_short_calls_may_take_longer_than_one_may(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "ANSWER_TIMEOUT_S", 0.5)
    monkeypatch.setattr(module, "_POLL_S", 0.05)

    def work() -> list[None]:
        return [guarded(lambda: time.sleep(0.1), "the reference", HERE) for _ in range(10)]

    assert in_time(work) == [None] * 10


# ---- loading -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("import sys\nsys.exit(0)\n", r":2: the contract left the program by SystemExit\(0\)"),
        ("x = 1\nraise KeyboardInterrupt\n", ":2: the contract raised KeyboardInterrupt"),
        ("def f():\n    return f()\nf()\n", ":2: the contract raised RecursionError"),
        ("import nowhere\n", ":1: the contract raised ModuleNotFoundError"),
        (
            "import warnings\nwarnings.simplefilter('error')\nwarnings.warn('hm')\n",
            ":3: the contract raised UserWarning",
        ),
        ("x = (\n", ":1: SyntaxError"),
    ],
)
def test_a_file_that_leaves_is_no_contract(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "mine.py"
    path.write_text(text)
    with pytest.raises(ContractError, match=message) as caught:
        load_contracts(path)
    assert str(caught.value).startswith(f"{path}:")


def test_a_file_that_hangs_is_no_contract(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "ANSWER_TIMEOUT_S", 0.1)
    path = tmp_path / "mine.py"
    path.write_text("import time\nwhile True:\n    time.sleep(0.01)\n")
    with pytest.raises(ContractError, match=r"mine\.py:[23]: the contract hangs"):
        load_contracts(path)


def test_what_a_file_does_to_warnings_and_to_numpy_is_its_own(tmp_path: Path) -> None:
    import warnings

    import numpy as np

    path = tmp_path / "mine.py"
    path.write_text(
        "import warnings\nimport numpy as np\nfrom harness.contract import *\n"
        "warnings.simplefilter('error')\nnp.seterr(all='raise')\n"
        "f = op('void f(float *x, size_t n)', inout='x[n]', reference=lambda x: x, tolerance=exact(),\n"
        "       suites={'s': [3]})\n"
    )
    before, settings = list(warnings.filters), np.geterr()
    assert list(load_contracts(path)) == ["f"]
    assert list(warnings.filters) == before
    assert np.geterr() == settings
