"""Functions of assembly sources, and declarations of functions in headers and comments."""

from __future__ import annotations

import re

from harness.discovery.isas import assembly_code
from harness.errors import ConfigurationError
from harness.model.prototype import SCALAR_TYPES, Prototype, parse_prototype

_GLOBAL = re.compile(r"(?m)^\s*\.glob[a]?l\s+([\w$., \t]+)")
_MACRO_CALL = re.compile(
    r"(?mi)^\s*(?:begin_|asm_|sym_)?(?:function|func|entry|func_start|cglobal)(?:\s+|\s*\(\s*)([A-Za-z_]\w*)"
)


def global_symbols(text: str) -> list[str]:
    """Return the functions that an assembly source makes known: by directive, or by a macro that is called so."""
    code = re.sub(r"(?ms)^\s*\.macro\b.*?^\s*\.endm\b", "", assembly_code(text))
    named = [name.strip() for names in _GLOBAL.findall(code) for name in names.split(",")]
    return list(dict.fromkeys(name for name in (*named, *_MACRO_CALL.findall(code)) if name.isidentifier()))


def declared(symbol: str, text: str) -> tuple[Prototype | None, str]:
    """Find a C declaration of a symbol in a header, in C, or in the comments of its assembly.

    Returns:
        The prototype, or None with the reason why what is found cannot be used; no reason where nothing declares it.
    """
    if symbol not in text:
        return None, ""
    flat = _COMMENT_SIGN.sub("", text)
    complaint = ""
    for found in re.finditer(rf"\b{re.escape(symbol)}\s*\(", flat):
        parameters, behind = _in_brackets(flat, found.end())
        keywords = _SME_KEYWORDS.match(flat, behind)
        before = _WORDS_IN_FRONT.search(flat, max(0, found.start() - _RESULT_CHARACTERS), found.start())
        words = before[0].split() if before else []
        for first in range(len(words)):  # words of prose may stand in front
            declaration = f"{' '.join(words[first:])} {symbol}({parameters}) {keywords[0] if keywords else ''}"
            try:
                return parse_prototype(declaration), ""
            except ConfigurationError as error:
                if set(words[first:]) <= _RESULTS:  # else it may be a call, or a sentence
                    complaint = complaint or str(error)
                continue
    return None, complaint


_COMMENT_SIGN = re.compile(r"(?m)^[ \t]*(?://+|\*+|#(?!\s*\w)|;+|@+)?[ \t]?")
_SME_KEYWORDS = re.compile(r"(?:\s*__arm_\w+(?:\(\"\w+\"\))?)*")
_RESULTS = frozenset({"void", "const", "extern", "*", *(word for name in SCALAR_TYPES for word in name.split())})
"""What a result consists of, in a declaration."""
_WORDS_IN_FRONT = re.compile(r"(?:[A-Za-z_]\w*[\s*]+)+$")
_RESULT_CHARACTERS, _DECLARATION_CHARACTERS = 200, 4000


def _in_brackets(text: str, start: int) -> tuple[str, int]:
    """Return what stands up to the bracket that closes the one in front of `start`, and the position behind it."""
    depth = 1
    for found in re.compile(r"[()]").finditer(text, start, start + _DECLARATION_CHARACTERS):
        depth += 1 if found[0] == "(" else -1
        if depth == 0:
            return text[start : found.start()], found.end()
    return "", start
