"""In containers: compilers in some, guests in others, so that no kernel ever runs where another one is compiled."""

from __future__ import annotations

import contextlib
import logging
import shlex
import signal
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from docker.errors import DockerException
from requests.exceptions import RequestException

from harness.backend import Command, Exit, GuestCall, GuestEnd, Processor, Program, Slot
from harness.backend.containers import Confinement, Container, Pool, remove_stale
from harness.backend.engine import EngineLostError, connect, engine_errors
from harness.backend.image import INSTALLED, Installed, find_or_build, progress
from harness.backend.image_context import find_recipe
from harness.backend.machine import cpu_identity
from harness.backend.supervisor import CancelledError, ContainerLostError, Limits, SilentError
from harness.errors import BuildError, HarnessError, StorageError
from harness.storage.source_files import closure, topmost

_commands = logging.getLogger("harness.commands")

JOB = "/job"
"""The one directory in which a guest can write."""
_GUEST_PATH, _PACK, _OBSERVATION = (f"{JOB}/{name}" for name in ("guest", "pack", "observation"))
_JOB_MIB = 1024
_MIB = 1 << 20
_SCRATCH_MIB = 512
_GUEST = Limits(kept_bytes=65536, file_bytes=_JOB_MIB * _MIB)
_TOOL = Limits(kept_bytes=64 * _MIB, file_bytes=256 * _MIB)
_LEAST_GUEST_MIB = 1536
_PROCESSES = 64


