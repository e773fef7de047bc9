"""A source is preprocessed again whenever anything that it came from has changed, and not otherwise."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from harness.build.preprocessed import preprocessed_digest

Digest = Callable[[], tuple[str, int]]


def write(path: Path, text: str) -> None:
    """Write a file as of a minute ago: what has just been written is never remembered."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    then_ns = time.time_ns() - 60 * 10**9 + len(text)
    os.utime(path, ns=(then_ns, then_ns))


@pytest.fixture
def digest(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Digest:
    """The digest of kernel.c, and how often it was preprocessed so far."""
    write(tmp_path / "kernel.c", '#include "own.h"\n#include <other.h>\nint x = OWN + OTHER;\n')
    write(tmp_path / "own.h", "#define OWN 1\n")
    write(tmp_path / "late" / "other.h", "#define OTHER 2\n")
    (tmp_path / "early").mkdir()
    source = tmp_path / "kernel.c"
    command = ("gcc", f"-I{tmp_path / 'early'}", "-I", str(tmp_path / "late"), "-E", str(source))
    memory = tmp_path_factory.mktemp("memory")  # elsewhere, since a new file changes its directory
    runs = 0

    def run() -> str:
        nonlocal runs
        runs += 1
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True).stdout

    def ask() -> tuple[str, int]:
        return preprocessed_digest(memory, "gcc 1", command, source, run), runs

    return ask


def test_nothing_changed_nothing_done(digest: Digest) -> None:
    assert digest() == digest()
    assert digest()[1] == 1


@pytest.mark.parametrize("name", ["kernel.c", "own.h", "late/other.h"])
def test_a_changed_file_is_seen(digest: Digest, tmp_path: Path, name: str) -> None:
    before, _ = digest()
    write(tmp_path / name, (tmp_path / name).read_text() + "int more;\n")
    after, runs = digest()
    assert after != before
    assert runs == 2


def test_a_header_that_appears_in_front_of_another_is_seen(digest: Digest, tmp_path: Path) -> None:
    before, _ = digest()
    write(tmp_path / "early" / "other.h", "#define OTHER 3\n")
    assert digest()[0] != before


def test_a_file_that_changed_meanwhile_is_not_remembered(digest: Digest, tmp_path: Path) -> None:
    (tmp_path / "own.h").write_text("#define OWN 4\n")
    os.utime(tmp_path / "own.h", ns=(time.time_ns() + 10**9,) * 2)
    assert digest()[1] == 1
    assert digest()[1] == 2


def test_what_the_assembler_includes_counts(digest: Digest, tmp_path: Path) -> None:
    write(tmp_path / "kernel.c", '__asm__(".incbin \\"table.bin\\"");\n')
    write(tmp_path / "table.bin", "one")
    before, _ = digest()
    write(tmp_path / "table.bin", "two!")
    assert digest()[0] != before
