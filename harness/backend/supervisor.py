"""The channel to a supervisor, PID 1 of a container. docker/supervisor/channel.h is the other end of this file."""

from __future__ import annotations

import contextlib
import os
import socket
import struct
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import IntEnum

from harness.backend import Command, Exit, run_lengths

REQUEST = struct.Struct("<IIIIQ")
RUN = struct.Struct("<IIQQ")
REPLY = struct.Struct("<IIQ")
RESULT = struct.Struct("<IIQQ")
FRAME = struct.Struct(">B3xI")
"""In front of each piece of a container's output, as the engine's API describes for attaching without a terminal."""

_STDERR = 2
_POLL_S = 0.25
_SILENCE_S = 60
"""A supervisor at work says every few seconds that it is alive."""
_READ_BYTES = 1 << 16
"""More would be fetched from the system, and given back, each time."""
_BATCH = 256
"""Requests sent before their replies are read: replies must fit into the buffers on their way."""


class RequestKind(IntEnum):
    """What the harness asks for."""

    PUT = 1
    GET = 2
    RUN = 3
    WIPE = 4


class ReplyKind(IntEnum):
    """What a supervisor answers."""

    READY = 1
    DONE = 2
    ALIVE = 3


class Ending(IntEnum):
    """How a command ended."""

    EXIT = 0
    SIGNAL = 1
    DEADLINE = 2


class ContainerLostError(Exception):
    """The container ended or cannot be reached: whoever asked has to find out whose fault it is."""


class SilentError(ContainerLostError):
    """It may be alive, but nothing was heard for so long that it is given up."""


class CancelledError(Exception):
    """The run is over before the answer came."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What a command may use; 0 milliseconds are no limit."""

    kept_bytes: int
    """Of what it says, from the end."""
    file_bytes: int
    """Size of any file that it writes."""
    wall_ms: int = 0
    idle_ms: int = 0
    """Time between two changes of the size of `watched`."""
    watched: str = ""


