"""Functions of assembly sources, and declarations of functions in headers and comments."""

from __future__ import annotations

import re

from harness.discovery.isas import assembly_code
from harness.errors import ConfigurationError
from harness.prototype import Prototype, parse_prototype

_GLOBAL = re.compile(r"(?m)^\s*\.glob[a]?l\s+([\w$., \t]+)")
_MACRO_CALL = re.compile(
    r"(?mi)^\s*(?:begin_|asm_|sym_)?(?:function|func|entry|func_start|cglobal)(?:\s+|\s*\(\s*)([A-Za-z_]\w*)"
)


def global_symbols(text: str) -> list[str]:
    """Return the functions that an assembly source makes known: by directive, or by a macro that is called so."""
    code = re.sub(r"(?ms)^\s*\.macro\b.*?^\s*\.endm\b", "", assembly_code(text))
    named = [name.strip() for names in _GLOBAL.findall(code) for name in names.split(",")]
    return list(dict.fromkeys(name for name in (*named, *_MACRO_CALL.findall(code)) if name.isidentifier()))


def declared(symbol: str, text: str) -> Prototype | None:
    """Find a C declaration of a symbol in a header, or in the comments of its assembly."""
    flat = re.sub(r"(?m)^[ \t]*(?://+|\*+|#(?!\s*\w)|;+|@+)?[ \t]?", "", text)
    pattern = re.compile(
        rf"((?:[A-Za-z_]\w*[\s*]+)+){re.escape(symbol)}\s*\(([^()]*)\)((?:\s*__arm_\w+(?:\(\"\w+\"\))?)*)"
    )
    for found in pattern.finditer(flat):
        words = found[1].split()
        for first in range(len(words)):  # words of prose may stand in front
            try:
                return parse_prototype(f"{' '.join(words[first:])} {symbol}({found[2]}) {found[3]}")
            except ConfigurationError:
                continue
    return None
