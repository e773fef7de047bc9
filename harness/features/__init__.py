"""The features of each architecture, read from one .toml file each; x86_64.toml explains the keys."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from harness.model import Feature, FeatureTable, MemoryForm, Rule
from harness.resources import features_directory, memory_operands_directory


@cache
def table_of(machine: str) -> FeatureTable:
    """Return the table of an architecture; an empty one where there is no file."""
    path = features_directory() / f"{machine}.toml"
    if not path.is_file():
        return FeatureTable(machine, {}, ())
    text = path.read_text(encoding="utf-8")
    read = tomllib.loads(text)
    features = {name: _feature(name, **values) for name, values in read["feature"].items()}
    rules = tuple(_rule(**values) for values in read["instructions"])
    _check(features, rules, read.keys())
    return FeatureTable(machine, features, rules, hashlib.sha256(text.encode()).hexdigest())


def machines() -> tuple[str, ...]:
    """Return the architectures that have a table."""
    return tuple(sorted(path.stem for path in features_directory().glob("*.toml")))


def feature_names(machine: str | None) -> frozenset[str]:
    """Return the names of the features of an architecture; of all of them where it is None."""
    return frozenset(name for one in ([machine] if machine else machines()) for name in table_of(one).features)


@cache
def memory_forms_of(machine: str) -> tuple[MemoryForm, ...]:
    """Return the forms of memory operands that emulators of an architecture are tried with."""
    path = memory_operands_directory() / f"{machine}.toml"
    if not path.is_file():
        return ()
    return tuple(_form(**values) for values in tomllib.loads(path.read_text(encoding="utf-8"))["form"])


def _form(mnemonics: str, operand_bytes: int, assembly: str, code: str, operands: str = "") -> MemoryForm:
    return MemoryForm(mnemonics, operands, operand_bytes, assembly, bytes.fromhex(code))


def _feature(
    name: str,
    flag: str,
    macros: Sequence[str],
    facts: Sequence[str] = (),
    sample: str = "",
    assembly: str = "",
    architecture: str = "",
    requires: Sequence[str] = (),
    comes_with: Sequence[str] = (),
    properties: Mapping[str, Sequence[str]] | None = None,
    since: Mapping[str, str] | None = None,
) -> Feature:
    return Feature(
        name,
        flag,
        frozenset(macros),
        architecture,
        tuple(requires),
        tuple(comes_with),
        tuple((fact, int(bit)) for fact, _, bit in (text.partition(".") for text in facts)),
        bytes.fromhex(sample),
        assembly,
        {emulator: tuple(names) for emulator, names in (properties or {}).items()},
        dict(since or {}),
    )


def _rule(
    needs: Sequence[str], mnemonics: Sequence[str] = (".*",), operands: str = "", element_bits: int | None = None
) -> Rule:
    return Rule(tuple(needs), "|".join(mnemonics), operands, element_bits)


def _check(features: Mapping[str, Feature], rules: Sequence[Rule], tables: Any) -> None:
    named = [name for rule in rules for name in rule.needs]
    named += [name for feature in features.values() for name in (*feature.requires, *feature.comes_with)]
    unknown = {*named} - features.keys() | {*tables} - {"feature", "instructions"}
    if unknown:
        raise ValueError(f"a table of features speaks of {', '.join(sorted(unknown))}, which it does not define")
