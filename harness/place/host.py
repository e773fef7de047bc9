"""On this machine, as child processes. Kernels are not contained here."""

from __future__ import annotations

import contextlib
import logging
import os
import platform
import resource
import selectors
import shlex
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.machine import cpu_identity, cpu_text, file_identity, native_triple
from harness.place import Command, Exit, GuestCall, GuestEnd, Processor, Program
from harness.place.memory import available_bytes

_commands = logging.getLogger("harness.commands")

_POLL_S = 0.25
_KEPT_OUTPUT_BYTES = 65536
_READ_BYTES = 65536


class HostPlace:
    """This machine."""

    native_triple = native_triple(platform.machine())
    facts: Mapping[str, object] = {"in": "host"}

    @property
    def search_key(self) -> str:
        """The path that programs are looked for on."""
        return os.environ.get("PATH", "")

    def find(self, name: str) -> Program | None:
        """Look along PATH."""
        path = shutil.which(name)
        with contextlib.suppress(OSError):
            return Program(path, file_identity(path)) if path else None
        return None

    def processor(self) -> Processor:
        """Read /proc/cpuinfo."""
        return Processor(platform.machine(), f"Linux {platform.release()}", cpu_identity(cpu_text()))

    def run_tools(
        self,
        commands: Sequence[Command],
        directory: Path,
        timeout_s: float,
        *,
        needs: Sequence[Path] = (),
        products: Sequence[str] = (),
    ) -> list[Exit]:
        """Run programs as child processes."""
        exits = []
        for command in commands:
            exits.append(_run_tool(command, directory, timeout_s))
            if exits[-1].status != 0:
                break
        return exits

    @contextlib.contextmanager
    def open_slot(self, cancelled: threading.Event) -> Iterator[_Slot]:
        """Give guests a temporary directory."""
        with tempfile.TemporaryDirectory(prefix="harness-") as name:
            yield _Slot(Path(name), cancelled)

    def close(self) -> None:
        """Nothing is held."""


@dataclass(frozen=True, slots=True)
class _Slot:
    """A directory in which guest processes find their pack and leave their observation."""

    directory: Path
    cancelled: threading.Event

    def memory_bytes(self) -> int:
        """Read /proc/meminfo and the limits of the control group."""
        return available_bytes()

    def run(self, call: GuestCall) -> GuestEnd:
        """Run a guest as a child process."""
        pack, out = self.directory / "pack", self.directory / "observation"
        pack.write_bytes(call.pack)
        out.write_bytes(b"")
        command = (*call.emulator, str(call.binary), str(pack), str(out))
        ended = _run_watched(command, self.directory, lambda: _size(out), call.idle_timeout_s, self.cancelled)
        return GuestEnd(ended, _contents(out))


def _contents(path: Path) -> bytes:
    with contextlib.suppress(OSError):  # a kernel may have removed it
        return path.read_bytes()
    return b""


def _run_tool(command: Command, directory: Path, timeout_s: float) -> Exit:
    _commands.info("%s", shlex.join(command))
    try:
        done = subprocess.run(
            command,
            cwd=directory,
            capture_output=True,
            text=True,
            errors="replace",
            stdin=subprocess.DEVNULL,
            timeout=timeout_s,
        )
    except subprocess.TimeoutExpired:
        return Exit(None, "", "")
    return Exit(done.returncode, done.stdout, done.stderr)


def _size(path: Path) -> int:
    with contextlib.suppress(OSError):
        return path.stat().st_size
    return -1


def _run_watched(
    command: Command,
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
