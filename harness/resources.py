"""Where the files that ship with the harness are.

An installed wheel carries them inside the package, in `harness/bundled`. A checkout, an unpacked sdist and an editable
install have them beside the package, where they are edited.
"""

from __future__ import annotations

from pathlib import Path

from harness.errors import InstallationError

_PACKAGE = Path(__file__).resolve().parent
_SHIPPED = ("csrc", "cases", "docker")


def bundled_root() -> Path:
    """Return the directory that holds `csrc/`, `cases/` and `docker/`."""
    candidates = (_PACKAGE / "bundled", _PACKAGE.parent)  # the wheel's first: site-packages may hold anything
    for candidate in candidates:
        if all((candidate / name).is_dir() for name in _SHIPPED):
            return candidate
    places = " or ".join(str(candidate) for candidate in candidates)
    raise InstallationError(
        f"no csrc/, cases/ and docker/ in {places}: the installation is incomplete, install harness again"
    )


def targets_directory() -> Path:
    """Return the directory of the target files, one .toml per ISA or core."""
    return _own_directory("targets")


def features_directory() -> Path:
    """Return the directory of the files that say all of processors' features, one .toml per architecture."""
    return _own_directory("features")


def memory_operands_directory() -> Path:
    """Return the directory of the memory operands that emulators are tried with, one .toml per architecture."""
    return _own_directory("features") / "memory_operands"


def _own_directory(name: str) -> Path:
    directory = _PACKAGE / name
    if not directory.is_dir():
        raise InstallationError(f"no {directory}: the installation is incomplete, install harness again")
    return directory
