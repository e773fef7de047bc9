"""Hostile shims: what the standard leaves undefined in a kernel's source holds poison chosen at run time.

The shims are headers in `csrc/hostile/` that shadow the compiler's own (`arm_sve.h`, `immintrin.h` and kin). They
declare the same intrinsics, as macros that fill undefined lanes from `guest_poison`, which the guest runner exports
and sets before every call. A kernel's source is compiled unchanged; what is defined keeps its value, bit for bit.
"""

from __future__ import annotations

from pathlib import Path

from harness.build.shims.diagnosis import Advice, diagnose
from harness.resources import bundled_root

__all__ = ["Advice", "coverage_note", "diagnose", "hostile_flags", "hostile_inputs"]

_DIRECTORIES = {"sve": "aarch64", "sme": "aarch64", "sse": "x86", "avx": "x86", "fma": "x86"}

_NOTHING_SHIMMED = {
    "neon": "NEON intrinsics have no undefined lanes",
    "scalar": "scalar code has no undefined lanes",
    "rvv": "the emulator fills agnostic lanes",
}


def hostile_flags(isa: str) -> tuple[str, ...]:
    """Return the flags that put the shims in front of a C or C++ kernel for `isa`; the same for gcc and clang.

    They belong in front of the kernel's own include paths or behind them alike: -isystem precedes the compiler's
    own headers, and no kernel brings its own.
    """
    directory = _directory(isa)
    return () if directory is None else ("-isystem", str(directory))


def hostile_inputs(isa: str) -> tuple[Path, ...]:
    """Return the files that hostile builds for `isa` read besides the kernel's own: part of a build's identity."""
    directory = _directory(isa)
    if directory is None:
        return ()
    shared = (directory.parent / "poison.h", directory.parent.parent / "guest" / "poison.h")
    return (*sorted(directory.iterdir()), *shared)


def coverage_note(language: str, isa: str) -> str | None:
    """Say what the hostile build leaves out for a kernel in `language` (c, c++, asm or object); None if nothing."""
    if language not in {"c", "c++"}:
        return f"{language} source has no shims: only registers and memory are poisoned, at entry"
    if _directory(isa) is not None:
        return None
    known = (note for prefix, note in _NOTHING_SHIMMED.items() if isa.startswith(prefix))
    return next(known, f"no shims for {isa}: only registers and memory are poisoned, at entry")


def _directory(isa: str) -> Path | None:
    for prefix, name in _DIRECTORIES.items():
        if isa.startswith(prefix):
            return bundled_root() / "csrc" / "hostile" / name
    return None
