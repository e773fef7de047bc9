"""The guides in docs/ and the README are executed, top to bottom, each in an empty folder.

A block with a title (```c title="dot.c") is a file. Of a ```console block the lines that start with "$ " are commands,
and what follows each is what it prints: a line of three dots stands for any lines, three dots within a line for any
text, runs of blanks are one. A command succeeds unless its line ends in "# exit code N".
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PROJECTS = Path(__file__).parents[1] / "projects"
BLOCK = re.compile(r"(?ms)^```(?P<language>\w+)(?: title=\"(?P<title>[^\"]+)\")?\n(?P<text>.*?)^```$")


@dataclass(frozen=True)
class Block:
    language: str
    title: str | None
    text: str


def blocks(page: Path) -> list[Block]:
    return [Block(**found.groupdict()) for found in BLOCK.finditer(page.read_text())]


GUIDES = [page for page in sorted(DOCS.glob("*.md")) if any(block.language == "console" for block in blocks(page))]


def commands(text: str) -> Iterator[tuple[str, int, str]]:
    """Yield command, exit code and expected output."""
    for piece in re.split(r"(?m)^\$ ", text)[1:]:
        command, _, output = piece.partition("\n")
        code = re.search(r"# exit code (\d+)$", command)
        yield command, int(code[1]) if code else 0, output


def matches(expected: str, printed: str) -> bool:
    def squeezed(line: str) -> str:
        return " ".join(line.split())

    pattern = ""
    for line in map(squeezed, expected.strip().splitlines()):
        pattern += "(?:.*\n)*?" if line == "..." else re.escape(line).replace(r"\.\.\.", ".*?") + "\n"
    return re.fullmatch(pattern, "".join(f"{squeezed(line)}\n" for line in printed.strip().splitlines())) is not None


def test_output_is_compared_line_by_line() -> None:
    assert matches("a  1\n...\nc ... d\n", "a 1\nb\nb\nc x d\n")
    assert matches("a\n...", "a")
    assert not matches("a\n...\nc\n", "a\nb\n")
    assert not matches("a\n", "a\nb\n")


@pytest.mark.parametrize("page", GUIDES, ids=lambda page: page.stem)
def test_the_guide_works_as_it_stands(page: Path, tmp_path: Path) -> None:
    follow(page, tmp_path)


def test_the_readme_shows_what_is_printed(tmp_path: Path) -> None:
    """Its kernel is one of those that must fail: without the comment that gives it away, under the name that it had."""
    (source,) = (path for folder in ("csrc", "tests") for path in (ROOT / folder).rglob("sve_founding_tail.c"))
    code = re.sub(r"(?s)\A/\*.*?\*/\n", "", source.read_text())
    (tmp_path / "rms_norm.c").write_text(code.replace("sve_founding_tail(", "sve_rms_norm_f32("))
    assert follow(ROOT / "README.md", tmp_path) == 1


def follow(page: Path, directory: Path) -> int:
    """Do in a directory what a page shows, and compare what is printed; return the number of commands."""
    path = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))
    # Of pytest's plugins ours alone: each costs at every start.
    alone = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTEST_ADDOPTS": "-p harness"}
    environment = {**os.environ, **alone, "PATH": path, "COLUMNS": "120"}
    for name in ("CI", "BUILD_NUMBER"):  # there pytest repeats whole failures in its summary
        environment.pop(name, None)
    count = 0
    for block in blocks(page):
        if block.title:
            (directory / block.title).parent.mkdir(parents=True, exist_ok=True)
            (directory / block.title).write_text(block.text)
        for command, code, expected in commands(block.text) if block.language == "console" else ():
            done = subprocess.run(
                command,
                shell=True,
                cwd=directory,
                env=environment,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,  # in the order in which a terminal shows it
                text=True,
                timeout=120,
            )
            printed = done.stdout
            assert done.returncode == code, f"{page.name}: {command}\n{printed}"
            assert matches(expected, printed), f"{page.name}: {command}\nexpected:\n{expected}\nprinted:\n{printed}"
            count += 1
    return count


def test_there_are_guides() -> None:
    assert {page.stem for page in GUIDES} >= {
        "tutorial",
        "worked-contracts",
        "c",
        "cpp",
        "assembly",
        "python",
        "pytest",
    }


def test_the_guide_to_rust_shows_the_project_that_is_tested() -> None:
    """Its commands need rustc with the library of another machine; test_projects runs them where that is there."""
    shown = {block.title: block.text for block in blocks(DOCS / "rust.md") if block.title}
    assert set(shown) == {"src/lib.rs", "contract.py", "neon.toml"}
    for name, text in shown.items():
        assert text == (PROJECTS / "rust_library" / name).read_text(), name


def test_the_site_is_built_without_a_warning(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "sphinx", "--fail-on-warning", "--nitpicky", "--keep-going", "-q"]
    done = subprocess.run([*command, str(DOCS), str(tmp_path / "site")], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    pages = {page.stem for page in DOCS.glob("*.md")}
    assert pages == {page.stem for page in (tmp_path / "site").glob("*.html")} - {"genindex", "search"}
