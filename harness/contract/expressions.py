"""Expressions over sizes: a buffer's length, and what callers promise about sizes."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Mapping
from types import CodeType
from typing import Any

from harness.errors import ContractError, perhaps
from harness.model import Extent, Layout, Requirement

VECTOR_BITS = "vector_bits"
"""The name by which a requirement speaks of the run's vector length."""

_ARITHMETIC = (ast.Add, ast.Sub, ast.Mult, ast.FloorDiv, ast.Mod)
_COMPARISONS = (ast.Eq, ast.NotEq, ast.Lt, ast.LtE, ast.Gt, ast.GtE)


def _is_power_of_two(number: int) -> bool:
    return number > 0 and number & (number - 1) == 0


_FUNCTIONS: dict[str, Callable[[int], bool]] = {"is_power_of_two": _is_power_of_two}


def parse_extent(text: str, size_names: Iterable[str]) -> Extent:
    """Parse an element count such as "(m - 1) * stride + n" over the size parameters.

    Raises:
        ContractError: it is no integer expression, or names something that is no size.
    """
    code = _compiled(text, f"length {text!r}", set(size_names), _check_number)
    return Extent(text.strip(), lambda values: max(0, _evaluate(code, values)))


def parse_array(text: str, size_names: Iterable[str]) -> Extent:
    """Parse a length, dimensions such as "m, k", or dimensions with the distance of rows, "m, k : lda".

    Raises:
        ContractError: a part is no integer expression, or there is a distance without two dimensions.
    """
    names = set(size_names)
    dimensions, colon, distance = text.partition(":")
    pieces = dimensions.split(",")
    if len(pieces) == 1 and not colon:
        return parse_extent(text, names)
    if len(pieces) == 1:
        raise ContractError(f"length {text!r}: a distance of rows belongs to dimensions, as in 'm, k : lda'")
    shape = [parse_extent(piece, names).count for piece in pieces]
    stride = parse_extent(distance, names).count if colon else shape[-1]

    def layout(sizes: Mapping[str, int]) -> Layout:
        found = Layout(tuple(count(sizes) for count in shape), stride(sizes))
        if found.stride < found.columns:
            apart = f"{distance.strip() or 'rows'} is {found.stride}, less than the {found.columns} elements of a row"
            raise ContractError(f"[{text.strip()}]: {apart}")
        return found

    return Extent(text.strip(), lambda sizes: layout(sizes).count, layout)


def parse_requirement(text: str, size_names: Iterable[str]) -> Requirement:
    """Parse a condition such as "len % 8 == 0 and len >= 16" or "is_power_of_two(vector_bits)".

    Raises:
        ContractError: it is no condition, or names something that is no size.
    """
    code = _compiled(text, f"requirement {text!r}", {*size_names, VECTOR_BITS}, _check_condition)
    return Requirement(text.strip(), lambda values: bool(_evaluate(code, values)), tuple(code.co_names))


def _compiled(text: str, what: str, known: set[str], check: Callable[[ast.expr, str, set[str]], None]) -> CodeType:
    try:
        tree = ast.parse(text.strip(), mode="eval")
    except SyntaxError:
        raise ContractError(f"{what} is no expression of {', '.join(sorted(known))}") from None
    check(tree.body, what, known)
    return compile(tree, f"<{what}>", "eval")


def _evaluate(code: CodeType, values: Any) -> int:
    try:
        return int(eval(code, {"__builtins__": {}, **_FUNCTIONS}, values))
    except ZeroDivisionError:
        return 0


# Nothing but arithmetic, comparisons and the functions above is let through, since what passes is evaluated.


def _check_number(node: ast.expr, what: str, known: set[str]) -> None:
    match node:
        case ast.Constant(value=value) if type(value) is int:
            pass
        case ast.Name(id=name):
            if name not in known:
                raise ContractError(f"{what}: {name!r} is no size{perhaps(name, known)}")
        case ast.BinOp(left=left, op=symbol, right=right) if isinstance(symbol, _ARITHMETIC):
            _check_number(left, what, known)
            _check_number(right, what, known)
        case _:
            raise ContractError(f"{what}: only sizes, integers and + - * // % are understood")


def _check_condition(node: ast.expr, what: str, known: set[str]) -> None:
    match node:
        case ast.BoolOp(values=parts):
            for part in parts:
                _check_condition(part, what, known)
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            _check_condition(operand, what, known)
        case ast.Compare(left=left, ops=symbols, comparators=others) if all(
            isinstance(symbol, _COMPARISONS) for symbol in symbols
        ):
            for part in (left, *others):
                _check_number(part, what, known)
        case ast.Call(func=ast.Name(id=name), args=[argument], keywords=[]) if name in _FUNCTIONS:
            _check_number(argument, what, known)
        case _:
            raise ContractError(
                f"{what}: only comparisons of sizes, and, or, not and {', '.join(_FUNCTIONS)}(...) are understood"
            )
