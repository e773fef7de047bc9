"""Kernels that the tests run: known-bad ones, look-alikes of those that are right, and ones that must be contained.

A kernel is one file. Its first comment says in prose what it does, and in lines of TOML what belongs into a manifest
and what must come of it:

    /* Dropped tail: the residue is left out of the sum.
     *
     * KERNEL: op = "rms_norm_f32"
     * EXPECT: outcome = "MISMATCH"
     */

A paragraph of such lines is one kernel; a file may hold several. docs/test-kernels.md explains the keys.
"""

from __future__ import annotations

import json
import re
import shlex
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

from harness.errors import ConfigurationError
from harness.project.manifest import KERNEL_KEYS
from harness.project.toml import Table, Where
from harness.resources import targets_directory

ROOT = Path(__file__).parent
FOLDERS = ("must_fail", "must_pass", "must_be_contained")
WIDTHS = (128, 256, 512, 1024, 2048)
PAIRS = tuple(combinations(WIDTHS, 2))
CONTRACTS = ROOT / "contracts.py"
"""Of ops that only these kernels compute."""

HEADER_KEYS = {key: what for key, what in KERNEL_KEYS.items() if key != "sources"}
EXPECTED_KEYS = {
    "outcome": "a string",
    "or_outcome": "a string",
    "rule": "a string",
    "vector_bits": "a list of widths in bits",
    "passes_at": "a list of widths in bits",
    "builds": "a list of strings",
    "passes_in": "a list of strings",
    "targets": "a list of strings",
    "passes_on": "a list of strings",
    "cc": "a string",
    "options": "a string",
    "emulators": "a list of strings",
}
OUTCOMES = ("PASS", "MISMATCH", "OUT_OF_BOUNDS", "STATE", "CRASH", "TIMEOUT", "BUILD_ERROR")
"""What can be expected of a kernel; the other outcomes are nobody's or the machine's."""
_LINE = re.compile(r"^(?:/\*|\s\*)?\s*(KERNEL|EXPECT):(?: (.*))?$")
_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Expectation:
    """What must come of a kernel as a whole, and where it must show; an empty tuple stands for everywhere."""

    outcomes: tuple[str, ...]
    """One of them; more than one where it is a race."""
    rule: str
    """What the run says that all failures have in common, or the part of it that does not depend on widths."""
    vector_bits: tuple[int, ...]
    passes_at: tuple[int, ...]
    """Widths at which it must pass."""
    builds: tuple[str, ...]
    """Variants, of those at -O2."""
    passes_in: tuple[str, ...]
    """Variants at -O2 in which it must pass."""
    targets: tuple[str, ...]
    """"gate" is the call on a processor without the ISA."""
    passes_on: tuple[str, ...]
    cc: str
    options: tuple[str, ...]
    """Of the run, without which it does not show or takes too long."""
    emulators: tuple[str, ...]
    """One of them must be here for it to show."""


@dataclass(frozen=True, slots=True)
class KnownKernel:
    """One kernel of a file."""

    path: Path
    manifest: Mapping[str, Any]
    """Its [[kernel]] table, without sources."""
    expected: Expectation

    @property
    def id(self) -> str:
        """The name that `harness run` takes."""
        return f"{self.manifest['op']}/{self.manifest['name']}"


def kernels_in(folder: Path) -> list[KnownKernel]:
    """Read all kernels of a folder, by file name.

    Raises:
        ConfigurationError: a header says something impossible, or two kernels have one name.
    """
    found: dict[str, KnownKernel] = {}
    for path in sorted(folder.glob("*.[cS]")):
        for kernel in _kernels_of(path):
            if kernel.id in found:
                raise ConfigurationError(f"{path}: {found[kernel.id].path} has a kernel {kernel.id!r}, too; add a name")
            found[kernel.id] = kernel
    return list(found.values())


def manifest_text(kernels: Sequence[KnownKernel]) -> str:
    """Write a manifest; its paths are absolute, so that it may lie anywhere."""
    tables = [f"contracts = [{_toml(str(CONTRACTS))}]\n"]
    for kernel in kernels:
        entries = {**kernel.manifest, "sources": [str(kernel.path)]}
        tables.append("\n[[kernel]]\n" + "".join(f"{key} = {_toml(value)}\n" for key, value in entries.items()))
    return "".join(tables)


