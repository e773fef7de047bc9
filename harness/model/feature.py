"""Features of processors, and where the guest's facts show them."""

from __future__ import annotations

from collections.abc import Mapping

FEATURE_BITS: Mapping[str, tuple[str, int]] = {
    "fma": ("cpuid_1_ecx", 12),
    "avx2": ("cpuid_7_ebx", 5),
    "avx512f": ("cpuid_7_ebx", 16),
    "avx512dq": ("cpuid_7_ebx", 17),
    "avx512bw": ("cpuid_7_ebx", 30),
    "avx512vl": ("cpuid_7_ebx", 31),
    "sve": ("hwcap", 22),
    "sve2": ("hwcap2", 1),
}
"""By name, the fact and the number of its bit: CPUID (SDM volume 2A), and the auxiliary vector (Linux, <asm/hwcap.h> of
arm64). Whether the system keeps the registers is what a target's width attests."""


def has_feature(attestation: Mapping[str, int], name: str) -> bool:
    """Whether a guest attests a feature."""
    fact, bit = FEATURE_BITS[name]
    return bool(attestation.get(fact, 0) >> bit & 1)
