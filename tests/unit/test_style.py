"""The checks that read the sources instead of running them."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from graphlib import TopologicalSorter
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


# A room is a module or package directly below harness/; it may import these other rooms and no more.
GROUND = {
    "code_digest",
    "elf",
    "errors",
    "files",
    "formats",
    "guarded",
    "machine",
    "model",
    "packages",
    "place",
    "prototype",
    "vectors",
}
SIDE_BY_SIDE = {"contract", "guest", "inputs", "plan", "build", "judge", "report", "settings"}
MAY_IMPORT = {
    "code_digest": set[str](),
    "elf": set[str](),
    "errors": set[str](),
    "guarded": {"errors"},
    "files": {"errors"},
    "machine": {"errors"},
    "memory": {"errors", "files"},
    "packages": {"errors"},
    "place": {"errors", "machine", "resources"},
    "prototype": {"errors", "vectors"},
    "vectors": set[str](),
    "formats": {"model", "prototype"},
    "model": {"errors", "guarded", "prototype"},
    "resources": {"errors"},
    **dict.fromkeys(SIDE_BY_SIDE, GROUND),
    "build": GROUND | {"resources"},  # the shims are part of the guest sources
    "causes": {"model"},  # pure: verdicts in, what they have in common out
    "report": GROUND | {"causes"},
    "launch": GROUND | {"guest"},
    "features": {"errors", "model", "resources"},
    "project": GROUND | {"contract", "features", "resources"},
    "discovery": GROUND,  # pure: text in, nouns out
    "finding": GROUND | {"discovery"},
    "given": GROUND | {"discovery", "finding", "project", "settings"},
    "scaffold": GROUND,  # pure: nouns in, text out
    "inventory": GROUND | {"discovery", "finding", "given", "scaffold"},
    "survey": GROUND | {"build", "executors", "features", "launch", "memory", "proving"},
    "executors": GROUND | {"build", "contract", "features", "launch", "proving", "memory", "samples"},
    "samples": GROUND | {"build", "contract", "launch"},  # it probes with an op like any other
    "proving": GROUND | {"launch"},  # pure
    "audit": GROUND | {"build", "features", "launch"},
    "crosscheck": GROUND | {"build", "workbench"},
    "interface": GROUND
    | {"build", "discovery", "inputs", "judge", "plan"},  # an op's reference tells whether order matters
    "uppers": GROUND | {"build"},
    "workbench": GROUND | {"audit", "build", "finding", "inputs", "interface", "launch", "uppers"},
    "experiments": GROUND | {"build", "judge", "launch", "workbench"},
    "verdicts": GROUND | {"build", "experiments", "features", "judge", "plan", "settings", "workbench"},
    "notes": GROUND | {"build", "proof"},
    "execution": GROUND
    | {
        "build",
        "crosscheck",
        "expectations",
        "experiments",
        "plan",
        "progress",
        "report",
        "settings",
        "verdicts",
        "workbench",
    },
    "progress": GROUND | {"report"},
    "expectations": GROUND,
    "extremes": GROUND | {"inputs"},
    "telling": GROUND | {"report", "settings"},
    "kept": GROUND | {"project", "report", "settings", "telling"},
    "proof": GROUND | {"build", "inputs", "judge"},  # remembered in the store of the builds
}
# The pipeline knows all stages and has no rule; these are what a person or a program calls, and nothing else knows the
# pipeline.
VERBS = {"api", "check", "cli", "inspection", "pytest_items", "replay"}


def rooms() -> dict[str, list[Path]]:
    """The source files of each room."""
    found: dict[str, list[Path]] = {}
    for path in sorted((ROOT / "harness").rglob("*.py")):
        found.setdefault(path.relative_to(ROOT / "harness").parts[0].removesuffix(".py"), []).append(path)
    return found


def imports(path: Path) -> Iterator[str]:
    """The rooms that a file imports, wherever in it and for whatever purpose."""
    for node in ast.walk(ast.parse(path.read_text(), str(path))):
        names: Sequence[str] = ()
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno}: a relative import hides what it reaches"
            module = node.module or ""
            names = [f"harness.{alias.name}" for alias in node.names] if module == "harness" else [module]
        yield from (name.split(".")[1] for name in names if name.startswith("harness."))


def imported_by(room: str) -> set[str]:
    return {other for path in rooms()[room] for other in imports(path)} - {room, "__version__"}


@pytest.mark.parametrize("room", sorted(rooms().keys() & MAY_IMPORT.keys()))
def test_room_imports_only_what_it_stands_on(room: str) -> None:
    assert imported_by(room) <= MAY_IMPORT[room]


def test_only_the_verbs_know_the_pipeline() -> None:
    assert {room for room in rooms() if "pipeline" in imported_by(room)} <= VERBS
    assert {room for room in rooms() if VERBS & imported_by(room)} <= {
        "__init__",
        "__main__",
        "api",  # which does what the command line does
        "cli",
        "pytest_items",
        "pytest_plugin",
    }


def test_no_circular_imports() -> None:
    TopologicalSorter({room: imported_by(room) for room in rooms()}).prepare()
