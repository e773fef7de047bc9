"""Compilers are judged by their exit status; of what they print, the first error is shown."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import pytest

from harness.backend import Backend, Command, Exit
from harness.build.tools import first_error, run_tools
from harness.errors import BuildError, HarnessError


class Tools:
    """A backend whose tools end as the test says."""

    def __init__(self, *ends: Exit | OSError) -> None:
        self.ends = ends

    def run_tools(self, commands: Sequence[Command], *_: object, **__: object) -> list[Exit]:
        for end in self.ends:
            if isinstance(end, OSError):
                raise end
        return [end for end in self.ends if isinstance(end, Exit)]


def ran(*ends: Exit | OSError) -> str:
    return run_tools(cast(Backend, Tools(*ends)), [("/usr/bin/cc", "-c", "k.c")] * len(ends), Path("/"))


@pytest.mark.parametrize("said", ["warning: 'cc1plus' is deprecated", "error: no, it is none", "fatal error: cc1plus"])
def test_a_status_of_zero_is_success_whatever_was_printed(said: str) -> None:
    assert ran(Exit(0, "out", said)) == "out"


@pytest.mark.parametrize("said", ["cc: fatal error: cannot execute 'cc1plus'", "", "all is well"])
def test_any_other_status_is_a_build_error_whatever_was_printed(said: str) -> None:
    with pytest.raises(BuildError):
        ran(Exit(1, "", said))


def test_a_tool_that_cannot_be_started_is_not_the_kernels_fault() -> None:
    with pytest.raises(HarnessError, match="cannot run /usr/bin/cc: No such file or directory") as caught:
        ran(FileNotFoundError(2, "No such file or directory", "/usr/bin/cc"))
    assert not isinstance(caught.value, BuildError)


def test_one_that_says_nothing_is_named() -> None:
    with pytest.raises(BuildError, match="cc exited with 3 and said nothing"):
        ran(Exit(3, "", ""))
    with pytest.raises(BuildError, match="cc did not finish within 300 s"):
        ran(Exit(None, "", ""))


LINKER = """\
/usr/bin/ld: k.o: in function `f':
/src/k.c:1: undefined reference to `h'
collect2: error: ld returned 1 exit status
"""
WARNED = """\
/src/k.c: In function 'f':
/src/k.c:3:38: warning: passing argument 1 of 'g' from incompatible pointer type [-Wincompatible-pointer-types]
    3 | int f(char *q) { return g(q); } // cannot find
      |                         ^ error: 'no'
/src/k.c:2:7: note: expected 'int *' but argument is of type 'char *'
/src/k.c: In function 'h':
/src/k.c:4:22: error: 'x' undeclared (first use in this function)
/src/k.c:5:1: error: another one
"""
INCLUDED = """\
In file included from /src/k.c:1,
                 from /src/l.c:2:
/src/k.h:3:10: fatal error: none.h: No such file or directory
compilation terminated.
"""
PROMOTED = """\
k.cpp:2:58: error: unused variable 'unused' [-Werror=unused-variable]
cc1plus: all warnings being treated as errors
"""


@pytest.mark.parametrize(
    ("said", "first"),
    [
        (LINKER, "/src/k.c:1: undefined reference to `h'"),
        (WARNED, "/src/k.c:4:22: error: 'x' undeclared (first use in this function)"),
        (INCLUDED, "/src/k.h:3:10: fatal error: none.h: No such file or directory"),
        (PROMOTED, "k.cpp:2:58: error: unused variable 'unused' [-Werror=unused-variable]"),
        (
            "/src/s.s: Assembler messages:\n/src/s.s:2: Error: no such instruction: `foo bar'\n",
            "/src/s.s:2: Error: no such instruction: `foo bar'",
        ),
        (
            "ld.lld: warning: cannot find entry symbol\nld.lld: error: undefined symbol: h\n>>> referenced by k.c\n",
            "ld.lld: error: undefined symbol: h",
        ),
        (
            "ld: warning: k.o: incompatible version\nld: k.o: file in wrong format\ncollect2: error: ld returned 1\n",
            "ld: k.o: file in wrong format",
        ),
        ("collect2: error: ld returned 1 exit status\n", "collect2: error: ld returned 1 exit status"),
        ("something else\n", "something else"),
        ("", ""),
    ],
)
def test_the_first_error_is_what_is_shown(said: str, first: str) -> None:
    assert first_error(said) == first


def test_tools_speak_english_whatever_the_users_language(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """What disassemblers print is read, and they translate it."""
    from harness.backend.host import HostBackend

    monkeypatch.setenv("LC_ALL", "de_DE.UTF-8")
    ended: Any = HostBackend().run_tools([("sh", "-c", "echo $LC_ALL")], tmp_path, 10)[0]
    assert ended.stdout == "C\n"
