"""Buffers and their lengths: "x[len], y[(m - 1) * stride + n]"."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Mapping

from harness.errors import ContractError, perhaps
from harness.model import Extent, Flow
from harness.prototype import Prototype


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
            declared[match[1]] = (flow, parse_extent(match[2], size_names))
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


_OPERATORS = (ast.Add, ast.Sub, ast.Mult, ast.FloorDiv, ast.Mod)


def parse_extent(text: str, size_names: Iterable[str]) -> Extent:
    """Parse an element count such as "(m - 1) * stride + n" over the size parameters.

    Raises:
        ContractError: it is no integer expression, or names something that is no size.
    """
    known = set(size_names)
    try:
        tree = ast.parse(text.strip(), mode="eval")
    except SyntaxError:
        raise ContractError(f"{text!r} is no length; expected an expression of {', '.join(sorted(known))}") from None
    _check_extent(tree.body, text, known)
    code = compile(tree, f"<length {text}>", "eval")
    return Extent(text.strip(), lambda values: max(0, eval(code, {"__builtins__": {}}, values)))


def _check_extent(node: ast.expr, text: str, known: set[str]) -> None:
    """Let nothing but arithmetic on sizes through, since what passes is evaluated."""
    match node:
        case ast.Constant(value=value) if type(value) is int:
            pass
        case ast.Name(id=name):
            if name not in known:
                raise ContractError(f"length {text!r}: {name!r} is no size{perhaps(name, known)}")
        case ast.BinOp(left=left, op=symbol, right=right) if isinstance(symbol, _OPERATORS):
            _check_extent(left, text, known)
            _check_extent(right, text, known)
        case _:
            raise ContractError(f"length {text!r}: only sizes, integers and + - * // % are understood")
