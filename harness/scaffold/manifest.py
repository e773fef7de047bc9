"""A commented manifest of what was found."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

_COMMENT_COLUMN = 41
_HEAD = """\
# The kernels that `harness run` validates. `harness init` wrote this from what it found in the sources: what a comment
# says was inferred, so correct it where it is wrong. `harness check` looks all of it over without running a kernel.
# The harness's docs/manifest.md has every key.
"""
_TAIL = """\
# Further keys of a [[kernel]], each of which can stand in a table [defaults] for all of them:
# defines = ["UNROLL=4"]
# flags = ["-ffast-math"]                 # behind those of the ISA
# targets = ["sve", "a64fx"]              # where it runs by default, see `harness list`
# requires = ["len % 4 == 0"]             # what callers promise, in the contract's names
# waived = { gate = "dispatches at run time" }   # a check that it is excused from, with the reason
"""


@dataclass(frozen=True, slots=True)
class Found:
    """A kernel for the manifest; paths are relative to it."""

    op: str
    name: str
    isa: str
    sources: tuple[str, ...]
    symbol: str
    prototype: str
    """Empty where the contract's will do."""
    includes: tuple[str, ...]
    function: str
    """Its name in the source."""
    where: str
    """File and line of it."""
    why_op: str
    why_isa: str
    is_declared: bool = True
    """Whether anything says what its parameters are."""
    is_active: bool = True
    """Otherwise it is written as a comment."""


def manifest_text(kernels: Sequence[Found], contracts: Mapping[str, bool]) -> str:
    """Write a manifest.

    Args:
        kernels: those that were found.
        contracts: contract files, relative, and whether they are in use; one that is not is written as a comment.
    """
    parts = [_HEAD]
    used = [path for path, is_used in contracts.items() if is_used]
    if used:
        parts.append(_line("contracts", used, "of ops that the harness has no contract for") + "\n")
    parts += [
        f"# {_line('contracts', [path], 'to start from; name it so when it is yours')}\n"
        for path, is_used in contracts.items()
        if not is_used
    ]
    for kernel in kernels:
        table = _table(kernel)
        parts.append(table if kernel.is_active else "".join(f"# {line}\n" for line in table.splitlines()))
    return "\n".join([*parts, _TAIL])


def _table(kernel: Found) -> str:
    lines = [
        _commented("[[kernel]]", kernel.where),
        _line("op", kernel.op, kernel.why_op),
        _line("isa", kernel.isa, kernel.why_isa),
    ]
    if kernel.name != kernel.isa:
        lines.append(_line("name", kernel.name))
    lines += [_line("sources", list(kernel.sources)), _line("symbol", kernel.symbol)]
    if kernel.prototype:
        lines.append(_line("prototype", kernel.prototype))
    if kernel.includes:
        lines.append(_line("includes", list(kernel.includes)))
    return "\n".join(lines) + "\n"


def _line(key: str, value: str | list[str], comment: str = "") -> str:
    """TOML's basic strings are JSON's, but for the slash and characters above the first plane."""
    return _commented(f"{key} = {json.dumps(value, ensure_ascii=False)}", comment)


def _commented(text: str, comment: str) -> str:
    one_line = " ".join(comment.split())
    return f"{text:<{_COMMENT_COLUMN}} # {one_line}" if one_line else text
