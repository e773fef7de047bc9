"""Every option, once: parser, environment and validation are derived from this table."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from harness.resources import EMULATORS, REPORT_FORMATS, modules_of
from harness.settings.option import Option, count, one_of, seconds, shard, size, width

OPT_LEVELS = ("O0", "O1", "O2", "O3", "Os")
VARIANTS = ("plain", "hostile")
BACKENDS = ("host", "docker")
_EMULATORS = tuple(modules_of(EMULATORS))
FORMATS = modules_of(REPORT_FORMATS)
"""What is written of a run besides its record: what each is, by its name."""
_REPORTING = ("run", "report", "merge")
"""The verbs that report a run."""

_RUNNING = ("run", "pytest")
"""The verb that runs kernels, and pytest, which has its own ways to stop, to repeat and to report."""
_OF_FILES = "a kernel given by its files"


def _in_a_sentence(text: str) -> str:
    """Return a text without the capital letter that a sentence begins with; that of an acronym stays."""
    return text if text[:2].isupper() else text[0].lower() + text[1:]


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
        width,
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
        one_of("--in", BACKENDS),
        "BACKEND",
        default="host",
        verbs=_RUNNING,
    ),
    Option(
        "emulator",
        ("--emulator",),
        f"the one way to run: {', '.join(_EMULATORS)}, or all of them, compared (default: the first that works)",
        one_of("--emulator", (*_EMULATORS, "all")),
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
        one_of("--opt", OPT_LEVELS),
        "O",
        is_list=True,
        verbs=_RUNNING,
    ),
    Option(
        "build",
        ("--build",),
        f"build variants: {', '.join(VARIANTS)} (default: both)",
        one_of("--build", VARIANTS),
        "B",
        is_list=True,
        verbs=_RUNNING,
    ),
    Option("suite", ("--suite",), "suites of cases (default: all)", str, "S", is_list=True, verbs=_RUNNING),
    Option("case", ("--case",), "single cases by id, such as boundary/len33", str, "ID", is_list=True, verbs=_RUNNING),
    Option("size", ("--size",), "cases of these sizes instead of the suites", size, "N", is_list=True, verbs=_RUNNING),
    Option("seed", ("--seed",), "seed of all inputs (default: 0)", count("--seed", 0), "N", default=0, verbs=_RUNNING),
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
    Option("j", ("-j",), "guest processes at a time (default: one per CPU)", count("-j", 1), "N", group="how"),
    Option(
        "timeout",
        ("--timeout",),
        "CPU time a call may take (default: 2 s)",
        seconds("--timeout"),
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
        shard,
        "I/N",
        group="how",
    ),
    Option(
        "budget",
        ("--budget",),
        "time for making each reported failure smaller; 0 for none (default: 3 s)",
        seconds("--budget", or_zero=True),
        "S",
        default=3.0,
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
        "a record, a stored run's directory or name, or last (default: the newest stored run that has it)",
        str,
        "RUN",
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
        seconds("--budget"),
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
    Option(
        "json",
        ("--json",),
        "write the record of the run (- for standard output)",
        Path,
        "F",
        group="reports",
        verbs=_REPORTING,
    ),
    *(
        Option(
            name,
            (f"--{name}",),
            f"write {_in_a_sentence(what)} (- for standard output)",
            Path,
            "F",
            group="reports",
            verbs=_REPORTING,
        )
        for name, what in FORMATS.items()
    ),
    Option(
        "annotations",
        ("--annotations",),
        "print failures as GitHub's workflow commands, too",
        None,
        group="reports",
        verbs=_REPORTING,
    ),
    Option(
        "verbose",
        ("-v",),
        "show commands before they run, and every row and failure",
        None,
        group="reports",
        verbs=(*_REPORTING, "replay"),
    ),
    Option("quiet", ("-q",), "only failures and the exit code", None, group="reports", verbs=_REPORTING),
)


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
