"""What the program is asked to do: the command line and the environment, validated."""

from __future__ import annotations

import argparse
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.errors import UsageError
from harness.settings.environment import check_variables, switch
from harness.settings.option import Option
from harness.settings.options import FORMATS, OPTIONS, add_options, options_of

if TYPE_CHECKING:
    from harness.model import Selection, Shard

__all__ = [
    "DEFAULT_OPTS",
    "DEFAULT_VECTOR_BITS",
    "OPTIONS",
    "STDOUT",
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


STDOUT = Path("-")
"""Standard output, where a report's file is named."""


@dataclass(frozen=True, slots=True)
class Reports:
    """What is written and printed of a run besides its exit code."""

    json: Path | None
    """Where the record goes."""
    files: Mapping[str, Path]
    """Where the report of each format that was asked for goes, by the format's name."""
    annotations: bool
    verbose: bool
    quiet: bool

    @property
    def on_stdout(self) -> tuple[str, ...]:
        """The formats that go to standard output, instead of the table."""
        record = {"json": self.json} if self.json else {}
        return tuple(name for name, path in {**record, **self.files}.items() if path == STDOUT)


@dataclass(frozen=True, slots=True)
class KernelFiles:
    """A kernel by its files, which together are one; what is empty is to be inferred."""

    sources: tuple[Path, ...]
    op: str
    symbol: str
    isa: str
    prototype: str


@dataclass(frozen=True, slots=True)
class Settings:
    """The options of `harness run`, validated."""

    selection: Selection
    kernel_files: KernelFiles | None
    backend: str
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
    """The options of `harness replay`, validated."""

    id: str
    """Of the failure, or its beginning."""
    run: str | None
    """A record, a stored run's directory or name, or "last"; None for the newest stored run that has the failure."""
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
    from harness.model import Selection, Variant  # here, because --help shall not pay for it

    surroundings = os.environ if environment is None else environment
    values = _values("run", parsed, surroundings)
    kernel_files = _kernel_files(parsed.kernel, values)
    widths: list[int | str] = values["svl"]
    selection = Selection(
        kernels=() if kernel_files else tuple(parsed.kernel),
        targets=tuple(values["target"]),
        vector_bits=() if "all" in widths else tuple(int(bits) for bits in widths) or DEFAULT_VECTOR_BITS,
        vector_bits_named=bool(widths) and "all" not in widths,
        emulator=values["emulator"],
        compilers=tuple(values["cc"]),
        opts=tuple(values["opt"]) or DEFAULT_OPTS,
        variants=tuple(map(Variant, values["build"])) or tuple(Variant),
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
        kernel_files=kernel_files,
        backend=values["in"],
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


def _kernel_files(kernels: Sequence[str], values: Mapping[str, Any]) -> KernelFiles | None:
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
        is_what = "a directory" if Path(other).is_dir() else "no file"
        ways = "name a project's kernels, or one kernel's files"
        raise UsageError(f"{other!r} is {is_what} and {files[0]!r} a file; {ways}")
    distinct: dict[Path, Path] = {}
    for name in files:  # what is named twice is linked once
        distinct.setdefault(Path(name).resolve(), Path(name))
    return KernelFiles(tuple(distinct.values()), *(values[name] or "" for name in _SAYING_OF_FILES))


def read_reports(parsed: argparse.Namespace, environment: Mapping[str, str] | None = None) -> Reports:
    """Turn the parsed command line of `harness report` or `merge` into what is to be reported.

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
    check_variables(OPTIONS, environment)
    values = {option.name: _value(option, getattr(parsed, option.name), environment) for option in options_of(verb)}
    if values["verbose"] and values.get("quiet"):
        raise UsageError("-v and -q contradict each other")
    return values


def _reports(values: Mapping[str, Any]) -> Reports:
    files = {name: values[name] for name in FORMATS if values[name]}
    reports = Reports(values["json"], files, values["annotations"], values["verbose"], values["quiet"])
    if len(reports.on_stdout) > 1:
        both = " and ".join(f"--{name} -" for name in reports.on_stdout)
        raise UsageError(f"{both}: standard output has room for one; write the others to files")
    return reports


def available_cpus() -> int:
    """Return the number of CPUs this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _value(option: Option, value: Any, environment: Mapping[str, str]) -> Any:
    text = environment.get(option.environment, "")
    if value is not None or not text:  # CI systems set what they have no value for to nothing
        return _read(option, value)
    try:
        if option.read is None:
            return switch(text)
        return _read(option, [text] if option.is_list else text)
    except UsageError as error:
        raise UsageError(f"{option.environment}={text}: {_without_flag(option, str(error))}") from None


def _without_flag(option: Option, message: str) -> str:
    """Return what a reader says of a value, without the option of the command line that nobody wrote."""
    head, separator, rest = message.partition(": ")
    return rest if separator and head.startswith(option.flags) else message


def _read(option: Option, value: Any) -> Any:
    """Read a value as the command line has it; None where it does not have the option."""
    if option.read is None:
        return bool(value)
    if value is None:
        return [] if option.is_list else option.default
    if option.is_list:
        pieces = [piece.strip() for text in value for piece in text.split(",")]
        return [option.read(piece) for piece in pieces if piece]
    return option.read(value)