@dataclass(slots=True)
class Supervisor:
    """Speaks with one supervisor. Everything raises ContainerLostError or CancelledError."""

    connection: socket.socket
    cancelled: threading.Event = field(default_factory=threading.Event)
    complaints: bytes = b""
    """The end of what the container said on standard error."""
    _frame_head: bytes = b""
    _frame_stream: int = 0
    _frame_left: int = 0
    _said: list[bytes] = field(default_factory=list)
    _said_bytes: int = 0

    def wait_until_ready(self) -> None:
        """Wait for the first words."""
        self.connection.settimeout(_POLL_S)
        self._reply(ReplyKind.READY)

    def put(self, files: Iterable[tuple[str, bytes, int]]) -> None:
        """Make files from their path, contents and mode.

        Raises:
            OSError: one cannot be written.
        """
        batch: list[tuple[str, bytes, int]] = []
        for entry in files:
            batch.append(entry)
            if len(batch) == _BATCH:
                self._put(batch)
                batch = []
        self._put(batch)

    def _put(self, batch: list[tuple[str, bytes, int]]) -> None:
        for path, contents, mode in batch:
            self._ask(RequestKind.PUT, path, len(contents), mode)
            for slab in run_lengths.encode(contents):
                self._send(slab)
        errors = [(self._reply()[0], path) for path, _, _ in batch]
        for error, path in errors:
            _check(error, path)

    def get(self, path: str) -> bytes:
        """Fetch a regular file.

        Raises:
            OSError: it is not there or something else.
        """
        self._ask(RequestKind.GET, path)
        error, left = self._reply()
        _check(error, path)
        slabs = []
        while left:
            raw_bytes, encoded_bytes = run_lengths.SLAB.unpack(self._take(run_lengths.SLAB.size))
            try:
                slabs.append(run_lengths.decode(self._take(encoded_bytes), raw_bytes))
            except ValueError as fault:
                raise ContainerLostError(f"{path}: {fault}") from None
            left -= raw_bytes
        return b"".join(slabs)

    def wipe(self, directory: str) -> None:
        """Remove everything in a directory.

        Raises:
            OSError: something resists.
        """
        self._ask(RequestKind.WIPE, directory)
        _check(self._reply()[0], directory)

    def run(self, command: Command, directory: str, limits: Limits) -> Exit:
        """Run a command to its end or deadline; nothing of it is left running.

        Raises:
            OSError: it cannot be started.
        """
        strings = (limits.watched, *command)
        payload = RUN.pack(limits.wall_ms, limits.idle_ms, limits.kept_bytes, limits.file_bytes)
        payload += b"".join(os.fsencode(text) + b"\0" for text in strings)
        self._ask(RequestKind.RUN, directory, len(payload))
        self._send(payload)
        error, answer_bytes = self._reply()
        _check(error, command[0])
        answer = self._take(answer_bytes)
        ending, status, out_bytes, _ = RESULT.unpack_from(answer)
        streams = answer[RESULT.size :]
        said = (streams[:out_bytes].decode("utf-8", "replace"), streams[out_bytes:].decode("utf-8", "replace"))
        match Ending(ending):
            case Ending.EXIT:
                return Exit(status, *said)
            case Ending.SIGNAL:
                return Exit(-status, *said)
            case Ending.DEADLINE:
                return Exit(None, *said)

    def close(self) -> None:
        """Hang up: the supervisor ends, and its container."""
        with contextlib.suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)
        with contextlib.suppress(OSError):
            self.connection.close()

    # -- bytes

    def _ask(self, kind: RequestKind, path: str, payload_bytes: int = 0, mode: int = 0) -> None:
        name = os.fsencode(path)
        self._send(REQUEST.pack(kind, mode, len(name), 0, payload_bytes) + name)

    def _send(self, data: bytes) -> None:
        left = memoryview(data)
        patience = time.monotonic() + _SILENCE_S
        while left:
            try:
                left = left[self.connection.send(left) :]
                patience = time.monotonic() + _SILENCE_S
            except TimeoutError:
                self._check_patience(patience)
            except OSError as error:
                raise ContainerLostError(error.strerror or str(error)) from None

    def _reply(self, expected: ReplyKind = ReplyKind.DONE) -> tuple[int, int]:
        """Return the error number of the next reply, and how long its payload is."""
        while True:
            kind, error, payload_bytes = REPLY.unpack(self._take(REPLY.size))
            if kind == expected:
                return error, payload_bytes
            if kind != ReplyKind.ALIVE:
                raise ContainerLostError(f"reply {kind} where {expected} was due")

    def _take(self, count: int) -> bytes:
        patience = time.monotonic() + _SILENCE_S
        while self._said_bytes < count:
            try:
                piece = self.connection.recv(_READ_BYTES)
            except TimeoutError:
                self._check_patience(patience)
                continue
            except OSError as error:
                raise ContainerLostError(error.strerror or str(error)) from None
            if not piece:
                raise ContainerLostError(self.complaints.decode("utf-8", "replace").strip() or "it ended")
            patience = time.monotonic() + _SILENCE_S
            self._unwrap(piece)
        said = b"".join(self._said)
        self._said, self._said_bytes = [said[count:]], len(said) - count
        return said[:count]

    def _check_patience(self, patience: float) -> None:
        if self.cancelled.is_set():
            raise CancelledError
        if time.monotonic() > patience:
            raise SilentError(f"nothing was heard for {_SILENCE_S} s")

    def _unwrap(self, piece: bytes) -> None:
        """Take the engine's frames off what came; a frame may come in pieces."""
        view = memoryview(piece)
        while view:
            if self._frame_left == 0:
                lacking = FRAME.size - len(self._frame_head)
                self._frame_head += view[:lacking]
                view = view[lacking:]
                if len(self._frame_head) == FRAME.size:
                    self._frame_stream, self._frame_left = FRAME.unpack(self._frame_head)
                    self._frame_head = b""
                continue
            part = bytes(view[: self._frame_left])
            view = view[len(part) :]
            self._frame_left -= len(part)
            if self._frame_stream == _STDERR:
                self.complaints = (self.complaints + part)[-1000:]
            else:
                self._said.append(part)
                self._said_bytes += len(part)


def _check(error: int, path: str) -> None:
    if error:
        raise OSError(error, os.strerror(error), path)
