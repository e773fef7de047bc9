"""Candidates: functions of a file that may be a kernel, each with what its file tells of it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from harness.discovery.assembly import declared, global_symbols
from harness.discovery.isas import SSE, Evidence, isa_of_assembly, isa_of_c
from harness.discovery.mangling import mangled
from harness.discovery.objects import compiled_functions, isa_of_function
from harness.discovery.source import Function, functions
from harness.errors import ConfigurationError
from harness.model import ASSEMBLY_SUFFIXES, CPP_SUFFIXES, PREBUILT_SUFFIXES, SCALAR_ISA
from harness.model.prototype import Prototype, parse_prototype


@dataclass(frozen=True, slots=True)
class Candidate:
    """A function that may be a kernel."""

    source: Path
    name: str
    """As it is written in the source."""
    symbol: str
    """As the linker knows it; empty where that cannot be told."""
    prototype: Prototype | None
    """None: nothing declares it."""
    complaint: str = ""
    """Why what declares it cannot be used."""
    isa: Evidence | None = None
    isa_complaint: str = ""
    """Why its ISA cannot be told."""
    line: int = 0


def candidates_of(path: Path, data: bytes, headers: Mapping[Path, str]) -> list[Candidate]:
    """List the functions of a file that the linker sees; of x86-64 objects their ISA is left open.

    Args:
        path: the file; its suffix says what it is.
        data: its contents.
        headers: texts of the project's headers that the file includes, or that lie around.
    """
    if path.suffix in PREBUILT_SUFFIXES:
        return _of_objects(path, data, headers)
    text = data.decode("utf-8", "replace")
    if path.suffix in ASSEMBLY_SUFFIXES:
        return _of_assembly(path, text, headers)
    return _of_c(path, text, headers)


def _of_c(path: Path, text: str, headers: Mapping[Path, str]) -> list[Candidate]:
    declarations = [function for header in headers.values() for function in functions(header)]
    own = functions(text, tuple(headers.values()))
    in_c = {function.name for function in (*declarations, *own) if function.has_c_linkage}
    found = []
    for function in own:
        if not function.body or not function.is_external or function.name == "main":
            continue
        candidate = _with_prototype(Candidate(path, function.name, function.name, None, line=function.line), function)
        if path.suffix in CPP_SUFFIXES and function.name not in in_c:
            symbol = mangled(candidate.prototype, function.namespaces) if candidate.prototype else ""
            candidate = replace(candidate, symbol=symbol)
        try:
            isa = isa_of_c(text, function.name, tuple(headers.values()))
            found.append(_with_isa(candidate, isa or Evidence(SCALAR_ISA, "it has no intrinsics")))
        except ConfigurationError as error:
            found.append(replace(candidate, isa_complaint=str(error)))
    return found


def _with_prototype(candidate: Candidate, function: Function) -> Candidate:
    try:
        return replace(candidate, prototype=parse_prototype(function.declaration))
    except ConfigurationError as error:
        return replace(candidate, complaint=str(error))


def _with_isa(candidate: Candidate, isa: Evidence | None) -> Candidate:
    if isa is None:
        return replace(candidate, isa_complaint=f"the ISA of {candidate.name} does not show")
    if isa.isa == SSE:
        return replace(candidate, isa_complaint=f"{candidate.name} is SSE ({isa.because}), which has no target")
    return replace(candidate, isa=isa)


def _of_assembly(path: Path, text: str, headers: Mapping[Path, str]) -> list[Candidate]:
    found = []
    for symbol in global_symbols(text):
        candidate = with_declaration(Candidate(path, symbol, symbol, None), (text, *headers.values()))
        try:
            found.append(_with_isa(candidate, isa_of_assembly(text)))
        except ConfigurationError as error:
            found.append(replace(candidate, isa_complaint=str(error)))
    return found


def _of_objects(path: Path, data: bytes, headers: Mapping[Path, str]) -> list[Candidate]:
    found = []
    for function in compiled_functions(data):
        candidate = Candidate(path, function.symbol, function.symbol, None, isa=isa_of_function(function))
        has_c_name = not function.symbol.startswith("_")
        found.append(with_declaration(candidate, tuple(headers.values())) if has_c_name else candidate)
    return found


def unlisted(path: Path, data: bytes, symbol: str, headers: Mapping[Path, str]) -> Candidate | None:
    """Return a function that a source names and that is not among its candidates, as macros make them; else None."""
    text = data.decode("utf-8", "replace")
    if path.suffix in PREBUILT_SUFFIXES or not re.search(rf"\b{re.escape(symbol)}\b", text):
        return None
    candidate = with_declaration(Candidate(path, symbol, symbol, None), (text, *headers.values()))
    is_assembly = path.suffix in ASSEMBLY_SUFFIXES
    try:
        isa = isa_of_assembly(text) if is_assembly else isa_of_c(text, symbol, tuple(headers.values()))
    except ConfigurationError as error:
        return replace(candidate, isa_complaint=str(error))
    return _with_isa(candidate, isa)


def with_declaration(candidate: Candidate, texts: Iterable[str]) -> Candidate:
    """Return a function with the prototype that one of the texts declares, or with what stands against using it."""
    complaint = ""
    for text in texts:
        prototype, why_not = declared(candidate.symbol, text)
        if prototype:
            return replace(candidate, prototype=prototype)
        complaint = complaint or why_not
    return replace(candidate, complaint=complaint)
