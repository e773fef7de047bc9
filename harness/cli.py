"""Verbs and exit codes, nothing else."""

from __future__ import annotations

import argparse
import contextlib
import importlib
import os
import signal
import sys
from collections.abc import Callable, Sequence
from types import FrameType

from harness import __version__
from harness.errors import ExitCode, HarnessError, UsageError
from harness.report.text import visible
from harness.settings import add_options


class _Parser(argparse.ArgumentParser):
    """Says what is wrong in one line instead of repeating the usage."""

    def error(self, message: str) -> None:  # type: ignore[override]
        raise UsageError(f"{message} (see '{self.prog} --help')")


_FIRST_STEPS = """\
first steps:
  harness doctor                  what works on this machine, and what is missing
  harness run my_kernel.c         a kernel by its file; its function, op and ISA are inferred
  harness init                    a manifest for the kernels below this directory; then: harness run
  harness run 'dot_f32/*'         kernels of the project, here of one op; 'harness list' shows all
"""


def make_parser() -> argparse.ArgumentParser:
    """Return the parser of the whole command line."""
    parser = _Parser(
        prog="harness",
        description="Validates SIMD kernels against their contracts.",
        epilog=_FIRST_STEPS,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"harness {__version__}")
    verbs = parser.add_subparsers(dest="verb", metavar="VERB")
    run = verbs.add_parser("run", help="validate kernels", description="Validate kernels.", allow_abbrev=False)
    run.add_argument("kernel", nargs="*", metavar="KERNEL", help="op/isa, an op, a glob, or a kernel's files: k.c")
    add_options(run, "run")
    text = "run one failure of a stored run again, and look at it closely"
    replay = verbs.add_parser("replay", help=text, description=f"{text.capitalize()}.", allow_abbrev=False)
    replay.add_argument("id", metavar="ID", help="of the failure, as the run printed it, or its beginning")
    add_options(replay, "replay")
    text = "report a stored run again, in any format"
    report = verbs.add_parser("report", help=text, description=f"{text.capitalize()}.", allow_abbrev=False)
    report.add_argument("run", metavar="RUN", help="a record, a stored run's directory or name, or last")
    add_options(report, "report")
    text = "put the records of all shards of a run together"
    merge = verbs.add_parser("merge", help=text, description=f"{text.capitalize()}.", allow_abbrev=False)
    merge.add_argument("runs", nargs="+", metavar="RUN", help="a record of each shard")
    add_options(merge, "merge")
    _add_comparisons(verbs)
    for verb, text in (
        ("check", "validate manifest and contracts, and build every kernel, without running one"),
        ("list", "show kernels, their suites, and targets"),
        ("doctor", "show what works on this machine and what is missing"),
    ):
        looking = verbs.add_parser(verb, help=text, description=f"{text.capitalize()}.")
        looking.add_argument("--config", metavar="F", help="the manifest (default: harness.toml found upwards)")
        if verb == "check":
            looking.add_argument("kernel", nargs="*", metavar="KERNEL", help="op/isa, an op or a glob (default: all)")
    text = "write a manifest, a contract and a CI job for the kernels of a directory"
    init = verbs.add_parser("init", help=text, description=f"{text.capitalize()}; files that are there are kept.")
    init.add_argument("directory", nargs="?", metavar="DIR", help="the project (default: the current directory)")
    verbs.add_parser(
        "clean", help="drop cached builds and stored runs", description="Drop cached builds and stored runs."
    )
    return parser


def _add_comparisons(verbs: argparse._SubParsersAction[_Parser]) -> None:
    text = "say what changed from run A to run B"
    diff = verbs.add_parser("diff", help=text, description=f"{text.capitalize()}.")
    for name in ("a", "b"):
        diff.add_argument(name, metavar=name.upper(), help="a record, a stored run's directory or name, or last")
    diff.add_argument("-v", dest="verbose", action="store_true", help="list everything")
    text = "say how kernels fared in the runs kept here"
    history = verbs.add_parser("history", help=text, description=f"{text.capitalize()}.")
    history.add_argument("kernel", nargs="*", metavar="KERNEL", help="op/isa, an op or a glob (default: all)")
    history.add_argument("--html", metavar="F", help="write a page with plots")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the program and return its exit code."""
    command = [sys.argv[0], *(sys.argv[1:] if arguments is None else arguments)]
    _take_interrupts()
    parser = make_parser()
    try:
        parsed = parser.parse_args(command[1:])
        if parsed.verb is None:
            parser.print_help(sys.stderr)
            return int(ExitCode.USAGE)  # nothing was validated, so that it is no 0
        code = int(_dispatch(parsed, command))
        sys.stdout.flush()
        return code
    except HarnessError as error:
        _complain(str(error))
        return int(error.exit_code)
    except KeyboardInterrupt:
        print("harness: interrupted", file=sys.stderr)
        return int(ExitCode.INTERRUPTED)
    except BrokenPipeError:  # the reader of our output has left
        _drop_output()
        return int(ExitCode.INTERRUPTED)
    except MemoryError:
        _complain("out of memory: fewer jobs at a time (-j), or smaller sizes, need less")
        return int(ExitCode.HARNESS)
    except Exception as error:
        from harness.backend.room import is_out_of_room  # --help shall not pay for it

        if isinstance(error, OSError) and is_out_of_room(error):
            _drop_output()
            _complain(f"{error.filename or 'standard output'}: cannot write there: {error.strerror}")
            return int(ExitCode.HARNESS)
        if "-v" in command:
            raise
        _complain(f"internal error: {type(error).__name__}: {error} (-v shows where)")
        return int(ExitCode.HARNESS)


def _complain(text: str) -> None:
    """Say in one line what went wrong; where nobody can hear it, the exit code has to do."""
    with contextlib.suppress(OSError):
        print(f"harness: {visible(' '.join(text.split()))}", file=sys.stderr, flush=True)


def _drop_output() -> None:
    """Keep the interpreter from trying to write the rest of our output at exit."""
    with contextlib.suppress(OSError):  # there is none that could be redirected
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _take_interrupts() -> None:
    """Let SIGTERM interrupt as Ctrl-C does; behind either of them it is ignored, while results are reported.

    Whoever ends a job sends several (GitHub: SIGINT, then SIGTERM). A second Ctrl-C is a person's, and counts.
    """

    def interrupt(number: int, frame: FrameType | None) -> None:
        signal.signal(signal.SIGTERM, lambda *_: None)
        signal.default_int_handler(number, frame)

    signal.signal(signal.SIGTERM, interrupt)
    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:  # as a child of nohup finds it
        signal.signal(signal.SIGINT, interrupt)


def _dispatch(parsed: argparse.Namespace, command: Sequence[str]) -> ExitCode:
    """Carry out a verb: the module of its name, imported late since numpy costs more than --help may take."""
    carry_out: Callable[[argparse.Namespace, Sequence[str]], ExitCode] = importlib.import_module(
        f"harness.commands.{parsed.verb}"
    ).main
    return carry_out(parsed, command)
