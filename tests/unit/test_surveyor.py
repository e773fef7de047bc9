"""What the survey asks compilers, and what it remembers of the answers."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import cast

import pytest

from harness.backend import Backend, Command, Exit, Program
from harness.build import Builder
from harness.errors import StorageError
from harness.model import Compiler, Kernel, Missing, Project
from harness.project import load_project
from harness.resources import bundled_root
from harness.storage.answers import Memory
from harness.survey import Surveyor
from tests.unit.samples import rms_norm

X86 = "x86_64-linux-gnu"
MACROS = "#define __GNUC__ 12\n#define __x86_64__ 1\n"


class Machine:
    """A machine with one gcc, which may or may not do C++; it counts what it is asked."""

    native_triple = X86
    search_key = ""

    def __init__(self, *, has_cpp: bool) -> None:
        self.facts = {"in": "host"}
        self.has_cpp = has_cpp
        self.asked: list[str] = []

    def find(self, name: str) -> Program | None:
        return Program("/usr/bin/gcc", "the driver") if name in ("gcc", "/usr/bin/gcc") else None

    def file_identity(self, path: str) -> str:
        return "there" if self.has_cpp or "cc1plus" not in path else ""

    def run_tools(self, commands: Sequence[Command], *_: object, **__: object) -> list[Exit]:
        command = commands[0]
        if "-dM" in command:
            return [Exit(0, MACROS, "")]
        if command[-1].startswith("-print"):
            return [Exit(0, f"/lib/{command[-1].partition('=')[2]}\n", "")]
        if any(part.endswith("cpp.cpp") for part in command):
            self.asked.append("C++")
            warned = "warning: cc1plus is old, and there is an error: in it"
            return [Exit(0, "", warned) if self.has_cpp else Exit(1, "", "gcc: fatal error: cannot execute 'cc1plus'")]
        raise AssertionError(command)


def surveyor(machine: Machine, path: Path, code: str = "the code") -> Surveyor:
    builder = Builder(cast(Backend, machine), path / "cache", bundled_root() / "csrc" / "guest")
    return Surveyor(builder, bundled_root() / "csrc" / "probe", Memory(path / "memory.json", code))


def project() -> Project:
    return load_project(None, Path("/"))


def kernel(suffix: str) -> Kernel:
    contract = rms_norm()
    return Kernel("op", "k", "scalar", (Path(f"k{suffix}"),), "f", contract.prototype, (), contract.conventions)


def found_by(machine: Machine, path: Path) -> tuple[Compiler | Missing, Compiler | Missing]:
    """The compilers for a kernel in C and for one in C++."""
    scalar = project().isa_target("scalar")
    it = surveyor(machine, path)
    return it.compiler_for(kernel(".c"), scalar), it.compiler_for(kernel(".cpp"), scalar)


def test_a_compiler_that_links_cpp_is_fit_whatever_it_prints(tmp_path: Path) -> None:
    for_c, for_cpp = found_by(Machine(has_cpp=True), tmp_path)
    assert isinstance(for_cpp, Compiler)
    assert for_cpp == for_c


def test_one_that_does_not_is_missing_for_cpp_alone(tmp_path: Path) -> None:
    for_c, for_cpp = found_by(Machine(has_cpp=False), tmp_path)
    assert isinstance(for_c, Compiler)
    assert isinstance(for_cpp, Missing)
    assert for_cpp.reason == (
        f"gcc 12.0.0 cannot compile and link C++ for {X86}: gcc: fatal error: cannot execute 'cc1plus'; "
        f"no clang that compiles for {X86}"
    )
    assert "g++" in for_cpp.remedy


def test_an_answer_is_remembered_until_a_part_of_the_compiler_changes(tmp_path: Path) -> None:
    machine = Machine(has_cpp=False)
    for _ in range(2):
        assert isinstance(found_by(machine, tmp_path)[1], Missing)
    assert machine.asked == ["C++"]
    machine.has_cpp = True  # g++ was installed: cc1plus lies beside cc1 now
    for _ in range(2):
        assert isinstance(found_by(machine, tmp_path)[1], Compiler)
    assert machine.asked == ["C++", "C++"]
    machine.has_cpp = False
    assert isinstance(found_by(machine, tmp_path)[1], Missing), "and removed again"


def test_answers_to_other_code_are_forgotten(tmp_path: Path) -> None:
    path = tmp_path / "memory.json"
    first = Memory(path, "one")
    first.learn("key", {"complaint": "x"})
    first.write()
    for code, expected in (("one", {"complaint": "x"}), ("another", None)):
        again = Memory(path, code)
        again.read()
        assert again.get("key") == expected
    path.write_text("{half a file")
    damaged = Memory(path, "one")
    damaged.read()
    assert damaged.get("key") is None


def test_a_memory_without_news_is_not_written(tmp_path: Path) -> None:
    path = tmp_path / "memory.json"
    memory = Memory(path, "one")
    memory.learn("key", {"complaint": ""})
    memory.write()
    path.unlink()
    memory.learn("key", {"complaint": ""})
    memory.write()
    assert not path.exists()


def test_where_nothing_can_be_written_it_is_asked_again(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    memory = Memory(tmp_path / "file" / "memory.json", "one")
    memory.learn("key", {"complaint": ""})
    memory.write()
    assert json.dumps(memory.get("key")) == '{"complaint": ""}'


def test_want_of_space_is_no_property_of_a_compiler(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    machine = Machine(has_cpp=True)

    def full(commands: Sequence[Command], *_: object, **__: object) -> list[Exit]:
        if any(part.endswith("cpp.cpp") for part in commands[0]):
            raise StorageError("/tmp: No space left on device")
        return Machine.run_tools(machine, commands)

    monkeypatch.setattr(machine, "run_tools", full)
    with pytest.raises(StorageError):
        found_by(machine, tmp_path)
    assert not (tmp_path / "memory.json").exists() or "C++" not in (tmp_path / "memory.json").read_text()
