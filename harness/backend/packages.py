"""What a distribution calls the compilers and emulators that are missing, and how they are installed."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

CONTAINER = "--in docker brings compilers and emulators along and needs none of these packages, only Docker or Podman"
_DEBIAN, _FEDORA, _ARCH = "debian", "fedora", "arch"
_COMMANDS = {_DEBIAN: "apt-get install", _FEDORA: "dnf install", _ARCH: "pacman -S"}
_NAMES = {_DEBIAN: "Debian, Ubuntu", _FEDORA: "Fedora", _ARCH: "Arch"}
_DEBIAN_MACHINES = {"aarch64": "arm64", "x86_64": "amd64", "riscv64": "riscv64"}


@cache
def distribution() -> str:
    """Return the family of this machine's distribution, by /etc/os-release: debian, fedora, arch; empty for others."""
    try:
        text = Path("/etc/os-release").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    return family_of(text)


def family_of(os_release: str) -> str:
    """Return the family that an os-release(5) file tells by ID and ID_LIKE; empty for one not known here."""
    texts = " ".join(re.findall(r"(?m)^ID(?:_LIKE)?=\"?([^\"\n]*)", os_release)).split()
    kin = {"debian": _DEBIAN, "ubuntu": _DEBIAN, "fedora": _FEDORA, "rhel": _FEDORA, "centos": _FEDORA, "arch": _ARCH}
    return next((kin[name] for name in texts if name in kin), "")


def how_to_install(tools: str, triple: str, native: str, *, on_host: bool = True, family: str | None = None) -> str:
    """Return the command that installs tools, for this machine's distribution or, if that is not known, for each.

    Args:
        tools: gcc, g++, clang, libc, binutils or qemu-user, several separated by blanks; a compiler may have a version,
            as gcc-12. What clang lacks for C++ comes with g++.
        triple: what it is for.
        native: the triple of this machine's own code.
        on_host: whether it is missing on this machine; the alternative is an image, which has what it has.
        family: of the distribution; default: this machine's.
    """
    if not on_host:
        return "the image has none; it is built from docker/, and --in host takes what this machine has"
    family = distribution() if family is None else family
    families = [family] if family else list(_COMMANDS)
    texts = []
    for each in families:
        name = f" ({_NAMES[each]})" if len(families) > 1 else ""
        packages = [_packages(each, tool, triple, native) for tool in tools.split()]
        if all(packages):
            texts.append(f"{_COMMANDS[each]} {' '.join(packages)}{name}")
        elif len(families) == 1:
            return f"{_NAMES[each]} has no static C library for {triple}: --in docker brings all of it along"
    return f"{'; or '.join(texts)}; or --in docker, which needs none of it"


def _packages(family: str, tool: str, triple: str, native: str) -> str:
    """Name the packages; empty where the distribution has none.

    Guests are linked statically. Fedora's cross compilers are made for kernels and firmware: they have no C library.
    """
    base, _, version = tool.partition("-")
    is_cross = triple != native
    if tool == "qemu-user":
        return "qemu-user"
    if tool == "binutils":
        names = {_DEBIAN: f"binutils-{triple.replace('_', '-')}", _ARCH: f"{triple}-binutils"}
        return names.get(family, f"binutils-{triple}") if is_cross else "binutils"
    if base == "clang" and (family != _DEBIAN or version):
        return tool if family == _DEBIAN else "clang"
    if family == _DEBIAN:
        return _debian(base, version, triple, is_cross)
    if is_cross:
        return f"{triple}-gcc" if family == _ARCH else ""
    if base == "libc":
        return "glibc-static" if family == _FEDORA else "glibc"
    if base == "g++" and family == _FEDORA:
        return "gcc-c++ libstdc++-static"
    return "gcc glibc-static" if family == _FEDORA else "gcc"


def _debian(base: str, version: str, triple: str, is_cross: bool) -> str:
    if base == "clang":
        return "clang-19"
    machine = triple.partition("-")[0]
    library = f"libc6-dev-{_DEBIAN_MACHINES.get(machine, machine)}-cross" if is_cross else "libc6-dev"
    if base == "libc":
        return library
    suffix = f"-{version}" if version else ""
    compiler = f"{base}{suffix}-{triple.replace('_', '-')}" if is_cross else f"{base}{suffix}"
    return compiler if base == "g++" else f"{compiler} {library}"