class ContainerBackend:
    """A container engine: image, build containers and run containers."""

    def __init__(self, docker_files: Path, cache: Path, sources: Iterable[Path], slots: int, quiet: bool) -> None:
        """Connect to the engine, make sure of the image, and begin to start containers.

        Args:
            docker_files: the directory of the Dockerfile.
            cache: the directory of what is built, which has the same path inside.
            sources: C sources that may be compiled.
            slots: how many guests will run at a time.
            quiet: not to show how the image is built.

        Raises:
            UnavailableError: no engine, no permission, no image.
        """
        say = progress(quiet)
        self._engine = connect()
        self._image = find_or_build(self._engine, find_recipe(docker_files), cache / "images" / "lock", say)
        self._cache = cache
        files = closure(sources)
        directories = topmost([*(path.parent for path in files), cache, Path("/tmp")])
        writable = {str(directory): _SCRATCH_MIB for directory in directories}
        building = Confinement("compilers", memory_mib=2048, processes=_PROCESSES, writable=writable)
        greeting = [(str(path), path.read_bytes(), 0o644) for path in files]
        self._builds = Pool(self._engine, self._image.id, building, say, greeting)
        running = Confinement("guests", self._guest_mib(slots), _PROCESSES, writable={JOB: _JOB_MIB})
        self.guests = Pool(self._engine, self._image.id, running, say)
        self.guests.warm_up(slots)  # compilers may find everything in the cache
        threading.Thread(target=remove_stale, args=(self._engine,), daemon=True).start()

    def _guest_mib(self, slots: int) -> int:
        """Share the engine's memory so that all guests together leave some of it to the machine."""
        with engine_errors("say how much memory there is"):
            total_mib = int(self._engine.info().get("MemTotal", 0)) // _MIB
        return max(_LEAST_GUEST_MIB, total_mib // (slots + 1))

    @property
    def native_triple(self) -> str:
        """That of the image."""
        return self._image.native_triple

    @property
    def search_key(self) -> str:
        """An image does not change."""
        return self._image.id

    @cached_property
    def facts(self) -> Mapping[str, object]:
        """Engine, image, and every package in it."""
        version = self._engine.version()
        return {
            "in": "docker",
            "engine": f"{_engine_name(version)} {version.get('Version')}",
            "image": self._image.id,
            "tag": self._image.tag,
            "base": self._image.base,
            "archives": dict(self._installed.archives),
            "packages": dict(self._installed.packages),
        }

    @cached_property
    def _installed(self) -> Installed:
        """What the image's build wrote down: read once, then from the cache."""
        kept = self._cache / "images" / self._image.id.rpartition(":")[2]
        with contextlib.suppress(OSError):
            return Installed(kept.read_text(encoding="utf-8"))
        with self._lend(self._builds) as container:
            text = container.supervisor.get(INSTALLED).decode("utf-8", "replace")
        with contextlib.suppress(OSError):
            kept.parent.mkdir(parents=True, exist_ok=True)
            kept.write_text(text, encoding="utf-8")
        return Installed(text)

    def find(self, name: str) -> Program | None:
        """Look into the list of the image's programs."""
        programs = self._installed.programs
        path = name if name in programs.values() else programs.get(name)
        return Program(path, f"{self._image.id} {path}") if path else None

    def file_identity(self, path: str) -> str:
        """An image does not change."""
        return f"{self._image.id} {path}"

    def processor(self) -> Processor:
        """Ask a container: the engine may be on another machine."""
        command = ("/usr/bin/cat", "/proc/sys/kernel/osrelease", "/proc/cpuinfo")
        with self._lend(self.guests) as container:
            said = container.supervisor.run(command, "/", replace(_TOOL, wall_ms=20_000)).stdout
        release, _, cpuinfo = said.partition("\n")
        return Processor(self.native_triple.split("-")[0], f"Linux {release}", cpu_identity(cpuinfo))

    def run_tools(
        self,
        commands: Sequence[Command],
        directory: Path,
        timeout_s: float,
        *,
        needs: Sequence[Path] = (),
        products: Sequence[str] = (),
    ) -> list[Exit]:
        """Run programs in a build container."""
        limits = replace(_TOOL, wall_ms=int(timeout_s * 1000))
        with self._lend(self._builds) as container:
            _send(container, needs)
            exits: list[Exit] = []
            for command in commands:
                _commands.info("%s", shlex.join(command))
                exits.append(container.supervisor.run(command, str(directory), limits))
                if exits[-1].status != 0:
                    break
            else:
                for name in products:
                    _write(directory / name, container.supervisor.get(str(directory / name)))
            if products:
                container.supervisor.wipe(str(directory))
        return exits

    @contextlib.contextmanager
    def open_slot(self, cancelled: threading.Event) -> Iterator[Slot]:
        """Give the guests of one job a container, which others get only if all of them ended well."""
        slot = _ContainerSlot(self)
        try:
            yield slot
        finally:
            slot.leave()

    def close(self) -> None:
        """End all containers."""
        self._builds.close()
        self.guests.close()

    @contextlib.contextmanager
    def _lend(self, pool: Pool) -> Iterator[Container]:
        """Lend a build container; one that fails its borrower is not used again."""
        container = pool.take()
        try:
            yield container
        except CancelledError:
            container.supervisor.close()
            raise HarnessError("the run was interrupted") from None
        except ContainerLostError as error:
            container.supervisor.close()
            self.blame(error)
            raise BuildError(f"the container that compiles ended: {error}") from None
        except BaseException:
            container.supervisor.close()
            raise
        pool.give_back(container)

    def blame(self, error: ContainerLostError) -> None:
        """Return if what ran in a container that was lost is to blame for it.

        Raises:
            EngineLostError: the engine is gone as well.
        """
        try:
            self._engine.ping()
        except (DockerException, RequestException, OSError):
            raise EngineLostError(f"the container engine was lost ({error})") from None


@dataclass(slots=True)
class _ContainerSlot:
    """The run container of one job; another one after it was lost."""

    backend: ContainerBackend
    _container: Container | None = None
    _is_clean: bool = True

    def memory_bytes(self) -> int:
        """Return what the directory of the job, which is held in memory, leaves of the container's."""
        return (self.backend.guests.confinement.memory_mib - _JOB_MIB) * _MIB

    def run(self, call: GuestCall) -> GuestEnd:
        """Run a guest in the container. One whose container falls silent is given up, and the next gets another one."""
        try:
            container = self._ready(call)
            return self._run(container, call)
        except CancelledError:
            self._drop()
            return GuestEnd(Exit(None, "", ""), b"")
        except SilentError as error:
            self._drop()
            self.backend.blame(error)
            return GuestEnd(Exit(None, "", f"its container fell silent: {error}"), b"")
        except (ContainerLostError, OSError) as error:
            self._drop()
            if isinstance(error, ContainerLostError):
                self.backend.blame(error)
            return GuestEnd(Exit(-signal.SIGKILL, "", f"its container ended: {error}"), b"")

    def _ready(self, call: GuestCall) -> Container:
        """Return a container with the guest's files. One that was lost while it was idle is nobody's fault here."""
        files = [(_GUEST_PATH, call.binary.read_bytes(), 0o755), (_PACK, call.pack, 0o644), (_OBSERVATION, b"", 0o644)]
        files += [(_in_job(path), path.read_bytes(), 0o755) for path in call.files]
        try:
            self._container = self._container or self.backend.guests.take()
            self._container.supervisor.put(files)
        except ContainerLostError as error:
            self._drop()
            self.backend.blame(error)
            self._container = self.backend.guests.take()
            self._container.supervisor.put(files)
        return self._container

    def _run(self, container: Container, call: GuestCall) -> GuestEnd:
        brought = {str(path): _in_job(path) for path in call.files}
        emulator = [brought.get(part, part) for part in call.emulator]
        command = (*emulator, _GUEST_PATH, _PACK, _OBSERVATION)
        limits = replace(_GUEST, idle_ms=int(call.idle_timeout_s * 1000), watched=_OBSERVATION)
        _commands.info("%s", shlex.join(command))
        ended = container.supervisor.run(command, JOB, limits)
        self._is_clean = self._is_clean and ended.status == 0
        try:
            observation = container.supervisor.get(_OBSERVATION)
        except OSError:  # a kernel may have removed it
            observation = b""
        container.supervisor.wipe(JOB)
        return GuestEnd(ended, observation)

    def leave(self) -> None:
        """Return the container, or give it up after a death or a deadline."""
        if self._container and self._is_clean:
            self.backend.guests.give_back(self._container)
        else:
            self._drop()

    def _drop(self) -> None:
        if self._container:
            self._container.supervisor.close()
        self._container, self._is_clean = None, True


def _in_job(path: Path) -> str:
    return f"{JOB}/{path.name}"


def _send(container: Container, paths: Iterable[Path]) -> None:
    """Bring files that the container does not have yet. What is in the cache never changes."""
    new = [path for path in paths if str(path) not in container.sent]
    container.supervisor.put((str(path), path.read_bytes(), path.stat().st_mode & 0o755) for path in new)
    container.sent.update(map(str, new))


def _write(path: Path, contents: bytes) -> None:
    try:
        path.write_bytes(contents)
        path.chmod(0o755)
    except OSError as error:
        raise StorageError(f"{path}: cannot write it: {error.strerror}") from None


def _engine_name(version: Mapping[str, Any]) -> str:
    components = version.get("Components") or [{}]
    return str(components[0].get("Name", "engine"))
