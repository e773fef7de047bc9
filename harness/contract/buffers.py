"""Buffers and their lengths: "x[len]", "image[rows, columns]", and rows that are apart: "a[m, k : lda]"."""

from __future__ import annotations

import re
from collections.abc import Mapping

from harness.contract.expressions import parse_array
from harness.errors import ContractError, perhaps
from harness.model import Extent, Flow
from harness.model.prototype import Prototype


def buffers_of(prototype: Prototype, texts: Mapping[Flow, str]) -> tuple[dict[str, Flow], dict[str, Extent]]:
    """Return flow and extent of every pointer parameter, in prototype order, from one declaration per flow.

    Raises:
        ContractError: a pointer is declared twice over or not at all, or a length is no expression of the sizes.
    """
    size_names = {p.name for p in prototype.parameters if not p.is_pointer}
    declared: dict[str, tuple[Flow, Extent]] = {}
    for flow, text in texts.items():
        for piece in filter(None, (piece.strip() for piece in re.split(r",(?![^\[]*\])", text))):
            match = re.fullmatch(r"(\w+)\s*\[(.+)\]", piece)
            if not match:
                raise ContractError(f"{piece!r} is no buffer; expected 'name[length]'")
            declared[match[1]] = (flow, parse_array(match[2], size_names))
    pointers = {p.name: p for p in prototype.buffers}
    for name in declared:
        if name not in pointers:
            raise ContractError(f"{name!r} is no pointer parameter of {prototype}{perhaps(name, pointers)}")
    for name, parameter in pointers.items():
        if name not in declared:
            raise ContractError(f"the pointer {name!r} of {prototype} is in none of inputs, outputs and inout")
        if parameter.is_const and declared[name][0] is not Flow.IN:
            raise ContractError(f"{name!r} is const in {prototype}, so it belongs in inputs")
    ordered = {name: declared[name] for name in pointers}
    return {n: flow for n, (flow, _) in ordered.items()}, {n: extent for n, (_, extent) in ordered.items()}
