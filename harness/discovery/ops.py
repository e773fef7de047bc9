"""Which op a function may be: by its name, and by whether its parameters can be the contract's."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from harness.errors import ConfigurationError
from harness.model import Contract, Flow
from harness.model.prototype import Parameter, Prototype

_TOKEN = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_DTYPE = re.compile(r"_(?:f|bf|[iu])(\d+)$")
_OTHER_FUNCTIONS = frozenset(
    (
        *(
            "abs",
            "arg",
            "backward",
            "bwd",
            "causal",
            "cum",
            "cumulative",
            "deriv",
            "diff",
            "exclusive",
            "fused",
            "grad",
        ),
        *("gradient", "inclusive", "inv", "inverse", "log", "mask", "masked", "mean", "neg", "of", "partial", "prefix"),
        *("quant", "quantized", "rev", "reverse", "scan", "segment", "sq", "sqr", "square", "squared", "squares"),
        "weighted",
    )
)
"""Words that make another function of one: a log_softmax is no softmax."""
_ELEMENT_BITS = ("8", "16", "32", "64")
"""Numbers that may stand at the end of a word and leave the function what it is; relu6 and exp2 are others."""


def ops_in_name(name: str, ops: Iterable[str]) -> list[str]:
    """Return the ops whose name, without its type, a function's name holds as whole words; the longest only.

    `RmsNorm`, `rms_norm` and `rmsnorm` are alike; of BLAS's names the first letter is the type, as in saxpy. What a
    word, or a number at the end of its own, makes another function is left out.
    """
    tokens = list(_TOKEN.finditer(name))
    words = [token[0].lower() for token in tokens]
    spans = {(i, j): "".join(words[i:j]) for i in range(len(words)) for j in range(i + 1, len(words) + 1)}
    found: dict[str, tuple[int, int]] = {}
    for op in ops:
        stem = re.sub("[^a-z0-9]", "", _DTYPE.sub("", op.lower()))
        alike = {stem, f"v{stem}", f"{'d' if op.endswith('64') else 's'}{stem}"}
        for span, text in spans.items():
            others = words[: span[0]] + words[span[1] :]
            if text in alike and not _OTHER_FUNCTIONS & set(others) and not _is_numbered(tokens, span[1]):
                found[op] = span
    return [op for op, span in found.items() if not any(_holds(other, span) for other in found.values())]


def _is_numbered(tokens: Sequence[re.Match[str]], after: int) -> bool:
    """Whether a number follows the words up to `after` without a break, and is no width of a type."""
    if after == len(tokens) or tokens[after].start() != tokens[after - 1].end():
        return False
    return tokens[after][0].isdigit() and tokens[after][0] not in _ELEMENT_BITS


def _holds(other: tuple[int, int], span: tuple[int, int]) -> bool:
    return other != span and other[0] <= span[0] and span[1] <= other[1]


def fitted(prototype: Prototype, contract: Contract) -> Prototype:
    """Return a kernel's prototype with the contract's parameter names, where positions alone would not match them.

    Parameters stand for those of the same name, else for the only one left of their kind: an output, an input, a
    size, a floating-point scalar. Where all are in the contract's order, the prototype stays as it is.

    Raises:
        ConfigurationError: they cannot be matched, or in more than one way.
    """
    theirs = contract.prototype.parameters
    its, mine = contract.prototype.result, prototype.result
    is_other = bool(prototype.vectors) or len(prototype.parameters) != len(theirs)
    if is_other or not (mine is its if mine is None or its is None else mine.may_hold(its)):
        raise ConfigurationError(f"{prototype} is not of the form {contract.prototype}")
    stands_for: dict[str, str] = {}
    by_name = {parameter.name: parameter for parameter in theirs}
    for parameter in prototype.parameters:
        if parameter.name in by_name and _may_be(parameter, by_name[parameter.name], contract):
            stands_for[parameter.name] = parameter.name
    open_here = [p for p in prototype.parameters if p.name not in stands_for]
    open_there = [p for p in theirs if p.name not in stands_for.values()]
    if all(_may_be(here, there, contract) for here, there in zip(open_here, open_there, strict=True)):
        stands_for.update({here.name: there.name for here, there in zip(open_here, open_there, strict=True)})
    else:
        stands_for.update(_by_kind(open_here, open_there, prototype, contract))
    names = [stands_for[p.name] for p in prototype.parameters]
    if names == [p.name for p in theirs]:
        return prototype
    renamed = tuple(replace(p, name=name) for p, name in zip(prototype.parameters, names, strict=True))
    return replace(prototype, parameters=renamed)


def _by_kind(here: list[Parameter], there: list[Parameter], prototype: Prototype, contract: Contract) -> dict[str, str]:
    found: dict[str, str] = {}
    for parameter in here:
        possible = [other for other in there if _may_be(parameter, other, contract)]
        exact = [other for other in possible if _is_written(other, contract) != parameter.is_const]
        chosen = exact if parameter.is_pointer and len(possible) > 1 else possible
        if len(chosen) != 1 or chosen[0].name in found.values():
            raise ConfigurationError(f"{prototype} is not of the form {contract.prototype}, or in more than one way")
        found[parameter.name] = chosen[0].name
    return found


def _may_be(mine: Parameter, its: Parameter, contract: Contract) -> bool:
    """Whether a kernel's parameter can stand for a contract's: what is const cannot be written."""
    if mine.is_pointer != its.is_pointer:
        return False
    if mine.is_pointer:
        return mine.type.may_hold(its.type) and not (mine.is_const and _is_written(its, contract))
    return (mine.type.family == "float") == (its.type.family == "float")


def _is_written(parameter: Parameter, contract: Contract) -> bool:
    return contract.flows.get(parameter.name) not in (None, Flow.IN)
