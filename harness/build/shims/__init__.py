"""Hostile shims: what the standard leaves undefined in a kernel's source holds poison chosen at run time.

The shims are headers in `csrc/shims/` that shadow the compiler's own (`arm_sve.h`, `immintrin.h`, `riscv_vector.h`).
They declare the same intrinsics, as macros that fill undefined lanes from `guest_poison`, which the guest runner
exports and sets before every call. A kernel's source is compiled unchanged; what is defined keeps its value, bit for
bit.
"""

from __future__ import annotations

from pathlib import Path

from harness.build.shims.diagnosis import Advice, diagnose, diagnose_agnostic
from harness.build.shims.suspects import suspects
from harness.resources import bundled_root

__all__ = [
    "Advice",
    "coverage_note",
    "diagnose",
    "diagnose_agnostic",
    "hostile_flags",
    "hostile_inputs",
    "suspects",
]

# By start of the ISA.
_DIRECTORIES = {"sve": "aarch64", "sme": "aarch64", "sse": "x86", "avx": "x86", "fma": "x86", "rvv": "riscv64"}
# By machine of the triple, for ISAs of other names.
_BY_MACHINE = {"aarch64": "aarch64", "x86_64": "x86", "i686": "x86", "riscv64": "riscv64"}

_NOTHING_TO_SHIM = ("neon", "scalar")
"""By start of the ISA: neither has undefined lanes."""
_NO_SHIMS_FOR = {".s": "assembly", ".S": "assembly", ".o": "objects", ".a": "objects"}  # all else is C or C++


def hostile_flags(isa: str, triple: str = "") -> tuple[str, ...]:
    """Return the flags that put the shims in front of a C or C++ kernel; the same for gcc and clang.

    Before or after the kernel's own flags: -isystem directories precede the compiler's own headers either way.
    None, if a hostile build would be the plain one. An ISA of an unknown name is judged by the triple.
    """
    directory = _directory(isa, triple)
    return () if directory is None else ("-isystem", str(directory))


def hostile_inputs(isa: str, triple: str = "") -> tuple[Path, ...]:
    """Return the files that hostile builds read besides the kernel's own, as a build elsewhere needs them."""
    directory = _directory(isa, triple)
    if directory is None:
        return ()
    shared = (directory.parent / "poison.h", directory.parent.parent / "guest" / "runner" / "poison.h")
    return (*sorted(directory.iterdir()), *shared)


def coverage_note(source: Path, isa: str, triple: str = "") -> str | None:
    """Say what the hostile build leaves out for a kernel's source; None if nothing."""
    kind = _NO_SHIMS_FOR.get(source.suffix)
    if kind is None and (isa.startswith(_NOTHING_TO_SHIM) or _directory(isa, triple)):
        return None
    return f"no shims for {kind or isa}: what is undefined is poisoned at entry only, in registers and memory"


def _directory(isa: str, triple: str) -> Path | None:
    if isa.startswith(_NOTHING_TO_SHIM):
        return None
    by_isa = (name for prefix, name in _DIRECTORIES.items() if isa.startswith(prefix))
    name = next(by_isa, _BY_MACHINE.get(triple.partition("-")[0]))
    return None if name is None else bundled_root() / "csrc" / "shims" / name
