"""What exists: from a manifest, or from the bundled convention, to a Project.

The active project is the one whose harness.toml is found upwards from the current directory, else the bundled one,
which is nothing special: csrc/kernels/<op>/<isa>.c with the symbol <op>_<isa>, and cases/<op>.py, is its manifest.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from harness.contract.conventions import conventions_of
from harness.contract.loading import load_contracts
from harness.errors import ConfigurationError, ContractError, perhaps
from harness.model import Contract, Conventions, Emulation, Kernel, Project, Target, has_sme
from harness.prototype import Parameter, Prototype, parse_prototype
from harness.resources import bundled_root, targets_directory

MANIFEST_NAME = "harness.toml"


def load_project(config: Path | None, start: Path, patterns: Sequence[str] = ()) -> Project:
    """Read the project given by `config`, else the one found upwards from `start`, else the bundled one.

    With `patterns` the bundled project is limited to the ops of kernels that match one of them: contracts are code,
    and running all of them costs a short run a good part of its time. If none matches, nothing is left out.

    Raises:
        ConfigurationError: the manifest or a target file is malformed.
        ContractError: a contract it needs cannot be loaded.
    """
    manifest = config or find_manifest(start)
    targets = load_targets(targets_directory())
    if manifest is None:
        return _bundled_project(targets, patterns)
    return _manifest_project(manifest.absolute(), targets)


def find_manifest(start: Path) -> Path | None:
    """Return the nearest harness.toml in `start` or above it."""
    for directory in (start, *start.parents):
        if (directory / MANIFEST_NAME).is_file():
            return directory / MANIFEST_NAME
    return None


# ---- the bundled project -------------------------------------------------------------------------------------------


def _bundled_project(targets: Mapping[str, Target], patterns: Sequence[str]) -> Project:
    root = bundled_root()
    ops = [path.stem for path in sorted((root / "cases").glob("*.py"))]
    names = {op: [path.stem for path in (root / "csrc" / "kernels" / op).glob("*.c")] for op in ops}
    wanted = {op for op in ops for name in names[op] for pattern in patterns if fnmatchcase(f"{op}/{name}", pattern)}
    matched = all(any(fnmatchcase(f"{op}/{n}", p) for op in ops for n in names[op]) for p in patterns)
    contracts = {op: bundled_contract(op) for op in ops if not (patterns and matched) or op in wanted}
    kernels = [
        _bundled_kernel(contract, path)
        for op, contract in contracts.items()
        for path in sorted((root / "csrc" / "kernels" / op).glob("*.c"))
    ]
    return Project(root, None, tuple(kernels), contracts, targets)


def _bundled_kernel(contract: Contract, path: Path) -> Kernel:
    symbol = f"{contract.op}_{path.stem}"
    prototype = replace(contract.prototype, name=symbol)
    names = tuple(parameter.name for parameter in prototype.parameters)
    return Kernel(contract.op, path.stem, path.stem, (path,), symbol, prototype, names, contract.conventions)


def bundled_contract(op: str) -> Contract:
    """Load cases/<op>.py of the bundled project."""
    path = bundled_root() / "cases" / f"{op}.py"
    if not path.is_file():
        known = [p.stem for p in path.parent.glob("*.py")]
        raise ConfigurationError(f"no contract for the op {op!r}{perhaps(op, known)}; bundled: {', '.join(known)}")
    return load_contracts(path)[op]


# ---- a user's project ----------------------------------------------------------------------------------------------


class _Manifest:
    """A parsed TOML file that can say where a wrong value stands."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self._text = path.read_text(encoding="utf-8")
        except OSError as error:
            raise ConfigurationError(f"{path}: cannot read it: {error.strerror}") from None
        except UnicodeDecodeError:
            raise ConfigurationError(f"{path}: not UTF-8 text") from None
        try:
            self.values = tomllib.loads(self._text)
        except tomllib.TOMLDecodeError as error:
            raise ConfigurationError(f"{path}: not valid TOML: {error}") from None

    def fault(self, message: str, key: str = "", occurrence: int = 0) -> ConfigurationError:
        """An error at the line where `key` is set for the given table (by its number among equals)."""
        lines = [
            number
            for number, line in enumerate(self._text.splitlines(), 1)
            if key and line.split("#")[0].split("=")[0].strip().strip("[]\"' ") == key
        ]
        at = f":{lines[min(occurrence, len(lines) - 1)]}" if lines else ""
        return ConfigurationError(f"{self.path}{at}: {message}")

    def check_keys(self, table: Mapping[str, Any], known: Mapping[str, str], what: str, occurrence: int = 0) -> None:
        """Refuse unknown keys and values that are not what `known` says they are."""
        for key, value in table.items():
            if key not in known:
                hint = perhaps(key, known) or f"; known: {', '.join(known)}"
                raise self.fault(f"unknown key {key!r} in {what}{hint}", key, occurrence)
            if not _IS_A[known[key]](value):
                raise self.fault(f"{key!r} in {what} must be {known[key]}, not {value!r}", key, occurrence)


