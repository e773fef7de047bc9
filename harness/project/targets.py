"""Target files: an ISA or a core model each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from harness.errors import perhaps
from harness.features import feature_names
from harness.model import Emulation, Target
from harness.project.toml import Table, read_toml
from harness.resources import EMULATORS, modules_of

_TARGET_KEYS = {
    "description": "a string",
    "isas": "a list of strings",
    "triple": "a string",
    "flags": "a list of strings",
    "features": "a list of strings",
    "lacks": "a list of strings",
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
_GATE_KEYS = {**_RUN_KEYS, "lacks": "a list of strings"}
_HOWS = tuple(modules_of(EMULATORS))


def load_targets(directory: Path) -> dict[str, Target]:
    """Read every target file of a directory, by name."""
    return {path.stem: load_target(path) for path in sorted(directory.glob("*.toml"))}


def load_target(path: Path) -> Target:
    """Read one target file; its stem is the target's name.

    Raises:
        ConfigurationError: it is malformed.
    """
    top = read_toml(path)
    values = top.values
    _check_target(top)
    runs = [_emulation(run, "[[run]]", _RUN_KEYS) for run in top.tables("run")]
    gate = _emulation(top.table("gate"), "[gate]", _GATE_KEYS) if "gate" in values else None
    return Target(
        name=path.stem,
        description=values["description"],
        isas=tuple(values["isas"]),
        triple=values["triple"],
        flags=tuple(values.get("flags", ())),
        features=tuple(values.get("features", ())),
        lacks=tuple(values.get("lacks", ())),
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


def _emulation(table: Table, what: str, keys: Mapping[str, str]) -> Emulation:
    table.check_keys(keys, what)
    how = table.values.get("how")
    if how not in _HOWS:
        raise table.fault(f"'how' must be one of {', '.join(_HOWS)}, not {how!r}", "how")
    return Emulation(how, table.values.get("cpu"), tuple(table.values.get("lacks", ())))


def _check_target(top: Table) -> None:
    top.check_keys(_TARGET_KEYS, "a target")
    values = top.values
    for key in ("description", "isas", "triple", "run"):
        if not values.get(key):
            raise top.fault(f"a target needs {key!r}")
    if not values.get("core") and bool(values.get("vector_bits")) != bool(values.get("width_fact")):
        raise top.fault("'vector_bits' and 'width_fact' belong together", "vector_bits")
    _check_features(top, ("features", "lacks"), values["triple"])
    if "gate" in values:
        _check_features(top.table("gate"), ("lacks",), values["triple"])
    if bool(values.get("header")) != bool(values.get("header_since")):
        raise top.fault("'header' and 'header_since' belong together", "header")


def _check_features(table: Table, keys: Sequence[str], triple: str) -> None:
    for key in keys:
        for name in table.values.get(key, ()):
            known = feature_names(None if triple == "host" else triple.partition("-")[0])
            if name not in known:
                raise table.fault(f"no feature {name!r} is known{perhaps(name, known)}; see harness/features", key)
