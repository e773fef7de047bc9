"""The checks that read the sources instead of running them."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TOOLS = Path(sys.executable).parent  # the test extra puts them beside the interpreter
PRODUCED = {
    ".git",
    ".harness",
    ".hypothesis",
    ".mypy_cache",
    ".pytest_cache",
    ".ruff_cache",
    ".venv",
    "__pycache__",
    "dist",
}


def files(*suffixes: str) -> Iterator[Path]:
    """Every file of the project, without what tools produce; only those with one of the suffixes, if given."""
    for directory, folders, names in os.walk(ROOT):
        folders[:] = sorted(set(folders) - PRODUCED)
        for path in (Path(directory, name) for name in sorted(names)):
            if path.name != ".git" and (not suffixes or path.suffix in suffixes):  # a file, in a worktree
                yield path


def accepts(tool: str, *arguments: str | Path) -> None:
    """Fail with what the tool printed, unless it is content."""
    done = subprocess.run([TOOLS / tool, *arguments], cwd=ROOT, capture_output=True, text=True)
    if done.returncode:
        pytest.fail(f"{tool} {' '.join(map(str, arguments[:3]))}\n{done.stdout}{done.stderr}", pytrace=False)


def test_ruff_finds_no_fault() -> None:
    accepts("ruff", "check", ".")


def test_ruff_would_not_reformat() -> None:
    accepts("ruff", "format", "--check", ".")


def test_mypy_finds_no_fault() -> None:
    accepts("mypy")


def test_clang_would_not_reformat() -> None:
    accepts("clang-format", "--dry-run", "-Werror", *files(".c", ".h"))


def test_shellcheck_finds_no_fault() -> None:
    scripts = [path for path in files() if re.match(rb"#!.*\b(sh|bash)\n", path.read_bytes()[:80])]
    assert ROOT / "dev" in scripts
    accepts("shellcheck", *scripts)


# Paths that only one machine has, and hosts that belong into its pip and apt configuration.
FOREIGN = re.compile(
    r"(?<![\w.}])/(?:work|root|farm)/|https?://\S*(?:debian|npmjs|pypi)|(?:pythonhosted|pypi|debian)\.org",
    re.IGNORECASE,
)


def test_no_file_names_a_machine_or_a_registry() -> None:
    found = []
    for path in files():
        text = path.read_bytes().decode(errors="replace")
        found += [
            f"{path.relative_to(ROOT)}:{number}: {line.strip()}"
            for number, line in enumerate(text.split("\n"), 1)
            if FOREIGN.search(line)
        ]
    assert not found, "\n".join(found)


ROOT_FILES = {"__init__", "__main__", "api", "cli", "errors", "pipeline", "resources"}


def test_imports_run_in_one_direction() -> None:
    """The floors and rooms are in pyproject.toml; a room that is on none of them is a fault, too."""
    accepts("lint-imports", "--no-cache", "--no-logo")


def test_the_root_holds_the_way_in_and_the_line() -> None:
    assert {path.stem for path in (ROOT / "harness").glob("*.py")} == ROOT_FILES
