"""Conventions, as contracts and manifests write them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from harness.contract.expressions import parse_requirement
from harness.errors import ContractError, perhaps
from harness.model import WAIVABLE, Conventions
from harness.model.prototype import Prototype

_LARGEST_ALIGNMENT_BYTES = 4096
"""A page: next to which a guard page can be."""


def conventions_of(
    prototype: Prototype,
    requires: Sequence[str],
    over_read: Mapping[str, int],
    alignment: Mapping[str, int],
    waived: Mapping[str, str],
) -> Conventions:
    """Check what was written against the contract's prototype.

    Raises:
        ContractError: an unknown name or check, or a number that cannot be; the message says which.
    """
    _check_buffers(prototype, over_read, alignment)
    for name, reason in waived.items():
        if name not in WAIVABLE:
            raise ContractError(f"waived: no check is called {name!r}{perhaps(name, WAIVABLE)}")
        if not reason:
            raise ContractError(f"waived: {name!r} needs a reason")
    sizes = [p.name for p in prototype.parameters if not p.is_pointer and p.type.family != "float"]
    several = [requires] if isinstance(requires, str) else requires
    requirements = tuple(parse_requirement(text, sizes) for text in several)
    return Conventions(requirements, dict(over_read), dict(alignment), dict(waived))


def _check_buffers(prototype: Prototype, over_read: Mapping[str, int], alignment: Mapping[str, int]) -> None:
    buffers = [p.name for p in prototype.buffers]
    for what, by_buffer in (("over_read", over_read), ("alignment", alignment)):
        for name in by_buffer:
            if name not in buffers:
                raise ContractError(f"{what}: {name!r} is no buffer{perhaps(name, buffers)}")
    for name, count in over_read.items():
        if count < 0:
            raise ContractError(f"over_read: {name!r} cannot be read {count} elements behind its end")
    for name, count in alignment.items():
        if not 0 < count <= _LARGEST_ALIGNMENT_BYTES or count & (count - 1):
            most = f"a power of two up to {_LARGEST_ALIGNMENT_BYTES} bytes"
            raise ContractError(f"alignment: {name!r} needs {most}, not {count}")
