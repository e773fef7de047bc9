"""Where: on this machine, as a child process. Kernels are not contained here."""

from __future__ import annotations

import contextlib
import logging
import os
import resource
import selectors
import shlex
import signal
import subprocess
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

_commands = logging.getLogger("harness.commands")

_POLL_S = 0.25
_KEPT_OUTPUT_BYTES = 8192
_READ_BYTES = 65536


@dataclass(frozen=True, slots=True)
class Exit:
    """How a process ended: its status (negative for a signal, None when a deadline ended it) and what it said."""

    status: int | None
    stdout: str
    stderr: str


def run(
    command: tuple[str, ...],
    directory: Path,
    progress: Callable[[], object],
    idle_timeout_s: float,
    cancelled: threading.Event,
) -> Exit:
    """Run a command until it ends, until `progress()` has not changed for `idle_timeout_s`, or until `cancelled`.

    The process gets no input, a fresh environment and a process group of its own, which is killed with it, so that
    what a kernel forks does not outlive the call. The last 8 KiB of its output and of its errors are kept.
    """
    _commands.info("%s", shlex.join(command))
    process = subprocess.Popen(
        command,
        cwd=directory,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C"},
        start_new_session=True,
    )
    kept = {"stdout": b"", "stderr": b""}
    try:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            resource.prlimit(process.pid, resource.RLIMIT_CORE, (0, 0))
        timed_out = _follow(process, kept, progress, idle_timeout_s, cancelled)
    finally:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        status = process.wait()
        for stream in (process.stdout, process.stderr):
            if stream:
                stream.close()
    texts = {name: text.decode("utf-8", "replace") for name, text in kept.items()}
    return Exit(None if timed_out else status, texts["stdout"], texts["stderr"])


def _follow(
    process: subprocess.Popen[bytes],
    kept: dict[str, bytes],
    progress: Callable[[], object],
    idle_timeout_s: float,
    cancelled: threading.Event,
) -> bool:
    """Read what the process says until it ends; return whether it had to be given up."""
    exit_fd = os.pidfd_open(process.pid)
    with selectors.DefaultSelector() as selector:
        try:
            selector.register(exit_fd, selectors.EVENT_READ, None)
            for name, stream in (("stdout", process.stdout), ("stderr", process.stderr)):
                if stream:
                    os.set_blocking(stream.fileno(), False)
                    selector.register(stream, selectors.EVENT_READ, name)
            last, since = progress(), time.monotonic()
            while True:
                ended = False
                for key, _ in selector.select(_POLL_S):
                    if key.data is None:
                        ended = True
                    elif not _read(key.fd, key.data, kept):
                        selector.unregister(key.fileobj)
                if ended:
                    return False
                now = progress()
                if now != last:
                    last, since = now, time.monotonic()
                elif cancelled.is_set() or time.monotonic() - since > idle_timeout_s:
                    return True
        finally:
            os.close(exit_fd)


def _read(fd: int, name: str, kept: dict[str, bytes]) -> bool:
    """Keep the tail of what a stream has to say; return False at its end."""
    try:
        piece = os.read(fd, _READ_BYTES)
    except BlockingIOError:
        return True
    kept[name] = (kept[name] + piece)[-_KEPT_OUTPUT_BYTES:]
    return bool(piece)
