"""Containers that hold one supervisor each: how they are confined, started, reused and given up."""

from __future__ import annotations

import os
import queue
import socket
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from docker.errors import DockerException
from docker.types import LogConfig, Ulimit
from requests.exceptions import RequestException

import docker
from harness.backend.engine import EngineLostError, engine_errors
from harness.backend.supervisor import CancelledError, ContainerLostError, Supervisor
from harness.errors import UnavailableError

LABEL = "harness.container"
OWNER_LABEL = "harness.process"
_USER = 10000
_SEALED = ("/run", "/tmp", "/var/tmp")
"""Podman makes these writable in a read-only container unless told otherwise."""
_ULIMITS = {"core": 0, "msgqueue": 0, "nofile": 1024, "nproc": 4096}
"""Processes of one user count on the whole machine: `pids_limit` is what confines a container. Without a value here
Podman takes one that it may not have itself."""
_STALE_S = 60
"""A container that was made this long ago and never started has lost its harness."""
_MIB = 1 << 20


@dataclass(frozen=True, slots=True)
class Confinement:
    """What the containers of one role may use."""

    role: str
    memory_mib: int
    """Swap included; what is in the writable directories counts."""
    processes: int
    writable: Mapping[str, int]
    """Directories held in memory, with their size in MiB; everything else is read-only."""


@dataclass(slots=True)
class Container:
    """A running container, seen through its supervisor."""

    supervisor: Supervisor
    warnings: tuple[str, ...]
    """What the engine cannot confine it by."""
    sent: set[str] = field(default_factory=set)
    """Paths of files that it has."""


def start(engine: docker.APIClient, image: str, confinement: Confinement, cancelled: threading.Event) -> Container:
    """Start a container. It ends when its input closes: with `close`, or with this process.

    Raises:
        EngineLostError: the engine refused.
        ContainerLostError: the supervisor did not come up.
    """
    with engine_errors("start a container"):
        options = engine.create_host_config(
            auto_remove=True,
            network_mode="none",
            ipc_mode="none",
            read_only=True,
            cap_drop=["ALL"],
            security_opt=["no-new-privileges"],
            mem_limit=confinement.memory_mib * _MIB,
            memswap_limit=confinement.memory_mib * _MIB,
            pids_limit=confinement.processes,
            ulimits=[Ulimit(name=name, soft=limit, hard=limit) for name, limit in _ULIMITS.items()],
            log_config=LogConfig(type="none"),  # everything that comes out would be written to the engine's disk
            tmpfs=_mounts(confinement.writable),
        )
        made = engine.create_container(
            image,
            host_config=options,
            stdin_open=True,
            user=f"{_USER}:{_USER}",
            working_dir="/",
            labels={LABEL: confinement.role, OWNER_LABEL: str(os.getpid())},
        )
        # Attached before it starts, so that there is no moment in which it runs without somebody at its input.
        attached = engine.attach_socket(made["Id"], {"stdin": 1, "stdout": 1, "stderr": 1, "stream": 1})
        engine.start(made["Id"])
    connection: socket.socket = getattr(attached, "_sock", attached)  # plain HTTP comes wrapped in a SocketIO
    supervisor = Supervisor(connection, cancelled)
    supervisor.wait_until_ready()
    return Container(supervisor, tuple(made.get("Warnings") or ()))


def _mounts(writable: Mapping[str, int]) -> dict[str, str]:
    """Say what is held in memory. Podman's tmpfs knows no owner, so that the mode has to do."""
    sealed = [path for path in _SEALED if not any(Path(other).is_relative_to(path) for other in writable)]
    return {
        **dict.fromkeys(sealed, "ro"),
        **{path: f"rw,exec,nosuid,nodev,size={mib}m,mode=1777" for path, mib in writable.items()},
    }


def remove_stale(engine: docker.APIClient) -> None:
    """Remove containers that were made and never started, because a harness was killed between the two."""
    with suppress(DockerException, RequestException):
        for found in engine.containers(all=True, filters={"label": LABEL, "status": "created"}):
            if time.time() - found["Created"] > _STALE_S:
                engine.remove_container(found["Id"], force=True)


@dataclass(slots=True)
class Pool:
    """The containers of one role: one for everybody who needs one at the same time, used again while it is clean."""

    engine: docker.APIClient
    image: str
    confinement: Confinement
    say: Callable[[str], None]
    """Told once what the engine cannot do."""
    greeting: Sequence[tuple[str, bytes, int]] = ()
    """Files that every container gets first."""
    cancelled: threading.Event = field(default_factory=threading.Event)
    _idle: queue.SimpleQueue[Container | Exception] = field(default_factory=queue.SimpleQueue)
    _has_started: threading.Event = field(default_factory=threading.Event)
    _coming: int = 0
    _guard: threading.Lock = field(default_factory=threading.Lock)

    def warm_up(self, count: int) -> None:
        """Begin to start containers, without waiting for them."""
        with self._guard:
            self._coming += count
        for _ in range(count):
            threading.Thread(target=self._start_aside, daemon=True).start()

    def take(self) -> Container:
        """Return a container that is nobody else's until it is given back.

        Raises:
            UnavailableError: the engine has never started one.
            EngineLostError: it does not any more.
        """
        with self._guard:
            waits = self._coming > 0
            self._coming -= waits
        arrived = self._idle.get() if waits else self._started()
        if isinstance(arrived, Exception):
            raise arrived if self._has_started.is_set() else UnavailableError(f"--in docker: {arrived}")
        return arrived

    def give_back(self, container: Container) -> None:
        """Take back a container in which nothing is left of what it was used for."""
        with self._guard:
            if self.cancelled.is_set():
                container.supervisor.close()
                return
            self._coming += 1
            self._idle.put(container)

    def close(self) -> None:
        """End all containers that nobody has taken, and those still on their way; stop waiting for the others."""
        with self._guard:
            self.cancelled.set()
            coming, self._coming = self._coming, 0
        for _ in range(coming):
            arrived = self._idle.get()
            if isinstance(arrived, Container):
                arrived.supervisor.close()

    def _start_aside(self) -> None:
        self._idle.put(self._started())

    def _started(self) -> Container | Exception:
        try:
            container = start(self.engine, self.image, self.confinement, self.cancelled)
            container.supervisor.put(self.greeting)
        except (EngineLostError, OSError) as error:
            return error
        except ContainerLostError as error:
            return EngineLostError(f"a container for the {self.confinement.role} did not start: {error}")
        except CancelledError:
            return EngineLostError("the run was interrupted")
        if not self._has_started.is_set():
            self._has_started.set()
            for warning in container.warnings:
                self.say(f"--in docker: the engine warns: {warning}")
        return container