_IS_A: dict[str, Callable[[Any], bool]] = {
    "a string": lambda value: isinstance(value, str),
    "true or false": lambda value: isinstance(value, bool),
    "a list of strings": lambda value: isinstance(value, list) and all(isinstance(item, str) for item in value),
    "a list of widths in bits": lambda value: (
        isinstance(value, list) and all(isinstance(item, int) and item > 0 and item % 8 == 0 for item in value)
    ),
    "a table of numbers": lambda value: isinstance(value, dict) and all(type(item) is int for item in value.values()),
    "a table of strings": lambda value: (
        isinstance(value, dict) and all(isinstance(item, str) for item in value.values())
    ),
    "a table": lambda value: isinstance(value, dict),
    "an array of tables": lambda value: isinstance(value, list) and all(isinstance(item, dict) for item in value),
}

_MANIFEST_KEYS = {"kernel": "an array of tables", "contracts": "a list of strings"}
_KERNEL_KEYS = {
    "op": "a string",
    "isa": "a string",
    "name": "a string",
    "sources": "a list of strings",
    "symbol": "a string",
    "prototype": "a string",
    "requires": "a list of strings",
    "over_read": "a table of numbers",
    "alignment": "a table of numbers",
    "waived": "a table of strings",
}
_KERNEL_REQUIRED = ("op", "isa", "sources", "symbol")


def _manifest_project(path: Path, targets: Mapping[str, Target]) -> Project:
    manifest = _Manifest(path)
    manifest.check_keys(manifest.values, _MANIFEST_KEYS, "the manifest")
    contracts: dict[str, Contract] = {}
    for name in manifest.values.get("contracts", []):
        contracts.update(load_contracts(path.parent / name))
    kernels: list[Kernel] = []
    seen: set[str] = set()
    tables = manifest.values.get("kernel", [])
    if not tables:
        raise manifest.fault("names no kernel; add a [[kernel]] table with op, isa, sources and symbol")
    for number, table in enumerate(tables):
        kernel = _kernel(manifest, number, table, contracts, targets)
        if kernel.id in seen:
            raise manifest.fault(f'two kernels are called {kernel.id!r}; give one a name = "..."', "kernel", number)
        seen.add(kernel.id)
        kernels.append(kernel)
    return Project(path.parent, path, tuple(kernels), contracts, targets)


def _kernel(
    manifest: _Manifest,
    number: int,
    table: Mapping[str, Any],
    contracts: dict[str, Contract],
    targets: Mapping[str, Target],
) -> Kernel:
    manifest.check_keys(table, _KERNEL_KEYS, "[[kernel]]", number)
    for key in _KERNEL_REQUIRED:
        if not table.get(key):
            raise manifest.fault(f"[[kernel]] number {number + 1} has no {key!r}", "kernel", number)
    isas = {isa for target in targets.values() if not target.is_core for isa in target.isas}
    op, isa = table["op"], table["isa"]
    if isa not in isas:
        known = f"{perhaps(isa, isas)}; known: {', '.join(sorted(isas))}"
        raise manifest.fault(f"unknown isa {isa!r}{known}", "isa", number)
    if op not in contracts:
        try:
            contracts[op] = bundled_contract(op)
        except ConfigurationError as error:
            raise manifest.fault(str(error), "op", number) from None
    sources = tuple(manifest.path.parent / source for source in table["sources"])
    for source in sources:
        if not source.is_file():
            raise manifest.fault(f"no such source file: {source}", "sources", number)
    return _with_prototype(manifest, number, table, contracts[op], sources, targets[isa].triple)


def _with_prototype(
    manifest: _Manifest,
    number: int,
    table: Mapping[str, Any],
    contract: Contract,
    sources: tuple[Path, ...],
    triple: str,
) -> Kernel:
    name = table.get("name", table["isa"])
    if not name.replace("-", "").replace("_", "").replace(".", "").isalnum():
        raise manifest.fault(f"the name {name!r} may only hold letters, digits, '-', '_' and '.'", "name", number)
    symbol = table["symbol"]
    if not symbol.isidentifier():
        raise manifest.fault(f"{symbol!r} is no C symbol", "symbol", number)
    prototype = replace(contract.prototype, name=symbol)
    try:
        if "prototype" in table:
            prototype = parse_prototype(table["prototype"])
            prototype.check_machine("any host" if triple == "host" else triple.partition("-")[0])
            if str(prototype.sme) and not has_sme(table["isa"]):
                raise ConfigurationError(f"{prototype.sme} needs an isa with SME, not {table['isa']!r}")
        names = match_parameters(prototype, contract)
    except ConfigurationError as error:
        raise manifest.fault(str(error), "prototype", number) from None
    conventions = contract.conventions | _own_conventions(manifest, number, table, contract)
    if prototype.sme.mode:
        conventions |= conventions_of(contract.prototype, [], {}, {}, {"gate": _WHY_NO_GATE})
    return Kernel(contract.op, name, table["isa"], sources, symbol, prototype, names, conventions)


_WHY_NO_GATE = "its callers start streaming mode, so it holds nothing that only SME has"


