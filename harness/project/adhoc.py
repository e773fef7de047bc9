"""A kernel that the command line gives by its files: what it does not say is inferred, and said in one line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from harness.discovery.candidates import Candidate, unlisted
from harness.discovery.choice import OWN_CONTRACT, Ops, choose
from harness.discovery.elf import lto_form
from harness.discovery.files import (
    SHOW_IT,
    candidates_in,
    hidden_functions,
    read_bytes,
    with_definition,
    with_disassembly,
)
from harness.discovery.ops import fitted, ops_in_name
from harness.errors import ConfigurationError, UsageError, perhaps
from harness.model import PREBUILT_SUFFIXES, SCALAR_ISA, SOURCE_SUFFIXES, Contract, Project
from harness.model.prototype import Prototype, parse_prototype
from harness.project import bundled_contract, bundled_ops, contracts_around, match_lanes, single_kernel_project
from harness.settings import KernelFiles

COMMAND_LINE = "the command line"


@dataclass(slots=True)
class Contracts:
    """The project's own contracts over the bundled ones; those are loaded when they are asked for."""

    own: Mapping[str, Contract]
    _bundled: dict[str, Contract] = field(default_factory=dict)

    @property
    def ops(self) -> list[str]:
        """The names of all ops."""
        return list(dict.fromkeys([*self.own, *bundled_ops()]))

    @property
    def as_ops(self) -> Ops:
        """The ops as those who choose among them see them."""
        return Ops(self.ops, lambda op: self.get(op).prototype, self.fits)

    def get(self, op: str) -> Contract:
        """Return a contract.

        Raises:
            ConfigurationError: there is none of that name.
        """
        if op in self.own:
            return self.own[op]
        if op not in self._bundled:
            self._bundled[op] = bundled_contract(op)
        return self._bundled[op]

    def fits(self, op: str, prototype: Prototype) -> bool:
        """Whether a prototype can be that of a kernel of an op."""
        try:
            fitted(prototype, self.get(op))
        except ConfigurationError:
            return False
        return True


def adhoc_project(asked: KernelFiles, config: Path | None) -> tuple[Project, str]:
    """Return a project of one kernel, and what was inferred of it, in words; nothing if all was said.

    Raises:
        UsageError: something cannot be inferred; the message names the option that says it.
        ConfigurationError: something that was said cannot be.
        ContractError: a contract of the project around it cannot be loaded.
    """
    _check_files(asked.sources)
    manifest, own = contracts_around(config, Path.cwd())
    contracts = Contracts(own)
    if asked.op and asked.op not in contracts.ops:
        hint = perhaps(asked.op, contracts.ops)
        raise UsageError(
            f"--op {asked.op}: no contract of that name{hint}; known: {', '.join(contracts.ops)}; {OWN_CONTRACT}"
        )
    candidates, includes, headers = [], [], {}
    for source in asked.sources:
        its, headers[source], needed = candidates_in(source)
        _check_code(source, its)
        candidates += its
        includes += needed
    what = ", ".join(map(str, asked.sources))
    offered = _declared(asked, _offered(asked, candidates, headers))
    offered = [with_definition(one) if ops_in_name(one.name, contracts.ops) else one for one in offered]
    chosen = choose(offered, contracts.as_ops, what=what, op=asked.op, symbol=asked.symbol)
    chosen = replace(chosen, candidate=with_definition(chosen.candidate))
    isa, why = _isa(asked, with_disassembly(chosen.candidate), candidates, what)
    prototype = _prototype(asked, chosen.candidate, contracts.get(chosen.op), what)
    symbol = chosen.candidate.symbol
    if not symbol:
        raise UsageError(
            f"{what}: the C++ name of {chosen.candidate.name} cannot be found out; give --symbol as nm has it"
        )
    values = {
        "op": chosen.op,
        "isa": isa,
        "sources": [str(source.absolute()) for source in asked.sources],
        "symbol": symbol,
        "includes": list(dict.fromkeys(map(str, includes))),
        **({"prototype": str(replace(prototype, name=chosen.candidate.name))} if prototype else {}),
    }
    words = (*map(str, asked.sources), "--op", chosen.op, "--symbol", symbol, "--isa", isa)
    words += ("--prototype", asked.prototype) if asked.prototype else ()
    project = single_kernel_project(values, Path(COMMAND_LINE), manifest, own, words)
    if asked.op and asked.symbol == symbol and asked.isa:
        return project, ""
    shown = prototype or replace(contracts.get(chosen.op).prototype, name=symbol)
    reasons = "; ".join(
        filter(None, (chosen.because, why, "" if prototype else "its prototype taken from the contract"))
    )
    return project, f"taking {what} as {isa} {chosen.op}, symbol {symbol}, {shown}, because {reasons}"


