"""Every option, once. Parser, environment and validation are derived from this table."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.errors import UsageError, perhaps

if TYPE_CHECKING:
    from harness.model import Selection, Shard

ENVIRONMENT_PREFIX = "HARNESS_"


@dataclass(frozen=True, slots=True)
class Option:
    """One option of `harness run`: its flags, how one value is read, and what the user reads about it."""

    name: str
    flags: tuple[str, ...]
    help: str
    read: Callable[[str], Any] | None = str
    """Reads one value; None for a switch."""
    metavar: str = ""
    is_list: bool = False
    default: Any = None
    group: str = "what to run"
    verbs: tuple[str, ...] = ("run",)

    @property
    def environment(self) -> str:
        """The variable that sets it."""
        return ENVIRONMENT_PREFIX + self.name.upper()


def _width(text: str) -> int | str:
    if text == "all":
        return text
    try:
        bits = int(text)
    except ValueError:
        raise UsageError(f"--svl {text}: expected a vector length in bits, or all") from None
    if bits <= 0:
        raise UsageError(f"--svl {text}: a vector length is positive")
    return bits


def _size(text: str) -> int:
    try:
        size = int(text)
    except ValueError:
        raise UsageError(f"--size {text}: expected an integer") from None
    if size < 0:
        raise UsageError(f"--size {text}: a size is not negative")
    return size


def _seconds(flag: str) -> Callable[[str], float]:
    def read(text: str) -> float:
        try:
            seconds = float(text)
        except ValueError:
            raise UsageError(f"{flag} {text}: expected seconds") from None
        if not 0.001 <= seconds <= 86400:
            raise UsageError(f"{flag} {text}: expected seconds between 0.001 and 86400")
        return seconds

    return read


def _shard(text: str) -> Shard:
    from harness.model import Shard  # here, because --help shall not pay for it

    index, _, count = text.partition("/")
    if not (index.isascii() and index.isdigit() and count.isascii() and count.isdigit()):
        raise UsageError(f"--shard {text}: expected i/n, such as 1/4")
    if not 1 <= int(index) <= int(count):
        raise UsageError(f"--shard {text}: the first is 1/{count}, the last {count}/{count}")
    return Shard(int(index), int(count))


def _count(flag: str, low: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        try:
            number = int(text)
        except ValueError:
            raise UsageError(f"{flag} {text}: expected an integer") from None
        if number < low:
            raise UsageError(f"{flag} {text}: expected at least {low}")
        return number

    return read


def _one_of(flag: str, known: Sequence[str]) -> Callable[[str], str]:
    def read(text: str) -> str:
        if text not in known:
            raise UsageError(f"{flag} {text}: expected one of {', '.join(known)}{perhaps(text, known)}")
        return text

    return read


OPT_LEVELS = ("O0", "O1", "O2", "O3", "Os")
VARIANTS = ("plain", "hostile")
PLACES = ("host", "docker")
EMULATORS = ("native", "sde", "bochs", "qemu-user")
_TELLING = ("run", "report", "merge")
"""The verbs that tell of a run."""

_RUNNING = ("run", "pytest")
"""The verb that runs kernels, and pytest, which has its own ways to stop, to repeat and to report."""
_OF_FILES = "a kernel given by its files"

OPTIONS: tuple[Option, ...] = (
    Option("op", ("--op",), "the op that the files are a kernel of (default: inferred)", str, "OP", group=_OF_FILES),
    Option("symbol", ("--symbol",), "their function (default: inferred)", str, "NAME", group=_OF_FILES),
    Option("isa", ("--isa",), "what they are written for (default: inferred)", str, "ISA", group=_OF_FILES),
    Option(
        "prototype",
        ("--prototype",),
        "the function's declaration in C (default: the source's)",
        str,
        "TEXT",
        group=_OF_FILES,
    ),
    Option(
        "svl",
        ("--svl", "--vl"),
        "scalable vector lengths in bits, or all (default: 128,256,512)",
        _width,
        "BITS",
        is_list=True,
        verbs=_RUNNING,
    ),
    Option(
        "target",
        ("--target",),
        "ISA targets or core models (default: each kernel's ISA)",
        str,
        "T",
        is_list=True,
        verbs=_RUNNING,
    ),
    Option(
        "in",
        ("--in",),
        "where compilers and guests run: host, or docker, contained (default: host)",
        _one_of("--in", PLACES),
        "PLACE",
        default="host",
        verbs=_RUNNING,
    ),
    Option(
        "emulator",
        ("--emulator",),
        f"the one way to run: {', '.join(EMULATORS)}, or all of them, compared (default: the first that works)",
        _one_of("--emulator", (*EMULATORS, "all")),
        "E",
        verbs=_RUNNING,
    ),
    Option(
        "cc",
        ("--cc",),
        "compilers: gcc, gcc-12, clang, a path (default: gcc and clang)",
        str,
        "CC",
        is_list=True,
        verbs=_RUNNING,
    ),
    Option(
        "opt",
        ("--opt",),
        "optimisation levels (default: O0,O2)",
        _one_of("--opt", OPT_LEVELS),
        "O",
        is_list=True,
        verbs=_RUNNING,
    ),
    Option(
        "build",
        ("--build",),
        f"build variants: {', '.join(VARIANTS)} (default: both)",
        _one_of("--build", VARIANTS),
        "B",
        is_list=True,
        verbs=_RUNNING,
    ),
    Option("suite", ("--suite",), "suites of cases (default: all)", str, "S", is_list=True, verbs=_RUNNING),
    Option("case", ("--case",), "single cases by id, such as boundary/len33", str, "ID", is_list=True, verbs=_RUNNING),
    Option("size", ("--size",), "cases of these sizes instead of the suites", _size, "N", is_list=True, verbs=_RUNNING),
    Option("seed", ("--seed",), "seed of all inputs (default: 0)", _count("--seed", 0), "N", default=0, verbs=_RUNNING),
    Option(
        "require",
        ("--require",),
        "kernels or targets that must be able to run",
        str,
        "NAME",
        is_list=True,
        verbs=_RUNNING,
    ),
    Option("last_failed", ("--last-failed",), "only what failed in the last run", None),
    Option("j", ("-j",), "guest processes at a time (default: one per CPU)", _count("-j", 1), "N", group="how"),
    Option(
        "timeout",
        ("--timeout",),
        "CPU time a call may take (default: 2 s)",
        _seconds("--timeout"),
        "S",
        default=2.0,
        group="how",
        verbs=_RUNNING,
    ),
    Option("x", ("-x",), "stop after the first failure", None, group="how"),
    Option("dry_run", ("--dry-run",), "say what would run, and run nothing", None, group="how"),
    Option("baseline", ("--baseline",), "a record to compare with: a regression fails the run", Path, "F", group="how"),
    Option(
        "shard",
        ("--shard",),
        "only the i-th of n parts of the run; see merge",
        _shard,
        "I/N",
        group="how",
    ),
    Option(
        "config",
        ("--config",),
        "the manifest (default: harness.toml found upwards)",
        Path,
        "F",
        group="how",
        verbs=("run", "replay"),
    ),
    Option(
        "of",
        ("--run",),
        "a record, a kept run's directory or name, or last (default: last)",
        str,
        "RUN",
        default="last",
        group="what to replay",
        verbs=("replay",),
    ),
    Option(
        "shrink",
        ("--shrink",),
        "look for the smallest case that fails alike",
        None,
        group="what to do",
        verbs=("replay",),
    ),
    Option(
        "budget",
        ("--budget",),
        "time that --shrink may take (default: 30 s)",
        _seconds("--budget"),
        "S",
        default=30.0,
        group="what to do",
        verbs=("replay",),
    ),
    Option(
        "gdb",
        ("--gdb",),
        "start the guest waiting for a debugger, and say how to attach one",
        None,
        group="what to do",
        verbs=("replay",),
    ),
    Option("json", ("--json",), "write the record of the run", Path, "F", group="reports", verbs=_TELLING),
    Option(
        "markdown", ("--markdown",), "write the summary for a pull request", Path, "F", group="reports", verbs=_TELLING
    ),
    Option("junit", ("--junit",), "write JUnit XML", Path, "F", group="reports", verbs=_TELLING),
    Option("html", ("--html",), "write a page with plots", Path, "F", group="reports", verbs=_TELLING),
    Option(
        "annotations",
        ("--annotations",),
        "print failures as GitHub's workflow commands, too",
        None,
        group="reports",
        verbs=_TELLING,
    ),
    Option(
        "verbose",
        ("-v",),
        "show commands before they run, and every row and failure",
        None,
        group="reports",
        verbs=(*_TELLING, "replay"),
    ),
    Option("quiet", ("-q",), "only failures and the exit code", None, group="reports", verbs=_TELLING),
)


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
    reports: Reports


@dataclass(frozen=True, slots=True)
class ReplaySettings:
    """What `harness replay` was told, validated."""

    id: str
    """Of the failure, or its beginning."""
    run: str
    """A record, a kept run's directory or name, or "last"."""
    config: Path | None
    shrink: bool
    budget_s: float
    """Wall time that shrinking may take."""
    gdb: bool
    verbose: bool


DEFAULT_VECTOR_BITS = (128, 256, 512)
DEFAULT_OPTS = ("O0", "O2")


def options_of(verb: str) -> tuple[Option, ...]:
    """Return the options that a verb has."""
    return tuple(option for option in OPTIONS if verb in option.verbs)


def add_options(parser: argparse.ArgumentParser, verb: str) -> None:
    """Give a verb's parser the options of the table that it has."""
    groups: dict[str, Any] = {}
    for option in options_of(verb):
        group = groups.setdefault(option.group, None) or parser.add_argument_group(option.group)
        groups[option.group] = group
        if option.read is None:
            group.add_argument(*option.flags, dest=option.name, action="store_const", const=True, help=option.help)
        else:
            action = "append" if option.is_list else "store"
            group.add_argument(*option.flags, dest=option.name, action=action, metavar=option.metavar, help=option.help)


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
