"""GNU triples of the machines that code is compiled for."""

from __future__ import annotations

HOST_TRIPLES = {"x86_64": "x86_64-linux-gnu", "aarch64": "aarch64-linux-gnu", "riscv64": "riscv64-linux-gnu"}
"""GNU triple by what the kernel calls the machine."""


def native_triple(machine: str) -> str:
    """Return the GNU triple of what the kernel calls `machine`."""
    return HOST_TRIPLES.get(machine, f"{machine}-linux-gnu")


def resolve_triple(triple: str, native: str) -> str:
    """Replace "host" by the triple of native code."""
    return native if triple == "host" else triple