def _check_files(sources: Sequence[Path]) -> None:
    for source in sources:
        if source.suffix == ".toml":
            raise UsageError(f"{source}: no kernel; a manifest is named like this: harness run --config {source}")
        if source.suffix not in SOURCE_SUFFIXES:
            known = ", ".join(SOURCE_SUFFIXES)
            raise UsageError(f"{source}: none of {known}; build a .o or .a of anything else")
        if not source.is_file():
            raise UsageError(f"{source}: {'a directory, no file' if source.is_dir() else 'no such file'}")


def _check_code(source: Path, candidates: Sequence[Candidate]) -> None:
    """Refuse an object that is none yet: a compiler left the work to the linker."""
    if source.suffix in PREBUILT_SUFFIXES and not candidates and (form := lto_form(read_bytes(source))):
        how = "compile it without -flto, or with -ffat-lto-objects"
        raise UsageError(f"{source}: holds {form} and no machine code; {how}")


def _offered(
    asked: KernelFiles, candidates: Sequence[Candidate], headers: Mapping[Path, Mapping[Path, str]]
) -> Sequence[Candidate]:
    """Return what may be meant: of objects what has a name of C, unless another is asked for, and what macros make."""
    if not asked.symbol:
        offered = [c for c in candidates if c.symbol != c.name or not c.symbol.startswith("_")]
        hidden = [] if offered else [text for source in asked.sources for text in hidden_functions(source)]
        if hidden:
            raise UsageError(f"{hidden[0]}, and so is all there is: {SHOW_IT}")
        return offered
    if any(asked.symbol in (candidate.symbol, candidate.name) for candidate in candidates):
        return candidates
    for source in asked.sources:
        for text in hidden_functions(source, asked.symbol):
            raise UsageError(f"{text}: {SHOW_IT}")
    made = (unlisted(source, read_bytes(source), asked.symbol, headers[source]) for source in asked.sources)
    return [*candidates, *filter(None, made)]


def _declared(asked: KernelFiles, candidates: Sequence[Candidate]) -> Sequence[Candidate]:
    """Return the candidates with the prototype that the user gives for one of them."""
    if not asked.prototype:
        return candidates
    prototype = _parsed(asked.prototype)

    def is_meant(candidate: Candidate) -> bool:
        names = (candidate.name, candidate.symbol)
        return len(candidates) == 1 or prototype.name in names or asked.symbol in names

    return [replace(one, prototype=prototype, complaint="") if is_meant(one) else one for one in candidates]


def _parsed(prototype: str) -> Prototype:
    try:
        return parse_prototype(prototype)
    except ConfigurationError as error:
        raise UsageError(f"--prototype: {error}") from None


def _isa(asked: KernelFiles, chosen: Candidate, candidates: Sequence[Candidate], what: str) -> tuple[str, str]:
    """Return the ISA, and why; a scalar function that calls vectorised ones of another file is of theirs."""
    if asked.isa:
        return asked.isa, ""
    if chosen.isa and chosen.isa.isa != SCALAR_ISA:
        return chosen.isa.isa, chosen.isa.because
    others = {c.isa.isa: c.isa for c in candidates if c.isa and c.source != chosen.source and c.isa.isa != SCALAR_ISA}
    if chosen.isa and len(others) == 1:
        (isa,) = others.values()
        return isa.isa, f"{isa.because} in another of its files"
    if chosen.isa:
        return chosen.isa.isa, chosen.isa.because
    raise UsageError(f"{what}: {chosen.isa_complaint or 'its ISA does not show'}; give --isa ISA")


def _fitted(prototype: Prototype, contract: Contract) -> Prototype:
    """Return a prototype that the manifest's rules match with the contract."""
    if not prototype.vectors:
        return fitted(prototype, contract)
    match_lanes(prototype, contract)
    return prototype


def _prototype(asked: KernelFiles, chosen: Candidate, contract: Contract, what: str) -> Prototype | None:
    """Return the kernel's prototype with the contract's names where positions do not match; None: its own."""
    if asked.prototype:
        try:
            return _fitted(_parsed(asked.prototype), contract)
        except ConfigurationError as error:
            raise UsageError(f"--prototype: {error}") from None
    if chosen.prototype is None:
        if chosen.complaint:
            raise UsageError(
                f"{what}: {chosen.name} cannot be called as declared ({chosen.complaint}); give --prototype"
            )
        return None
    try:
        return _fitted(chosen.prototype, contract)
    except ConfigurationError as error:
        hint = "give --prototype with the contract's names for its parameters, or another --op"
        raise UsageError(f"{what}: {error}; {hint}; {OWN_CONTRACT}") from None
