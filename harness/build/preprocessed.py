"""What a source comes to after preprocessing: the digest that a build's key is made of.

Preprocessing costs as much as a short run, so its digest is remembered together with every file that was read: while
those are what they were, it is not repeated. A header that appears earlier on the search path is noticed by the
modification time of the directories in question.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from harness.backend import Command
from harness.backend.machine import file_identity
from harness.storage.cache import key_of

_LINE_MARKER = re.compile(r'^# \d+ "((?:[^"\\]|\\.)+)"', re.MULTILINE)
_INCLUDED_BINARY = re.compile(r"\.incbin\s+\\?\"([^\"\\]+)")
_SEARCH_FLAGS = ("-I", "-isystem", "-iquote", "-idirafter")
_SEARCH_VARIABLES = ("CPATH", "C_INCLUDE_PATH", "CPLUS_INCLUDE_PATH")


def preprocessed_digest(memory: Path, identity: str, command: Command, source: Path, run: Callable[[], str]) -> str:
    """Return the digest of a source after preprocessing, assembly's included files among it.

    `memory` is a directory; `identity` is the compiler's, `command` preprocesses `source`, and `run` carries it out.
    """
    variables = [os.environ.get(name, "") for name in _SEARCH_VARIABLES]
    path = memory / f"{key_of([identity, *command, *variables])}.json"
    with contextlib.suppress(OSError, ValueError, TypeError, KeyError, AttributeError):
        known = json.loads(path.read_text(encoding="utf-8"))
        if all(_identity(path) == was for path, was in known["files"].items()):
            return str(known["digest"])
    started_ns = time.time_ns()
    text = run()
    headers = [source.parent / _unescaped(name) for name in _LINE_MARKER.findall(text) if not name.startswith("<")]
    binaries = [source.parent / name for name in _INCLUDED_BINARY.findall(text)]
    digest = key_of([text, *(path.read_bytes() for path in binaries if path.is_file())])
    read = [source, *headers, *binaries]
    if any(_changed_since(path, started_ns) for path in read):
        return digest  # what was read may not be what is there now
    looked_at = {str(path): _identity(str(path)) for path in (*read, *_searched(command, read))}
    with contextlib.suppress(OSError):  # without a writable cache it is done again
        memory.mkdir(parents=True, exist_ok=True)
        aside = path.with_suffix(f".{os.getpid()}")
        aside.write_text(json.dumps({"files": looked_at, "digest": digest}), encoding="utf-8")
        aside.replace(path)
    return digest


def _searched(command: Command, read: Iterable[Path]) -> set[Path]:
    """The directories in which headers were found, and those that the command line names."""
    named = {
        Path(part.removeprefix(flag) or following)
        for part, following in zip(command, (*command[1:], ""), strict=True)
        for flag in _SEARCH_FLAGS
        if part.startswith(flag)
    }
    return named | {path.parent for path in read}


def _changed_since(path: Path, moment_ns: int) -> bool:
    with contextlib.suppress(OSError):
        return path.stat().st_mtime_ns >= moment_ns
    return False


def _identity(path: str) -> str:
    try:
        return file_identity(path)
    except OSError:
        return ""


def _unescaped(name: str) -> str:
    return name.replace("\\\\", "\\").replace('\\"', '"')
