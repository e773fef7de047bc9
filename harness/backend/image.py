"""The image that holds compilers and emulators: found by a digest of what makes it, built where that is missing."""

from __future__ import annotations

import fcntl
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import IO, Any

from docker.errors import DockerException, ImageNotFound
from requests.exceptions import RequestException

import docker
from harness.backend.image_context import Recipe
from harness.errors import UnavailableError
from harness.model.triple import native_triple

REGISTRY_BASE = "debian:trixie-slim"
OWN_BASE = "harness-base:trixie"
"""Made by docker/make_base where no registry can be reached."""
INSTALLED = "/harness/installed"
"""In the image: what its build installed."""
_BASE_LABEL = "harness.base"
_MACHINES = {"amd64": "x86_64", "arm64": "aarch64", "riscv64": "riscv64"}
"""What Linux calls the machines whose images have these architectures."""
_ASK_TIMEOUT_S = 60
_DETAIL_INTERVAL_S = 5

Say = Callable[[str], None]


@dataclass(frozen=True)
class Image:
    """An image, and what it says about itself."""

    id: str
    tag: str
    architecture: str
    base: str

    @property
    def native_triple(self) -> str:
        """The GNU triple of code that its containers run without an emulator."""
        return native_triple(_MACHINES.get(self.architecture, self.architecture))


@dataclass(frozen=True)
class Installed:
    """What the build of an image wrote down."""

    text: str

    def _lines(self, what: str) -> Iterable[tuple[str, str]]:
        return ((line.split()[1], line.split()[-1]) for line in self.text.splitlines() if line.startswith(f"{what} "))

    @cached_property
    def archives(self) -> Mapping[str, str]:
        """The date of each of Debian's archives that packages came from."""
        return dict(self._lines("archive"))

    @cached_property
    def packages(self) -> Mapping[str, str]:
        """Versions by package."""
        return dict(self._lines("package"))

    @cached_property
    def programs(self) -> Mapping[str, str]:
        """Paths by name."""
        return {path.rpartition("/")[2]: path for path, _ in self._lines("program")}


def find_or_build(engine: docker.APIClient, recipe: Recipe, lock: Path, say: Say) -> Image:
    """Return the image, building it first where the engine does not have it. Of several runs one builds, by the lock.

    Raises:
        UnavailableError: it cannot be built.
    """
    tag = recipe.tag
    found = _inspect(engine, tag)
    if found is None:
        lock.parent.mkdir(parents=True, exist_ok=True)
        with lock.open("w") as held:
            fcntl.flock(held, fcntl.LOCK_EX)
            if _inspect(engine, tag) is None:
                say(f"--in docker: building the image {tag}, once; this takes some minutes")
                _build(engine, recipe, _find_base(engine, recipe.directory, say), say)
        found = _inspect(engine, tag)
    if found is None:
        raise UnavailableError(f"--in docker: the engine built {tag} and does not have it; look at its log")
    labels = found["Config"].get("Labels") or {}
    return Image(found["Id"], tag, found["Architecture"], labels.get(_BASE_LABEL, "unknown"))


def _inspect(engine: docker.APIClient, name: str) -> dict[str, Any] | None:
    try:
        found: dict[str, Any] = engine.inspect_image(name)  # type: ignore[no-untyped-call]
    except ImageNotFound:
        return None
    return found


# ---- the base ------------------------------------------------------------------------------------------------------


def _find_base(engine: docker.APIClient, directory: Path, say: Say) -> str:
    """Return a base image that the engine has: Debian's own from the registry, else one made here."""
    if _inspect(engine, REGISTRY_BASE) or _pull(engine, say):
        say(f"--in docker: the base is {REGISTRY_BASE}, from the registry")
        return REGISTRY_BASE
    if _inspect(engine, OWN_BASE) is None:
        say("--in docker: no registry can be reached; making a base from Debian's archive with debootstrap")
        _make_base(engine, directory)
    say(f"--in docker: the base is {OWN_BASE}, made by debootstrap")
    return OWN_BASE


def _pull(engine: docker.APIClient, say: Say) -> bool:
    repository, _, tag = REGISTRY_BASE.partition(":")
    say(f"--in docker: fetching {REGISTRY_BASE}")
    try:
        for event in engine.pull(repository, tag=tag, stream=True, decode=True):
            if "error" in event:
                return False
    except (DockerException, RequestException):
        return False
    return _inspect(engine, REGISTRY_BASE) is not None