def write_manifest(kernels: Sequence[KnownKernel], directory: Path) -> Path:
    """Write harness.toml into a directory, which is made if need be; return its path."""
    directory.mkdir(parents=True, exist_ok=True)
    path = directory / "harness.toml"
    path.write_text(manifest_text(kernels), encoding="utf-8")
    return path


def _kernels_of(path: Path) -> Iterator[KnownKernel]:
    text = path.read_text(encoding="utf-8")
    comment = _COMMENT.match(text)
    end = text[: comment.end()].count("\n") + 1 if comment else 0
    paragraphs: list[list[tuple[int, str, str]]] = [[]]
    for number, line in enumerate(text.splitlines(), 1):
        hit = _LINE.match(line.removesuffix("*/").rstrip())
        if hit and number > end:
            raise ConfigurationError(
                f"{path}:{number}: {hit[1]}: stands behind the file's first comment; move it there"
            )
        if hit:
            paragraphs[-1].append((number, hit[1], hit[2] or ""))
        elif paragraphs[-1]:
            paragraphs.append([])
    said = [paragraph for paragraph in paragraphs if paragraph]
    if not said:
        raise ConfigurationError(
            f'{path}:1: its first comment says nothing of the kernel; add a line KERNEL: op = "..."'
        )
    for paragraph in said:
        manifest = _with_defaults(_table(path, "KERNEL", HEADER_KEYS, paragraph))
        yield KnownKernel(path, manifest, _expectation(_table(path, "EXPECT", EXPECTED_KEYS, paragraph)))


def _table(path: Path, what: str, known: Mapping[str, str], paragraph: Sequence[tuple[int, str, str]]) -> Table:
    """Read the lines of one kind as TOML, with the line that each key stands in."""
    lines = [(number, text) for number, kind, text in paragraph if kind == what]
    first = lines[0][0] if lines else paragraph[0][0]
    try:
        values = tomllib.loads("\n".join(text for _, text in lines))
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(f"{path}:{first}: what {what}: says is not valid TOML: {error}") from None
    at: dict[Where, int] = {(what,): first}
    for number, text in reversed(lines):
        at |= {(what, key): number for key in values if re.match(rf"{key}\s*=", text)}
    table = Table(path, (what,), values, at)
    table.check_keys(known, what)
    return table


def _with_defaults(table: Table) -> dict[str, Any]:
    """Complete what follows from the file's name: sve_dropped_tail.c has a kernel of that name and symbol for SVE."""
    stem = table.path.stem
    if not table.values.get("op"):
        raise table.fault('names no op; add a line KERNEL: op = "..."')
    isas = {path.stem for path in targets_directory().glob("*.toml")}
    isa = table.values.get("isa", stem.partition("_")[0])
    if isa not in isas:
        remedy = 'name the file <isa>_<what>, or add a line KERNEL: isa = "..."'
        raise table.fault(f"there is no ISA {isa!r}; {remedy}", "isa")
    return {"name": stem, "symbol": stem, **table.values, "isa": isa}


def _expectation(table: Table) -> Expectation:
    values = table.values
    outcomes = [values[key] for key in ("outcome", "or_outcome") if key in values] or ["PASS"]
    for key in ("outcome", "or_outcome"):
        if values.get(key, "PASS") not in OUTCOMES:
            raise table.fault(f"unknown outcome {values[key]!r}; expected one of {', '.join(OUTCOMES)}", key)
    lists = {key: tuple(values.get(key, ())) for key, what in EXPECTED_KEYS.items() if what.startswith("a list")}
    options = tuple(shlex.split(values.get("options", "")))
    return Expectation(tuple(outcomes), values.get("rule", ""), cc=values.get("cc", "gcc"), options=options, **lists)


def _toml(value: object) -> str:
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{_toml(key)} = {_toml(item)}" for key, item in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(map(_toml, value)) + "]"
    return json.dumps(value, ensure_ascii=False)  # strings and whole numbers are written alike


def pair_of_widths(kernel_id: str, rank: int) -> tuple[int, ...]:
    """Return the two widths, in bits, that a kernel is run at, by turns.

    Those of SME go up to 1024 bits: at 2048 bits ZA has 64 KiB, which an emulator fills and compares for every call.
    """
    pairs = [pair for pair in PAIRS if "/sme" not in kernel_id or 2048 not in pair]
    return pairs[rank % len(pairs)]
