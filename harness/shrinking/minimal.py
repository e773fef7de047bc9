"""A minimal case in words, and as a C program to take along. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.model import ANYWHERE, Case, Contract, Flow, Job, Layout
from harness.model.prototype import BF16, ScalarType
from harness.numerics.formats import widened
from harness.shrinking.search import Candidate

_SHOWN_VALUES = 64
_FIRST_VALUES = 8
"""Of more values than are shown."""
_SNIPPET_ELEMENTS = 512
_SNIPPET_ELEMENTS_A_LINE = 8


def describe(one: Candidate, case: Case, contract: Contract) -> list[str]:
    """Say width, sizes, scalars, placement and values."""
    numbers = [f"{name} = {value}" for name, value in (*one.sizes, *case.scalars)]
    lines = [", ".join((f"{one.vector_bits} bits" if one.vector_bits else "no vectors", *numbers))]
    lines += [f"{name} = {text}" for name, text in values_by_name(one, contract).items()]
    return [*lines, _placement(one)]


def values_by_name(one: Candidate, contract: Contract) -> dict[str, str]:
    """Return the contents of each buffer, short and exact."""
    types = {parameter.name: parameter.type for parameter in contract.prototype.buffers}
    return {name: values_text(_numbers(array, types[name])) for name, array in one.values.items()}


def _numbers(array: NDArray[Any], element: ScalarType) -> NDArray[Any]:
    """What an array's elements are as numbers; those of bfloat16 are held as bits."""
    return widened(array, BF16) if element.number_format == BF16 else array


def _placement(one: Candidate) -> str:
    if one.placement == ANYWHERE:
        return "every buffer apart, at a guard page (offset 0, no alias)"
    offsets = f"offsets of {', '.join(map(str, one.placement.offsets))} elements" if one.placement.offsets else ""
    alias = ", ".join(f"buffer {mine} lies where buffer {theirs} does" for mine, theirs in one.placement.alias)
    return "; ".join(filter(None, (offsets, alias)))


def values_text(array: NDArray[Any]) -> str:
    """Write an array so that it is short and exact."""
    if array.size > 1 and not array.any():
        return f"{array.size} zeros"
    if array.size > 1 and (array == 1).all():
        return f"{array.size} ones"
    loud = np.flatnonzero(array != 0)
    if array.size > _SHOWN_VALUES and loud.size <= _SHOWN_VALUES:
        return f"{array.size} zeros but for " + ", ".join(f"[{at}] = {number_text(array[at])}" for at in loud)
    if array.size > _SHOWN_VALUES:
        begin = ", ".join(f"{value:.6g}" for value in array[:_FIRST_VALUES])
        return f"{{{begin}, ... ({array.size} in all, {loud.size} of them not zero)}}"
    return f"{{{', '.join(map(number_text, array))}}}"


def number_text(value: Any) -> str:
    """Write a number exactly: short where it is, else as a hexadecimal float beside it."""
    number = value.item()
    if isinstance(number, int) or not math.isfinite(number):
        return str(number)
    short = f"{number:.6g}"
    return short if float(short) == number else f"{short} ({number.hex()})"


# ---- C -------------------------------------------------------------------------------------------------------------


def snippet(job: Job, case: Case, one: Candidate, wants: Mapping[str, NDArray[Any]]) -> list[str]:
    """Return a C program that calls the kernel with the case and prints what comes and what is due.

    Empty where the case has too many elements to read, buffers that share an address, or bfloat16, which few compilers
    turn into other numbers. What the guest does besides
    (guard pages, poison, checks of registers) is not in it.
    """
    sizes = dict(one.sizes)
    contract = job.contract
    lengths = {name: extent.count(sizes) for name, extent in contract.extents.items()}
    kernel, names = job.kernel, job.kernel.argument_names
    is_plain = kernel.adapter is None and all(names) and not kernel.takes_vectors and not has_sme_interface(job)
    is_plain &= all(parameter.type.number_format != BF16 for parameter in contract.prototype.buffers)
    if not is_plain or one.placement.alias or sum(lengths.values()) > _SNIPPET_ELEMENTS:
        return []
    lines = ["#include <math.h>", "#include <stddef.h>", "#include <stdint.h>", "#include <stdio.h>", ""]
    lines += [f"{job.kernel.prototype.declare(job.kernel.symbol)};", "", "int main(void) {"]
    for parameter in contract.prototype.buffers:
        is_input = contract.flows[parameter.name] is not Flow.OUT
        contents = _literals(one.values[parameter.name], parameter.type) if is_input else ["0"]
        lines += _array(f"{parameter.type.c_name} {parameter.name}[{max(1, lengths[parameter.name])}]", contents)
    numbers = {**sizes, **dict(case.scalars)}
    types = {parameter.name: parameter.type for parameter in contract.prototype.parameters}
    arguments = [_literal(numbers[name], types[name]) if name in numbers else name for name in names]
    call = f"{job.kernel.symbol}({', '.join(arguments)})"
    result = contract.prototype.result
    lines.append(f"    {result.c_name} result = {call};" if result else f"    {call};")
    for name, want in wants.items():
        lines += _array(f"const double want_{name}[{max(1, want.size)}]", _literals(want, _DOUBLE))
        index = "i" if name == "return" else _element_in_c(contract.layout(name, sizes))
        got = "result" if name == "return" else f"{name}[{index}]"
        lines += [
            f"    for (size_t i = 0; i < {want.size}; i++)",
            f'        printf("{name}[%zu]: got %.9g, want %.9g\\n", (size_t)({index}), (double){got}, want_{name}[i]);',
        ]
    return [*lines, "    return 0;", "}"]


def _element_in_c(layout: Layout | None) -> str:
    """Where element i of an output lies, in C: behind the gaps between its rows."""
    if layout is None or not layout.has_gaps:
        return "i"
    return f"i / {layout.columns} * {layout.stride} + i % {layout.columns}"


def has_sme_interface(job: Job) -> bool:
    """Whether callers must bring a state that a plain C program does not have."""
    sme = job.kernel.prototype.sme
    return bool(sme.mode or sme.shared)


_SINGLE_BYTES = 4
_DOUBLE = ScalarType("double", "float", 8)


def _array(declaration: str, contents: Sequence[str]) -> list[str]:
    rows = [contents[at : at + _SNIPPET_ELEMENTS_A_LINE] for at in range(0, len(contents), _SNIPPET_ELEMENTS_A_LINE)]
    if len(rows) <= 1:
        return [f"    {declaration} = {{{', '.join(contents) or '0'}}};"]
    return [f"    {declaration} = {{", *(f"        {', '.join(row)}," for row in rows), "    };"]


def _literals(array: NDArray[Any], element: ScalarType) -> list[str]:
    return [_literal(value, element) for value in array.tolist()]


def _literal(number: float, element: ScalarType) -> str:
    """Write a number in C so that it is exact."""
    if element.family != "float":
        return f"{int(number)}{'u' if element.family == 'unsigned' else ''}"
    number = float(number)
    if math.isnan(number):
        return "NAN"
    if math.isinf(number):
        return "INFINITY" if number > 0 else "-INFINITY"
    text = f"{number:.9g}" if element.size_bytes <= _SINGLE_BYTES else repr(number)  # enough to get the same bits
    text = text if set(text) & set(".e") else f"{text}.0"
    return f"{text}f" if element.size_bytes == _SINGLE_BYTES else text
