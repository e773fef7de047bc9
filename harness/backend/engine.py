"""The connection to a container engine, and what is said where there is none."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from docker.errors import DockerException
from requests.exceptions import RequestException

import docker
from harness.errors import HarnessError, UnavailableError

_START_ONE = "start one (Docker, Podman's API service) or name its socket in DOCKER_HOST"


class EngineLostError(HarnessError):
    """The engine does not answer any more, or refuses what it did before."""


def connect() -> docker.APIClient:
    """Return a client of the engine that DOCKER_HOST names, or of the machine's own.

    Raises:
        UnavailableError: no engine answers, or it may not be used.
    """
    address = os.environ.get("DOCKER_HOST") or "the default socket"
    try:
        return docker.DockerClient.from_env().api
    except (DockerException, RequestException, OSError) as error:
        raise UnavailableError(f"--in docker: {_objection(error, address)}") from None


def _objection(error: Exception, address: str) -> str:
    if _is_caused_by(error, PermissionError):
        return (
            f"no permission to use the engine at {address}; join the group of its socket (usermod -aG docker) or run a "
            "rootless engine and name its socket in DOCKER_HOST"
        )
    if _is_caused_by(error, (FileNotFoundError, ConnectionError)):
        return f"no container engine answers at {address}; {_START_ONE}"
    return f"the container engine at {address} cannot be used: {_shorten(error)}; {_START_ONE}"


def _is_caused_by(error: BaseException | object, kinds: type | tuple[type, ...]) -> bool:
    """Whether an exception of these kinds is somewhere inside: requests and urllib3 wrap each other's."""
    seen: list[object] = [error]
    for one in seen:
        if isinstance(one, kinds):
            return True
        if isinstance(one, BaseException) and len(seen) < 100:
            seen += [*one.args, one.__cause__, one.__context__, getattr(one, "reason", None)]
    return False


def _shorten(error: Exception) -> str:
    return " ".join(str(error).split())[:600]


@contextmanager
def engine_errors(doing: str) -> Iterator[None]:
    """Turn what the engine's client raises into an EngineLostError that says what was being done."""
    try:
        yield
    except (DockerException, RequestException, OSError) as error:
        raise EngineLostError(f"the container engine failed to {doing}: {_shorten(error)}") from None
