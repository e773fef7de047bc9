"""What the functions of a contract take: those of Python by name, numpy's by position."""

from __future__ import annotations

import inspect
import os
import sys
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import takewhile
from pathlib import Path
from typing import Any

from harness.errors import ContractError, perhaps
from harness.model import Formula
from harness.model.guarded import Line

_HERE = str(Path(__file__).parent) + os.sep
_WITHOUT_NAMES = ("builtins", "cmath", "math", "numpy", "operator", "scipy", "statistics")
"""Packages whose functions call their parameters x or a, which says nothing of a contract's."""


@dataclass(frozen=True, slots=True)
class _Signature:
    """How a callable may be called."""

    required: tuple[str, ...] = ()
    """Names that need a value."""
    optional: tuple[str, ...] = ()
    """Names that have a value of their own."""
    positional_only: tuple[str, ...] = ()
    """Names of the above that cannot be passed by name."""
    takes_all: bool = False
    """True if any name may be passed."""
    settled: frozenset[str] = frozenset()
    """Names that a partial has bound."""
    count: int | None = None
    """How many arguments are passed by position, where names say nothing."""


def formula_of(function: object, what: str) -> Formula:
    """Return a function of a contract with the line where it stands; it is bound to names later.

    Raises:
        ContractError: it is no function, or nothing says what it takes.
    """
    if not callable(function):
        raise ContractError(f"{what}: {function!r} is no function", calling_line())
    formula = Formula(what, _line_of(function), function)
    _signature(formula)
    return formula


def parameters_of(function: Callable[..., Any]) -> tuple[str, ...]:
    """Return the names that a function takes by name.

    Raises:
        ContractError: it is no function, or its parameters have no names.
    """
    found = _signature(formula_of(function, "the function"))
    return (*found.required, *found.optional)


def bound(formula: Formula, known: Collection[str], offered: Sequence[Sequence[str]]) -> Formula:
    """Return a formula that gets what it takes: by name what is known, or by position one of the lists of `offered`.

    A parameter with a default gets its value where its name is known. What a partial has bound is left alone.

    Raises:
        ContractError: it takes what is not known, or as many arguments as none or several of the lists have.
    """
    signature = _signature(formula)
    if signature.count is not None:
        return replace(formula, by_position=_by_position(formula, signature.count, offered), by_name=())
    for name in signature.required:
        if name not in known:
            text = f"{formula.what} takes {name!r}, which is not known there{perhaps(name, known)}"
            raise ContractError(f"{text}; known: {', '.join(known)}", formula.line)
    by_position = tuple(takewhile(lambda name: name in known, signature.positional_only))
    taken = known if signature.takes_all else [*signature.required, *signature.optional]
    others = {*signature.positional_only, *signature.settled}
    by_name = tuple(name for name in taken if name in known and name not in others)
    return replace(formula, by_position=by_position, by_name=by_name)


def _by_position(formula: Formula, count: int, offered: Sequence[Sequence[str]]) -> tuple[str, ...]:
    fitting = [tuple(names) for names in dict.fromkeys(map(tuple, offered)) if len(names) == count]
    if len(fitting) == 1:
        return fitting[0]
    arguments = "argument" if count == 1 else "arguments"
    lists = " or ".join(", ".join(names) or "nothing" for names in (fitting or offered))
    which = "so which is not clear" if fitting else "and there is another number of them"
    name = getattr(formula.function, "__name__", "f")
    raise ContractError(
        f"{formula.what} takes {count} {arguments} by position, {which}: {lists}; write a lambda that names what it "
        f"takes, such as lambda {offered[0][0] if offered and offered[0] else 'x'}: {name}(...)",
        formula.line,
    )


def _signature(formula: Formula) -> _Signature:
    function, bound_positions, bound_names = _unwrapped(formula.function)
    arguments = getattr(function, "nin", None)
    if isinstance(arguments, int):  # a numpy.ufunc
        return _Signature(count=max(0, arguments - bound_positions))
    try:
        parameters = list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):
        text = f"{formula.what}: nothing says what {function!r} takes; write a lambda that names what it takes"
        raise ContractError(text, formula.line) from None
    kinds = inspect.Parameter
    named = [p for p in parameters if p.kind not in (kinds.VAR_POSITIONAL, kinds.VAR_KEYWORD)]
    open_to_position = [p for p in named if p.kind is not kinds.KEYWORD_ONLY]
    left = [p for p in named if p not in open_to_position[:bound_positions] and p.name not in bound_names]
    if _package_of(function) in _WITHOUT_NAMES:
        return _Signature(count=sum(p in open_to_position and p.default is p.empty for p in left))
    takes_all = any(p.kind is kinds.VAR_KEYWORD for p in parameters)
    if any(p.kind is kinds.VAR_POSITIONAL for p in parameters) and not named:
        hint = "name what it takes, or let functools.wraps do it where it wraps a function"
        raise ContractError(f"{formula.what} takes *{'args, **kwargs' if takes_all else 'args'}: {hint}", formula.line)
    return _Signature(
        required=tuple(p.name for p in left if p.default is p.empty),
        optional=tuple(p.name for p in left if p.default is not p.empty),
        positional_only=tuple(p.name for p in left if p.kind is kinds.POSITIONAL_ONLY),
        takes_all=takes_all,
        settled=bound_names,
    )


def _unwrapped(function: Any) -> tuple[Any, int, frozenset[str]]:
    """Return what a partial calls, and how many positions and which names it has bound; of anything else nothing."""
    positions, names = 0, set[str]()
    while True:
        if isinstance(function, partial):
            positions, names = positions + len(function.args), names | set(function.keywords)
            function = function.func
        elif type(function).__name__ == "vectorize" and callable(getattr(function, "pyfunc", None)):
            function = function.pyfunc  # of numpy, which passes arguments on by name
        else:
            return function, positions, frozenset(names)


def _package_of(function: Any) -> str:
    """Return the package that a callable is from; methods of built-in objects have none, and are like those of C."""
    module = getattr(function, "__module__", None) or ("builtins" if inspect.isbuiltin(function) else "")
    return str(module).partition(".")[0]


def _line_of(function: Any) -> Line:
    """Return where a function is defined, else where it is used, which only Python's own functions do not tell."""
    inner = inspect.unwrap(_unwrapped(function)[0])
    by_class = vars(type(inner)).get("__call__")  # of an object that can be called
    for one in (inner, getattr(inner, "__func__", None), by_class):
        code = getattr(one, "__code__", None)
        if code is not None and _package_of(inner) not in _WITHOUT_NAMES:
            return Line(code.co_filename, code.co_firstlineno)
    return calling_line()


def calling_line() -> Line:
    """Return the line of a contract that is being run: of the innermost call that is none of ours."""
    frame = sys._getframe()
    while frame.f_back is not None and frame.f_code.co_filename.startswith(_HERE):
        frame = frame.f_back
    return Line(frame.f_code.co_filename, frame.f_lineno)
