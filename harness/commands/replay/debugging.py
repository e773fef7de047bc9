"""Starts a guest that waits for a debugger, and says how to attach one."""

from __future__ import annotations

import secrets
import shlex
import shutil
import socket
import subprocess
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from harness.errors import StorageError, UsageError
from harness.launch import encode, load_of
from harness.launch.emulators import emulator_of
from harness.model import Binary, Job

_CPU_TIMEOUT_MS = 24 * 3600 * 1000
"""A debugger takes its time."""
_END_S = 5
KEPT_PACKS = 20
DEBUGGER = "gdb-multiarch"


def write_pack(job: Job, inputs: Mapping[int, Mapping[str, NDArray[Any]]], directory: Path) -> Path:
    """Leave what the guest is given where a person can use it, beside the last few of other failures.

    Raises:
        StorageError: it cannot be written.
    """
    patient = replace(job, cpu_timeout_ms=_CPU_TIMEOUT_MS)
    try:
        directory.mkdir(parents=True, exist_ok=True)
        directory.touch()
        path = directory / "pack"
        path.write_bytes(encode(load_of(patient, inputs), range(len(job.cases)), secrets.randbits(64)))
        others = sorted(directory.parent.iterdir(), key=lambda other: other.stat().st_mtime_ns)
        for old in others[:-KEPT_PACKS]:
            shutil.rmtree(old, ignore_errors=True)
    except OSError as error:
        raise StorageError(f"{directory}: cannot write there: {error.strerror}") from None
    return path


def debug(job: Job, binary: Binary, pack: Path) -> None:
    """Run the guest until it ends, under QEMU's debugger stub; of native code, say how to start the debugger.

    Raises:
        UsageError: the executor has no such thing.
    """
    guest = (str(binary.path), str(pack), str(pack.with_name("observation")))
    symbol = job.kernel.symbol
    if job.executor.how == "native":
        print(f"start it with:  gdb -ex {shlex.quote(f'break {symbol}')} -ex run --args {shlex.join(guest)}")
        return
    port = _free_port()
    waiting = emulator_of(job.executor.how).debugger_options(port)
    if waiting is None:
        raise UsageError(f"--gdb: {job.executor.how} cannot wait for a debugger; qemu-user and native can")
    program, *options = job.executor.argv(job.vector_bits)
    attach = (DEBUGGER, guest[0], "-ex", f"target remote :{port}", "-ex", f"break {symbol}", "-ex", "continue")
    process = subprocess.Popen([program, *waiting, *options, *guest], stdin=subprocess.DEVNULL)
    try:
        print(f"the guest waits; attach with:  {shlex.join(attach)}", flush=True)
        status = process.wait()
        print(f"the guest ended with status {status}")
    finally:
        process.terminate()
        try:
            process.wait(_END_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("", 0))
        port: int = one.getsockname()[1]
        return port
