"""What the program was told: the command line and the environment, validated."""

from __future__ import annotations

import argparse
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.errors import UsageError
from harness.settings.option import Option
from harness.settings.options import OPTIONS, VARIANTS, add_options, options_of

if TYPE_CHECKING:
    from harness.model import Selection, Shard

__all__ = [
    "DEFAULT_OPTS",
    "DEFAULT_VECTOR_BITS",
    "OPTIONS",
    "VARIANTS",
    "Given",
    "Option",
    "ReplaySettings",
    "Reports",
    "Settings",
    "add_options",
    "available_cpus",
    "options_of",
    "read_replay",
    "read_reports",
    "read_settings",
]


@dataclass(frozen=True, slots=True)
class Reports:
    """What is written and printed of a run besides its exit code."""

    json: Path | None
    markdown: Path | None
    junit: Path | None
    html: Path | None
    annotations: bool
    verbose: bool
    quiet: bool


@dataclass(frozen=True, slots=True)
class Given:
    """A kernel by its files, which together are one; what is empty is to be inferred."""

    sources: tuple[Path, ...]
    op: str
    symbol: str
    isa: str
    prototype: str


@dataclass(frozen=True, slots=True)
class Settings:
    """What `harness run` was told, validated."""

    selection: Selection
    given: Given | None
    place: str
    last_failed: bool
    jobs: int
    stop_early: bool
    dry_run: bool
    config: Path | None
    baseline: Path | None
    shard: Shard | None
    budget_s: float
    """Wall time for making each reported failure smaller; 0 for none."""
    reports: Reports


@dataclass(frozen=True, slots=True)
class ReplaySettings:
    """What `harness replay` was told, validated."""

    id: str
    """Of the failure, or its beginning."""
    run: str | None
    """A record, a kept run's directory or name, or "last"; None for the newest kept run that has the failure."""
    config: Path | None
    shrink: bool
    budget_s: float
    """Wall time that shrinking may take."""
    gdb: bool
    verbose: bool


DEFAULT_VECTOR_BITS = (128, 256, 512)
DEFAULT_OPTS = ("O0", "O2")


def read_settings(parsed: argparse.Namespace, environment: Mapping[str, str] | None = None) -> Settings:
    """Turn a parsed command line into settings; an option that it lacks is taken from the environment.

    Raises:
        UsageError: a value that an option cannot have.
    """
    from harness.model import Selection  # here, because --help shall not pay for it

    surroundings = os.environ if environment is None else environment
    values = _values("run", parsed, surroundings)
    given = _given(parsed.kernel, values)
    widths: list[int | str] = values["svl"]
    selection = Selection(
        kernels=() if given else tuple(parsed.kernel),
        targets=tuple(values["target"]),
        vector_bits=() if "all" in widths else tuple(int(bits) for bits in widths) or DEFAULT_VECTOR_BITS,
        vector_bits_named=bool(widths) and "all" not in widths,
        emulator=values["emulator"],
        compilers=tuple(values["cc"]),
        opts=tuple(values["opt"]) or DEFAULT_OPTS,
        variants=tuple(values["build"]) or VARIANTS,
        suites=tuple(values["suite"]),
        cases=tuple(values["case"]),
        sizes=tuple(values["size"]),
        required=tuple(values["require"]),
        is_narrowed=any(values[name] for name in ("cc", "opt", "build", "suite", "case", "size", "emulator")),
        seed=values["seed"],
        cpu_timeout_s=values["timeout"],
    )
    return Settings(
        selection=selection,
        given=given,
        place=values["in"],
        last_failed=values["last_failed"],
        jobs=values["j"] or available_cpus(),
        stop_early=values["x"],
        dry_run=values["dry_run"],
        config=values["config"],
        baseline=values["baseline"],
        shard=values["shard"],
        budget_s=values["budget"],
        reports=_reports(values),
    )


_SAYING_OF_FILES = ("op", "symbol", "isa", "prototype")


def _given(kernels: Sequence[str], values: Mapping[str, Any]) -> Given | None:
    """Tell files from ids of kernels."""
    from harness.model import SOURCE_SUFFIXES

    files = [name for name in kernels if Path(name).suffix in SOURCE_SUFFIXES or Path(name).is_file()]
    if not files:
        said = next((name for name in _SAYING_OF_FILES if values[name]), None)
        if said:
            raise UsageError(f"--{said} says what the files of a kernel hold; name them: harness run FILE --{said} ...")
        return None
    if len(files) < len(kernels):
        other = next(name for name in kernels if name not in files)
        raise UsageError(f"{other!r} is no file and {files[0]!r} is; name a project's kernels, or one kernel's files")
    return Given(tuple(map(Path, files)), *(values[name] or "" for name in _SAYING_OF_FILES))


def read_reports(parsed: argparse.Namespace, environment: Mapping[str, str] | None = None) -> Reports:
    """Turn the parsed command line of `harness report` or `merge` into what is to be told.

    Raises:
        UsageError: a value that an option cannot have.
    """
    return _reports(_values(parsed.verb, parsed, os.environ if environment is None else environment))


def read_replay(parsed: argparse.Namespace, environment: Mapping[str, str] | None = None) -> ReplaySettings:
    """Turn the parsed command line of `harness replay` into settings.

    Raises:
        UsageError: a value that an option cannot have.
    """
    values = _values("replay", parsed, os.environ if environment is None else environment)
    if values["gdb"] and values["shrink"]:
        raise UsageError("--gdb and --shrink are two things: shrink first")
    return ReplaySettings(
        id=parsed.id,
        run=values["of"],
        config=values["config"],
        shrink=values["shrink"],
        budget_s=values["budget"],
        gdb=values["gdb"],
        verbose=values["verbose"],
    )


def _values(verb: str, parsed: argparse.Namespace, environment: Mapping[str, str]) -> dict[str, Any]:
    values = {option.name: _value(option, getattr(parsed, option.name), environment) for option in options_of(verb)}
    if values["verbose"] and values.get("quiet"):
        raise UsageError("-v and -q contradict each other")
    return values


def _reports(values: Mapping[str, Any]) -> Reports:
    return Reports(**{field.name: values[field.name] for field in fields(Reports)})


def available_cpus() -> int:
    """Return the number of CPUs this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _value(option: Option, given: Any, environment: Mapping[str, str]) -> Any:
    if given is None and option.environment in environment:
        text = environment[option.environment]
        given = [text] if option.is_list else text
    if option.read is None:
        return bool(given) and given not in ("0", "no", "false")
    if given is None:
        return [] if option.is_list else option.default
    if option.is_list:
        pieces = [piece.strip() for text in given for piece in text.split(",")]
        return [option.read(piece) for piece in pieces if piece]
    return option.read(given)
