"""Where the files that ship with the harness are.

An installed wheel carries them inside the package, in `harness/bundled`. A checkout, an unpacked sdist and an editable
install have them beside the package, where they are edited.
"""

from __future__ import annotations

from functools import cache
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
    directories = " or ".join(str(candidate) for candidate in candidates)
    raise InstallationError(
        f"no csrc/, cases/ and docker/ in {directories}: the installation is incomplete, install harness again"
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


EMULATORS = "launch/emulators"
REPORT_FORMATS = "report/formats"
"""Folders of the package in which each module is one of a kind, found by its name."""


@cache
def modules_of(folder: str) -> dict[str, str]:
    """Return the modules that stand in a folder of the package, so that a file there is all that a new one takes.

    Returns:
        By name, in alphabetical order and with dashes, the first line of each one's docstring without its full stop.
        None is imported, since some take long to.
    """
    directory = _own_directory(folder)
    found = [path for path in directory.glob("*.py") if not path.name.startswith("_")]
    found += directory.glob("[!_]*/__init__.py")
    paths = {_stem(path).replace("_", "-"): path for path in found}
    return {name: _first_line(paths[name]) for name in sorted(paths)}


def module_name(folder: str, name: str) -> str:
    """Return what to import for one of `modules_of` a folder."""
    return f"{_PACKAGE.name}.{folder.replace('/', '.')}.{name.replace('-', '_')}"


def _stem(path: Path) -> str:
    return path.parent.name if path.name == "__init__.py" else path.stem


def _first_line(path: Path) -> str:
    with path.open(encoding="utf-8") as file:
        return file.readline().strip().strip('"').removesuffix(".")


def _own_directory(name: str) -> Path:
    directory = _PACKAGE / name
    if not directory.is_dir():
        raise InstallationError(f"no {directory}: the installation is incomplete, install harness again")
    return directory
