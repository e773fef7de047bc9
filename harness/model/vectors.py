"""Vector types of C: those of Arm's, Intel's and RISC-V's intrinsics that can be arguments and results of a kernel.

Names and registers are those of the Arm C Language Extensions and AAPCS64 6.8.2, of the x86-64 psABI 3.2.3, and of the
RISC-V psABI's Standard Vector Calling Convention Variant.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from fractions import Fraction


class Bank(Enum):
    """The vectors of one instruction set; the value is the header that declares them."""

    SVE = "arm_sve.h"
    NEON = "arm_neon.h"
    X86 = "immintrin.h"
    RVV = "riscv_vector.h"

    @property
    def machine(self) -> str:
        """The start of the triples that have it."""
        return {Bank.SVE: "aarch64", Bank.NEON: "aarch64", Bank.X86: "x86_64", Bank.RVV: "riscv64"}[self]


@dataclass(frozen=True, slots=True)
class VectorType:
    """A vector type, or one that says which lanes are active: an SVE predicate, or a mask of AVX-512."""

    c_name: str
    bank: Bank
    family: str
    """float, bfloat, signed or unsigned; "integer" for whatever the contract says; "predicate"."""
    lane_bytes: int
    """0 where the contract says, and for predicates."""
    total_bytes: int
    """0 for a scalable vector; of a mask those of the integer."""
    registers: int = 1
    """Of RVV: LMUL."""

    @property
    def is_predicate(self) -> bool:
        """Whether it says which lanes are active."""
        return self.family == "predicate"

    @property
    def is_scalable(self) -> bool:
        """Whether its length is the processor's."""
        return self.bank in (Bank.SVE, Bank.RVV)

    def lanes(self, lane_bytes: int) -> Fraction:
        """Lanes with elements of a size; of a scalable vector per byte of a register."""
        return Fraction(self.registers if self.is_scalable else self.total_bytes, lane_bytes)

    @property
    def suffix(self) -> str:
        """The end of the names of intrinsics for it, such as f32."""
        letters = {"float": "f", "bfloat": "bf", "signed": "s", "unsigned": "u"}
        if self.bank is Bank.RVV:
            letters["signed"] = "i"
        return f"{letters[self.family]}{8 * self.lane_bytes}"

    @property
    def isas(self) -> tuple[str, ...]:
        """How the names of ISAs begin whose kernels can have it."""
        if self.bank is Bank.X86:
            if self.is_predicate or self.total_bytes == _ZMM_BYTES:
                return ("avx512",)
            return ("avx", "fma") if self.total_bytes == _YMM_BYTES else ("sse", "avx", "fma")
        return {Bank.SVE: ("sve",), Bank.NEON: ("neon", "sve"), Bank.RVV: ("rvv",)}[self.bank]

    @property
    def is_baseline(self) -> bool:
        """Whether every processor of its machine has it, so that its caller needs none of the ISA's flags."""
        return self.bank is Bank.NEON or (self.bank is Bank.X86 and self.total_bytes == _XMM_BYTES)

    @property
    def is_wide(self) -> bool:
        """Whether it fills more than an SSE register, so that callers expect upper halves in use."""
        return self.bank is Bank.X86 and self.total_bytes > _XMM_BYTES


_XMM_BYTES, _YMM_BYTES, _ZMM_BYTES = 16, 32, 64
_D_BYTES = 8
REGISTER_LIMITS = {"vector": 8, "predicate": 4, "group": 16}
"""Registers for arguments: of Arm and x86 vectors, of SVE predicates, of RVV (v8 to v23)."""


def _types() -> dict[str, VectorType]:
    numbers = [("float", "float", size) for size in (2, 4, 8)]
    integers = [(family, name, size) for family, name in _INTEGERS for size in (1, 2, 4, 8)]
    found = [VectorType("svbool_t", Bank.SVE, "predicate", 0, 0)]
    for family, name, size in (*numbers, *integers, ("bfloat", "bfloat", 2)):
        found.append(VectorType(f"sv{name}{8 * size}_t", Bank.SVE, family, size, 0))
        found += [
            VectorType(f"{name}{8 * size}x{total // size}_t", Bank.NEON, family, size, total)
            for total in (_D_BYTES, _XMM_BYTES)
        ]
    for total in (_XMM_BYTES, _YMM_BYTES, _ZMM_BYTES):
        found += [
            VectorType(f"__m{8 * total}", Bank.X86, "float", 4, total),
            VectorType(f"__m{8 * total}d", Bank.X86, "float", 8, total),
            VectorType(f"__m{8 * total}i", Bank.X86, "integer", 0, total),
        ]
    found += [VectorType(f"__mmask{8 * size}", Bank.X86, "predicate", 0, size) for size in (1, 2, 4, 8)]
    for family, name, size in (*numbers[1:], *integers):
        found += [VectorType(f"v{name}{8 * size}m{lmul}_t", Bank.RVV, family, size, 0, lmul) for lmul in (1, 2, 4, 8)]
    return {vector.c_name: vector for vector in found}


_INTEGERS = (("signed", "int"), ("unsigned", "uint"))
VECTOR_TYPES = _types()

_TUPLE = re.compile(r"sv\w+x[234]_t|\w+x\d+x[234]_t|v\w+m\w+x\d_t")
_RVV_OTHER = re.compile(r"v(bool\d+|\w+mf\d|b?float16m\d)_t")


def why_not(name: str) -> str:
    """Say why a type that looks like a vector cannot be an argument or a result; empty for any other name."""
    if _TUPLE.fullmatch(name):
        return "a tuple of vectors; write an adapter (docs/signatures.md)"
    if _RVV_OTHER.fullmatch(name):
        return "of RVV, float, double and integers of 8 to 64 bits can be passed, in whole registers (m1 to m8)"
    if name == "__m64":
        return "an MMX register, which no kernel here is tested in"
    return ""