def _make_base(engine: docker.APIClient, directory: Path) -> None:
    wanted = _MACHINES.get(engine.version().get("Arch", ""))
    if wanted != platform.machine():
        raise UnavailableError(
            f"--in docker: no registry can be reached, and a base for the engine's {wanted} cannot be made on "
            f"{platform.machine()}; load {REGISTRY_BASE} into the engine (docker load)"
        )
    maker = ["sh", str(directory / "make_base")]
    repository, _, tag = OWN_BASE.partition(":")
    with tempfile.TemporaryFile() as said:
        making = subprocess.Popen(maker, stdout=subprocess.PIPE, stderr=said, stdin=subprocess.DEVNULL)
        with making, suppress(DockerException, RequestException):  # how it ended tells more
            engine.import_image_from_stream(making.stdout, repository=repository, tag=tag)
        said.seek(0)
        complaints = said.read().decode("utf-8", "replace").strip().splitlines()
    if making.returncode or _inspect(engine, OWN_BASE) is None:
        with suppress(DockerException, RequestException):
            engine.remove_image(OWN_BASE)
        raise UnavailableError(
            f"--in docker: no registry can be reached and no base can be made here ({(complaints or maker)[-1]}); "
            f"load {REGISTRY_BASE} into the engine (docker load)"
        )


# ---- the image -----------------------------------------------------------------------------------------------------


def _build(engine: docker.APIClient, recipe: Recipe, base: str, say: Say) -> None:
    with recipe.context() as context:
        _follow(_building(engine, recipe, base, context), say)


def _building(engine: docker.APIClient, recipe: Recipe, base: str, context: IO[bytes]) -> Iterable[dict[str, Any]]:
    events: Iterable[dict[str, Any]] = engine.build(
        fileobj=context,
        custom_context=True,
        tag=recipe.tag,
        buildargs={"BASE": base, **recipe.arguments, **_apt_settings()},
        labels={_BASE_LABEL: base},
        network_mode="host",  # reaches a package mirror wherever this machine's engine does
        rm=True,
        forcerm=True,
        decode=True,
    )
    return events


def _follow(events: Iterable[dict[str, Any]], say: Say) -> None:
    last = ""
    try:
        for event in events:
            if "error" in event:
                raise UnavailableError(f"--in docker: the image cannot be built: {event['error'].strip()}: {last}")
            for line in filter(None, map(str.strip, event.get("stream", "").splitlines())):
                last = line
                say(f"  {line}")
    except (DockerException, RequestException) as error:
        raise UnavailableError(f"--in docker: the image cannot be built: {' '.join(str(error).split())}") from None


def _apt_settings() -> dict[str, str]:
    """What a Debian machine's apt is told about archives holds for the image as well; elsewhere nothing is known."""
    form = "$(LABEL) $(REPO_URI)"
    targets = _ask("apt-get", "indextargets", "--format", form, "Created-By: Packages").splitlines()
    archives = dict(line.split(" ", 1) for line in reversed(targets) if line.startswith("Debian"))
    dumped = _ask("apt-config", "dump", "Acquire::Check-Valid-Until", "Acquire::Check-Date")
    proxy = _ask("apt-config", "dump", "--format", "%v", "Acquire::http::Proxy").strip()
    settings = {
        "http_proxy": proxy or os.environ.get("http_proxy", ""),  # no engine keeps this one in the image's history
        "MIRROR": archives.get("Debian", ""),
        "SECURITY_MIRROR": archives.get("Debian-Security", ""),
        "APT_SETTINGS": " ".join(dumped.splitlines()),
    }
    return {name: value for name, value in settings.items() if value}


def _ask(*command: str) -> str:
    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=_ASK_TIMEOUT_S).stdout
    except (OSError, subprocess.TimeoutExpired):
        return ""


def progress(quiet: bool) -> Say:
    """Return what tells a person how a build goes on: one line that changes on a terminal, else a line now and then."""
    on_terminal = sys.stderr.isatty()
    next_detail = 0.0

    def say(line: str) -> None:
        nonlocal next_detail
        is_detail = line.startswith(" ")
        if on_terminal:
            sys.stderr.write(f"\r\x1b[K{line[:100]}" if is_detail else f"\r\x1b[K{line}\n")
        elif not is_detail or time.monotonic() > next_detail:
            sys.stderr.write(f"{line[:100]}\n")
            next_detail = time.monotonic() + _DETAIL_INTERVAL_S
        sys.stderr.flush()

    return (lambda _line: None) if quiet else say
