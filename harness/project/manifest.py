"""A user's manifest: harness.toml, or [tool.harness] in pyproject.toml. docs/manifest.md explains every key."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from harness.contract.conventions import conventions_of
from harness.contract.loading import load_contracts
from harness.errors import ConfigurationError, ContractError, perhaps
from harness.model import Contract, Conventions, Expectation, Kernel, Outcome, Project, Target, has_sme
from harness.model.prototype import Prototype, interface_of, parse_prototype
from harness.project.bundled import bundled_contract, bundled_ops
from harness.project.compilation import adapter_of, compilation_of, features_of, sources_of
from harness.project.lanes import check_vectors, match_lanes
from harness.project.layers import Layers
from harness.project.matching import match_parameters
from harness.project.toml import Table, read_toml

PYPROJECT_NAME = "pyproject.toml"
IN_PYPROJECT = ("tool", "harness")
"""The table of pyproject.toml that is a manifest."""

MANIFEST_KEYS = {"kernel": "an array of tables", "contracts": "a list of strings", "defaults": "a table"}
DEFAULTS_KEYS = {
    "op": "a string",
    "isa": "a string",
    "sources": "a list of strings",
    "targets": "a list of strings",
    "includes": "a list of strings",
    "defines": "a list of strings",
    "flags": "a list of strings",
    "libraries": "a list of strings",
    "features": "a list of strings",
    "requires": "a list of strings",
    "over_read": "a table of numbers",
    "alignment": "a table of numbers",
    "waived": "a table of strings",
}
KERNEL_KEYS = {
    **DEFAULTS_KEYS,
    "name": "a string",
    "symbol": "a string",
    "prototype": "a string",
    "adapter": "a string",
    "expected": "a table",
}
EXPECTED_KEYS = {
    "outcome": "a string",
    "reason": "a string",
    "on": "a list of targets and of widths in bits",
}
_KERNEL_REQUIRED = ("op", "isa", "sources", "symbol")
_WHY_NO_GATE = "its callers start streaming mode, so it holds nothing that only SME has"
_WHY_NO_GATE_OF_VECTORS = "its callers hold its vectors, so they need the ISA themselves"
_WHY_NO_CLEAN_UPPERS = "its callers have wide vectors in use"


def manifest_project(path: Path, targets: Mapping[str, Target]) -> Project:
    """Read a manifest and the contracts that it names.

    Raises:
        ConfigurationError: the manifest says something impossible.
        ContractError: a contract it needs cannot be loaded.
    """
    top = _top(path)
    defaults = top.table("defaults")
    defaults.check_keys(DEFAULTS_KEYS, "[defaults]")
    contracts = _contracts(top)
    kernels: dict[str, Kernel] = {}
    if not top.values.get("kernel"):
        raise top.fault("names no kernel; add a [[kernel]] table with op, isa, sources and symbol", "kernel")
    for table in top.tables("kernel"):
        kernel = kernel_of(Layers(table, defaults), contracts, targets)
        if kernel.id in kernels:
            raise table.fault(f'two kernels are called {kernel.id!r}; give one a name = "..."')
        kernels[kernel.id] = kernel
    return Project(path.parent, path, tuple(kernels.values()), contracts, targets)


def own_contracts(path: Path) -> dict[str, Contract]:
    """Load the contracts that a manifest names, whatever else it says.

    Raises:
        ConfigurationError: the manifest cannot be read, or names a file that is not there.
        ContractError: a contract cannot be loaded.
    """
    return _contracts(_top(path))


def kernels_without_contract(path: Path) -> list[Mapping[str, Any]]:
    """Return the values of those [[kernel]] whose op no contract is there for, neither a bundled nor an own one.

    Sources are absolute. Nothing else that the manifest says is checked.

    Raises:
        ConfigurationError: the manifest cannot be read, or names a contract file that is not there.
        ContractError: a contract cannot be loaded.
    """
    top = _top(path)
    known = {*_contracts(top), *bundled_ops()}
    layers = [Layers(table, top.table("defaults")) for table in top.tables("kernel")]
    return [
        {
            "op": kernel.text("op"),
            "symbol": kernel.text("symbol"),
            "prototype": "" if kernel.text("adapter") else kernel.text("prototype"),
            "sources": list(sources_of(kernel)),
        }
        for kernel in layers
        if kernel.text("op") and kernel.text("op") not in known
    ]


def _top(path: Path) -> Table:
    top = read_toml(path)
    what = "the manifest"
    if path.name == PYPROJECT_NAME:
        what = f"[{'.'.join(IN_PYPROJECT)}]"
        for name in IN_PYPROJECT:
            top = top.table(name)
        if not top.values:
            raise top.fault(f"has no {what}")
    top.check_keys(MANIFEST_KEYS, what)
    return top


def _contracts(top: Table) -> dict[str, Contract]:
    contracts: dict[str, Contract] = {}
    for name in top.values.get("contracts", []):
        path = top.path.parent / name
        if not path.is_file():
            raise top.fault(f"'contracts': no such file: {path}", "contracts")
        for op, contract in load_contracts(path).items():
            if op in contracts:
                raise top.fault(f"the op {op!r} is defined in {contracts[op].origin} and in {path}", "contracts")
            contracts[op] = contract
    return contracts


def kernel_of(layers: Layers, contracts: dict[str, Contract], targets: Mapping[str, Target]) -> Kernel:
    """Make a kernel of what a table says; a bundled contract that it needs joins `contracts`.

    Raises:
        ConfigurationError: it says something impossible.
    """
    layers.own.check_keys(KERNEL_KEYS, "[[kernel]]")
    for key in _KERNEL_REQUIRED:
        if not (layers.text(key) if key != "sources" else layers.list(key)):
            raise layers.own.fault(f"[[kernel]] number {int(layers.own.where[-1]) + 1} has no {key!r}")
    isa = _isa(layers, targets)
    contract = _contract(layers, contracts)
    name = layers.text("name", isa)
    if not name.replace("-", "").replace("_", "").replace(".", "").isalnum():
        raise layers.fault(f"the name {name!r} may only hold letters, digits, '-', '_' and '.'", "name")
    symbol = layers.text("symbol")
    if not symbol.isidentifier():
        raise layers.fault(f"{symbol!r} is no C symbol", "symbol")
    prototype = _prototype(layers, contract, isa, targets[isa].triple)
    adapter = adapter_of(layers)
    try:
        check_vectors(prototype, isa)
        names, result_name = _matched(prototype, contract) if adapter is None else ((), "")
    except ConfigurationError as error:
        hint = "; for what is another op, 'harness init' drafts a contract" if "prototype" in layers.own.values else ""
        raise layers.fault(f"{error}{hint}", "prototype") from None
    conventions = contract.conventions | _own_conventions(layers, contract)
    implied = _implied_waivers(prototype)
    if implied:
        conventions |= conventions_of(contract.prototype, [], {}, {}, implied)
    return Kernel(
        contract.op,
        name,
        isa,
        sources_of(layers),
        symbol,
        prototype,
        names,
        conventions,
        compilation_of(layers),
        _targets(layers, isa, targets),
        _expectation(layers.own, targets) if "expected" in layers.own.values else None,
        result_name=result_name,
        adapter=adapter,
        features=features_of(layers, targets[isa].triple),
        declared_at=layers.location("prototype"),
    )


def _matched(prototype: Prototype, contract: Contract) -> tuple[tuple[str, ...], str]:
    """Return the contract's names for a kernel's parameters, and for a vector that it returns."""
    return match_lanes(prototype, contract) if prototype.vectors else (match_parameters(prototype, contract), "")


def _implied_waivers(prototype: Prototype) -> dict[str, str]:
    """Return the checks that make no sense for an interface, with the reason."""
    waived = {}
    if prototype.sme.mode:
        waived["gate"] = _WHY_NO_GATE
    if not all(vector.is_baseline for vector in prototype.vectors):
        waived["gate"] = _WHY_NO_GATE_OF_VECTORS
    if any(vector.is_wide for vector in prototype.vectors):
        waived["dirty-uppers"] = _WHY_NO_CLEAN_UPPERS
    return waived


def _isa(layers: Layers, targets: Mapping[str, Target]) -> str:
    isas = {isa for target in targets.values() if not target.is_core for isa in target.isas}
    isa = layers.text("isa")
    if isa not in isas:
        raise layers.fault(f"unknown isa {isa!r}{perhaps(isa, isas)}; known: {', '.join(sorted(isas))}", "isa")
    return isa


def _targets(layers: Layers, isa: str, targets: Mapping[str, Target]) -> tuple[str, ...]:
    able = [target.name for target in targets.values() if isa in target.isas]
    for table, name in layers.items("targets"):
        if name not in targets:
            raise table.fault(f"'targets': unknown target {name!r}{perhaps(name, able)}; see 'harness list'", "targets")
        if name not in able:
            raise table.fault(f"'targets': {name} does not run {isa} code; {', '.join(able)} do", "targets")
    return tuple(dict.fromkeys(layers.list("targets")))


def _expectation(kernel: Table, targets: Mapping[str, Target]) -> Expectation:
    table = kernel.table("expected")
    table.check_keys(EXPECTED_KEYS, "'expected'")
    outcomes = {outcome.value for outcome in Outcome if outcome.is_kernel_fault} - {Outcome.UNEXPECTED_PASS.value}
    outcome = table.values.get("outcome", "")
    if outcome not in outcomes:
        known = f"{perhaps(outcome, outcomes)}; known: {', '.join(sorted(outcomes))}"
        raise table.fault(f"'expected': no failure is called {outcome!r}{known}", "outcome")
    if not table.values.get("reason"):
        raise table.fault("'expected' needs a reason", "reason")
    places = table.values.get("on", [])
    names = tuple(place for place in places if isinstance(place, str))
    widths = tuple(place for place in places if isinstance(place, int))
    for name in names:
        if name not in targets:
            raise table.fault(f"'expected': unknown target {name!r}{perhaps(name, targets)}; see 'harness list'", "on")
    for bits in widths:
        if bits <= 0 or bits % 8:
            raise table.fault(f"'expected': no vector has {bits} bits", "on")
    return Expectation(Outcome(outcome), table.values["reason"], names, widths)


def _contract(layers: Layers, contracts: dict[str, Contract]) -> Contract:
    op = layers.text("op")
    if op not in contracts:
        try:
            contracts[op] = bundled_contract(op)
        except ConfigurationError as error:
            own = perhaps(op, contracts)
            here = own and f" in this project{own}"
            raise layers.fault(f"{error}{here}; 'harness init' drafts a contract for an op of your own", "op") from None
    return contracts[op]


def _prototype(layers: Layers, contract: Contract, isa: str, triple: str) -> Prototype:
    text = layers.text("prototype")
    if not text:
        own = Prototype("", None, ()) if layers.text("adapter") else contract.prototype
        return replace(own, name=layers.text("symbol"))
    try:
        prototype = interface_of(layers.text("symbol"), text) if layers.text("adapter") else parse_prototype(text)
        prototype.check_machine("any host" if triple == "host" else triple.partition("-")[0])
        if str(prototype.sme) and not has_sme(isa):
            raise ConfigurationError(f"{prototype.sme} needs an isa with SME, not {isa!r}")
    except ConfigurationError as error:
        raise layers.fault(str(error), "prototype") from None
    return prototype


def _own_conventions(layers: Layers, contract: Contract) -> Conventions:
    """What a kernel's own documentation adds to the contract, in the contract's names."""
    try:
        return conventions_of(
            contract.prototype,
            layers.list("requires"),
            layers.entries("over_read"),
            layers.entries("alignment"),
            layers.entries("waived"),
        )
    except ContractError as error:
        key = str(error).split(":")[0].split()[0]
        raise layers.fault(str(error), "requires" if key == "requirement" else key) from None
