"""Guests do not outlive the harness, however it ends: a process of its own waits for that and ends what is left.

A guest asks the system for the same as soon as it runs (PR_SET_PDEATHSIG in csrc/guest/runner/runner.c). Emulators
take a while until then, may have children, and what a kernel forks has not asked: all of these inherit a variable that
marks them.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import subprocess
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field

_VARIABLE = "GUEST_OF_HARNESS"
_SHELL = "/bin/sh"
# Waits until its input closes; "done" says that nothing can be left. A process that was being started when the harness
# died shows its variable a moment later: where nothing was found, it looks once more.
_SCRIPT = """
read -r last
[ "$last" = done ] && exit
empty=0 looks=0
while [ $empty -lt 2 ] && [ $looks -lt 100 ]; do
    empty=$((empty + 1)) looks=$((looks + 1))
    for file in $(grep -ls "$1" /proc/[0-9]*/environ); do
        process=${file#/proc/}
        kill -KILL "${process%/environ}" && empty=0
    done
    sleep 0.1
done
"""


@dataclass(slots=True)
class Watchdog:
    """Ends every process that was started with `mark` in its environment, if this process ends without `close`."""

    mark: Mapping[str, str] = field(default_factory=lambda: {_VARIABLE: secrets.token_hex(16)})
    _owner: int = field(default_factory=os.getpid)
    _process: subprocess.Popen[bytes] | None = None
    _guard: threading.Lock = field(default_factory=threading.Lock)

    def start(self) -> None:
        """Make sure that it watches. Without a shell it does not, and guests have nothing but their own request."""
        with self._guard, contextlib.suppress(OSError):
            if self._process is None:
                self._process = subprocess.Popen(
                    [_SHELL, "-c", _SCRIPT, _SHELL, f"{_VARIABLE}={self.mark[_VARIABLE]}"],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                    cwd="/",
                    start_new_session=True,  # what ends the harness's group or terminal must not end this one
                )

    def close(self) -> None:
        """End it: nothing that it watched is left. A forked copy of this process leaves it alone."""
        with self._guard:
            process, self._process = self._process, None
        if os.getpid() != self._owner:
            return
        if process and process.stdin:
            with contextlib.suppress(OSError), process.stdin as pipe:
                pipe.write(b"done\n")
            process.wait()
