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
import threading
import time
import weakref
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.backend import Command, Exit, GuestCall, GuestEnd, Processor, Program
from harness.backend.machine import cpu_identity, cpu_text, file_identity
from harness.backend.memory import available_bytes
from harness.backend.room import check_room, is_out_of_room, scratch_directory
from harness.backend.watchdog import Watchdog
from harness.errors import HarnessError, StorageError, UnavailableError
from harness.model.triple import native_triple
from harness.storage.scratch import scratch, sweep

_commands = logging.getLogger("harness.commands")

_POLL_S = 0.25
_KEPT_OUTPUT_BYTES = 65536
_READ_BYTES = 65536
_GUEST_ROOM_BYTES = 1 << 20
"""Beyond what a guest has written: nothing is left where it could not go on."""
_SCRATCH_PREFIX = "harness-run-"


class HostBackend:
    """This machine."""

    native_triple = native_triple(platform.machine())
    facts: Mapping[str, object] = {"in": "host"}

    def __init__(self) -> None:
        """Start nothing yet."""
        self._watchdog = Watchdog()
        weakref.finalize(self, self._watchdog.close)  # whoever does not close this leaves no process behind

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

    def file_identity(self, path: str) -> str:
        """Look at its size and modification time."""
        with contextlib.suppress(OSError):
            return file_identity(path)
        return ""

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
        """Run programs as child processes. One that failed where there is no room to write has not had its say."""
        exits = []
        for command in commands:
            exits.append(_run_tool(command, directory, timeout_s))
            if exits[-1].status != 0:
                check_room([*([directory] if products else []), scratch_directory()], Path(command[0]).name)
                break
        return exits

    @contextlib.contextmanager
    def open_slot(self, cancelled: threading.Event) -> Iterator[_Slot]:
        """Give guests a temporary directory.

        Raises:
            StorageError: it cannot be made.
        """
        self._watchdog.start()
        with contextlib.ExitStack() as stack:
            try:
                directory = stack.enter_context(scratch(scratch_directory(), _SCRATCH_PREFIX))
            except OSError as error:
                reason = f"cannot make a directory for the guest's files: {error.strerror}"
                raise StorageError(f"{scratch_directory()}: {reason}") from None
            yield _Slot(directory, cancelled, self._watchdog.mark)

    def close(self) -> None:
        """Stop watching for guests that are left behind."""
        self._watchdog.close()


def sweep_scratch() -> list[Path]:
    """Remove what runs that died have left in the temporary directory, and return it; see `scratch.sweep`."""
    return sweep(scratch_directory(), _SCRATCH_PREFIX)


@dataclass(frozen=True, slots=True)
class _Slot:
    """A directory in which guest processes find their pack and leave their observation."""

    directory: Path
    cancelled: threading.Event
    mark: Mapping[str, str]
    """In the environment of what runs here."""

    def memory_bytes(self) -> int:
        """Read /proc/meminfo and the limits of the control group."""
        return available_bytes()

    def run(self, call: GuestCall) -> GuestEnd:
        """Run a guest as a child process.

        Raises:
            StorageError: there is no room for what goes in or comes out.
            HarnessError: it cannot be started.
        """
        pack, out = self.directory / "pack", self.directory / "observation"
        try:
            pack.write_bytes(call.pack)
            out.write_bytes(b"")
        except OSError as error:  # or a kernel has done something to the directory
            kind = StorageError if is_out_of_room(error) else HarnessError
            raise kind(f"{self.directory}: cannot write the guest's files: {error.strerror}") from None
        command = (*call.emulator, str(call.binary), str(pack), str(out))
        try:
            ended = _run_watched(
                command, self.directory, self.mark, lambda: _size(out), call.idle_timeout_s, self.cancelled
            )
        except OSError as error:
            raise HarnessError(f"cannot run {command[0]}: {error.strerror}") from None
        if ended.status not in (0, None):  # a guest that cannot write its results ends as a kernel may
            check_room([self.directory], "the guest", _size(out) + _GUEST_ROOM_BYTES)
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
            env={**os.environ, "LC_ALL": "C"},  # what disassemblers print is read, and they translate it
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
    mark: Mapping[str, str],
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
        env={"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", **mark},
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


def host_backend() -> HostBackend:
    """Return this machine.

    Raises:
        UnavailableError: it is no Linux.
    """
    if platform.system() != "Linux":
        system = {"Darwin": "macOS"}.get(platform.system(), platform.system())
        raise UnavailableError(f"kernels run on Linux, and this is {system}: --in docker runs them in a container")
    return HostBackend()