def _own_conventions(manifest: _Manifest, number: int, table: Mapping[str, Any], contract: Contract) -> Conventions:
    """What a kernel's own documentation adds to the contract, in the contract's names."""
    try:
        return conventions_of(
            contract.prototype,
            table.get("requires", []),
            table.get("over_read", {}),
            table.get("alignment", {}),
            table.get("waived", {}),
        )
    except ContractError as error:
        key = str(error).split(":")[0].split()[0]
        raise manifest.fault(str(error), "requires" if key == "requirement" else key, number) from None


def match_parameters(prototype: Prototype, contract: Contract) -> tuple[str, ...]:
    """Return, for each parameter of a kernel's prototype, the contract's name for it.

    By name where all names are the contract's (in any order), else by position.

    Raises:
        ConfigurationError: a pointer meets a scalar, element types differ, or a result does.
    """
    theirs = contract.prototype.parameters
    if len(prototype.parameters) != len(theirs):
        raise ConfigurationError(
            f"{prototype} has {len(prototype.parameters)} parameters, {contract.prototype} has {len(theirs)}"
        )
    by_name = {parameter.name: parameter for parameter in theirs}
    if {parameter.name for parameter in prototype.parameters} == set(by_name):
        matched = [by_name[parameter.name] for parameter in prototype.parameters]
    else:
        matched = list(theirs)
    for mine, its in zip(prototype.parameters, matched, strict=True):
        if not _compatible(mine, its):
            raise ConfigurationError(
                f"the parameter {mine.c_type} {mine.name} of {prototype.name} cannot stand for {its.c_type} {its.name} "
                f"of {contract.op}; parameters match by position, or by name where all names are the contract's"
            )
    mine_result, its_result = prototype.result, contract.prototype.result
    if (mine_result and mine_result.dtype) != (its_result and its_result.dtype):
        raise ConfigurationError(f"{prototype} returns another type than {contract.prototype}")
    return tuple(parameter.name for parameter in matched)


def _compatible(mine: Parameter, its: Parameter) -> bool:
    if mine.is_pointer != its.is_pointer:
        return False
    if mine.is_pointer:
        return mine.type.dtype == its.type.dtype
    return (mine.type.family == "float") == (its.type.family == "float")


# ---- targets -------------------------------------------------------------------------------------------------------

_TARGET_KEYS = {
    "description": "a string",
    "isas": "a list of strings",
    "triple": "a string",
    "flags": "a list of strings",
    "header": "a string",
    "header_since": "a string",
    "width_fact": "a string",
    "vector_bits": "a list of widths in bits",
    "vector_bits_on_request": "a list of widths in bits",
    "core": "true or false",
    "streaming": "true or false",
    "gate": "a table",
    "hostile": "a table of strings",
    "run": "an array of tables",
}
_RUN_KEYS = {"how": "a string", "cpu": "a string"}
_HOWS = ("native", "qemu-user")


def load_targets(directory: Path) -> dict[str, Target]:
    """Read every target file of a directory, by name."""
    return {path.stem: load_target(path) for path in sorted(directory.glob("*.toml"))}


def load_target(path: Path) -> Target:
    """Read one target file; its stem is the target's name.

    Raises:
        ConfigurationError: it is malformed.
    """
    manifest = _Manifest(path)
    values = manifest.values
    _check_target(manifest, values)
    runs = [_emulation(manifest, run, "[[run]]", number) for number, run in enumerate(values["run"])]
    gate = _emulation(manifest, values["gate"], "[gate]", len(runs)) if "gate" in values else None
    return Target(
        name=path.stem,
        description=values["description"],
        isas=tuple(values["isas"]),
        triple=values["triple"],
        flags=tuple(values.get("flags", ())),
        header=values.get("header"),
        header_since=values.get("header_since", ""),
        width_fact=values.get("width_fact"),
        vector_bits=tuple(values.get("vector_bits", ())),
        vector_bits_on_request=tuple(values.get("vector_bits_on_request", ())),
        emulations=tuple(runs),
        gate=gate,
        is_core=values.get("core", False),
        is_streaming=values.get("streaming", False),
        hostility=dict(values.get("hostile", {})),
    )


def _emulation(manifest: _Manifest, table: Mapping[str, Any], what: str, number: int) -> Emulation:
    manifest.check_keys(table, _RUN_KEYS, what, number)
    if table.get("how") not in _HOWS:
        raise manifest.fault(f"'how' must be one of {', '.join(_HOWS)}, not {table.get('how')!r}", "how", number)
    return Emulation(table["how"], table.get("cpu"))


def _check_target(manifest: _Manifest, values: Mapping[str, Any]) -> None:
    manifest.check_keys(values, _TARGET_KEYS, "a target")
    for key in ("description", "isas", "triple", "run"):
        if not values.get(key):
            raise manifest.fault(f"a target needs {key!r}")
    if not values.get("core") and bool(values.get("vector_bits")) != bool(values.get("width_fact")):
        raise manifest.fault("'vector_bits' and 'width_fact' belong together", "vector_bits")
    if bool(values.get("header")) != bool(values.get("header_since")):
        raise manifest.fault("'header' and 'header_since' belong together", "header")
