"""Digests of the code that a remembered result was computed by: the key under which it may be used again."""

from __future__ import annotations

import hashlib
import re
import sys
import sysconfig
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

_PACKAGE = Path(__file__).parent.parent
_IMPORT = re.compile(r"(?m)^[ \t]*(?:from +([\w.]+) +import +(?:\(([^)]*)\)|([^\n(]+))|import +([\w., ]+))")
_NAME = re.compile(r"\w+")
_INSTALLED = [Path(sysconfig.get_path(name)) for name in ("stdlib", "platstdlib", "purelib", "platlib")]


@cache
def code_digest(*modules: str) -> str:
    """Return the digest of modules of this package and of all that they import from it, directly or not.

    Raises:
        ValueError: there is no such module.
    """
    digest = hashlib.sha256()
    for name, path in sorted(imported_files(modules).items()):
        contents = path.read_bytes()
        digest.update(f"{name}\0{len(contents)}\0".encode() + contents)
    return digest.hexdigest()[:40]


def imports_digest(source: Path) -> str:
    """Return the digest of what a Python file that was run imports from elsewhere than this package and Python itself.

    Files around the user's own count by their contents, and with what they import in turn; installed packages by their
    version and by the size and time of the file that was loaded.
    """
    parts: dict[str, str] = {}
    waiting = list(_imports(source.read_text(encoding="utf-8", errors="replace")))
    while waiting:
        name = waiting.pop()
        waiting += [name.rpartition(".")[0]] if "." in name else []
        module = sys.modules.get(name)
        path = Path(getattr(module, "__file__", None) or "")
        if name in parts or module is None or not path.is_file() or path.is_relative_to(_PACKAGE):
            continue
        if _is_installed(path):
            status = path.stat()
            version = getattr(module, "__version__", "")
            parts[name] = f"{version} {path} {status.st_size} {status.st_mtime_ns}"
            continue
        contents = path.read_bytes()
        parts[name] = hashlib.sha256(contents).hexdigest()
        waiting += _imports(contents.decode("utf-8", "replace"))
    text = "\0".join(f"{name} {part}" for name, part in sorted(parts.items()))
    return hashlib.sha256(f"{sys.version}\0{text}".encode()).hexdigest()[:40]


def _is_installed(path: Path) -> bool:
    return any(path.is_relative_to(directory) for directory in _INSTALLED)


def imported_files(modules: Iterable[str]) -> dict[str, Path]:
    """Return the files of modules and of what they import from this package, by name; packages on the way included.

    What stands in functions or is imported for type checkers only counts, too. The package's own __init__ does not: it
    computes nothing.

    Raises:
        ValueError: there is no such module.
    """
    found: dict[str, Path] = {}
    waiting = list(modules)
    for name in waiting:
        if _file_of(name) is None:
            raise ValueError(f"no module {name}")
    while waiting:
        name = waiting.pop()
        path = _file_of(name)
        if name in found or path is None or name == _PACKAGE.name:
            continue
        found[name] = path
        waiting += [name.rpartition(".")[0], *_imports(path.read_text(encoding="utf-8"))]
    return found


def _imports(text: str) -> Iterator[str]:
    """Yield the names of modules that a source may import: of `from a import b` both a and a.b."""
    for module, in_brackets, names, plain in _IMPORT.findall(text):
        if module:
            yield module
            yield from (f"{module}.{name}" for name in _NAME.findall(in_brackets or names))
        else:
            yield from (name.strip().split(" ")[0] for name in plain.split(","))


def _file_of(module: str) -> Path | None:
    package, *rest = module.split(".")
    if package != _PACKAGE.name:
        return None
    base = _PACKAGE.joinpath(*rest)
    return next((path for path in (base.with_suffix(".py"), base / "__init__.py") if path.is_file()), None)
