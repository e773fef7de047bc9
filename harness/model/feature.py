"""Features: an architecture's named extensions, what promises, needs, switches on and attests each."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache

_compiled = cache(re.compile)
"""Compiled when it is asked for: most runs look at no instruction."""
_CALLERS_MEMORY = re.compile(r"\((?!%rip\)|%rsp\))")
"""In AT&T syntax; behind what is addressed by RIP or RSP alone, constants and the stack, there is more memory."""
_NEWEST = 99
_ARMV9_IS_8 = 5
"""Armv9.0 has what Armv8.5 has (Arm ARM, A2)."""
_DEFAULT_MARCH = {"aarch64": "-march=armv8-a", "riscv64": "-march=rv64gc"}
_BASES = ("-march=", "-mcpu=")
_DENYING = re.compile(r"-mno-(.+)")
_PROMISING = re.compile(r"-m([a-z0-9][\w.-]*)")
_IN_MARCH = re.compile(r"(?:\+(no)?|_)([a-z0-9-]+)")


@dataclass(frozen=True, slots=True)
class Feature:
    """An extension of an architecture, such as dotprod, avx512_vnni or zvfh."""

    name: str
    flag: str
    """What makes compilers promise it: a whole flag ("-mavx512vnni"), or what is appended to the -march in effect."""
    macros: frozenset[str]
    """Predefined by compilers that may use it; each of them is enough."""
    architecture: str = ""
    """The oldest one that -march may name beside it: compilers' headers ask for that, too."""
    requires: tuple[str, ...] = ()
    """Features that no processor has it without (directly)."""
    comes_with: tuple[str, ...] = ()
    """Features that every processor which has it has, too, though compilers do not take them for promised."""
    facts: tuple[tuple[str, int], ...] = ()
    """What the guest attests it by: names of facts and numbers of bits, all of which must be set."""
    sample: bytes = b""
    """Instructions that only a processor with it executes, where no fact attests it."""
    assembly: str = ""
    """The sample as it is written."""
    properties: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """By emulator, what switches it on in a CPU model: alternatives of which the first that the emulator knows counts.
    """
    since: Mapping[str, str] = field(default_factory=dict)
    """By emulator, the first release that has it."""


@dataclass(frozen=True, slots=True)
class Rule:
    """How instructions are known that need a feature."""

    needs: tuple[str, ...]
    """Features, each of which is enough."""
    mnemonics: str
    """A regular expression that fits whole mnemonics."""
    operands: str
    """A regular expression that is found in the operands."""
    element_bits: int | None
    """The width that RVV's vtype must have."""

    def fits(self, mnemonic: str, operands: str, element_bits: int | None) -> bool:
        """True if an instruction is one of them, at an element width in bits or at one that is not known."""
        return (
            self.element_bits in (None, element_bits)
            and bool(_compiled(self.mnemonics).fullmatch(mnemonic))
            and bool(_compiled(self.operands).search(operands))
        )


@dataclass(frozen=True, slots=True)
class MemoryForm:
    """A form of memory operand of which an emulator may access more than a processor does."""

    mnemonics: str
    """A regular expression that fits the whole mnemonics that the form stands for."""
    operands: str
    """A regular expression that is found in their operands."""
    operand_bytes: int
    assembly: str
    """An example, whose last instruction counts."""
    code: bytes
    """The example assembled, with the operand where the first argument of a function points to."""

    def fits(self, mnemonic: str, operands: str) -> bool:
        """True if the form stands for an instruction, and its operand may be the caller's memory."""
        return (
            bool(_compiled(self.mnemonics).fullmatch(mnemonic))
            and bool(_compiled(self.operands).search(operands))
            and bool(_CALLERS_MEMORY.search(operands))
        )


@dataclass(frozen=True, slots=True)
class FeatureTable:
    """All that is known of the features of one architecture; every comparison of features goes through it."""

    machine: str
    features: Mapping[str, Feature]
    rules: tuple[Rule, ...]
    """An instruction needs what each of those says that it fits; the first is named that is not promised."""
    digest: str = ""
    """Changes whenever anything of the table does."""

    def find(self, name: str) -> Feature | None:
        """Return the feature of a name, whatever its case, hyphens, underscores and dots; None if there is none."""
        wanted = _plain(name)
        return next((feature for feature in self.features.values() if _plain(feature.name) == wanted), None)

    def with_required(self, names: Iterable[str]) -> frozenset[str]:
        """Return features and all that no processor has them without."""
        return self._closure(names, lambda feature: feature.requires)

    def with_company(self, names: Iterable[str]) -> frozenset[str]:
        """Return features and all that every processor with them has."""
        return self._closure(names, lambda feature: (*feature.requires, *feature.comes_with))

    def _closure(self, names: Iterable[str], more: Callable[[Feature], Iterable[str]]) -> frozenset[str]:
        found: set[str] = set()
        todo = list(names)
        while todo:
            name = todo.pop()
            if name not in found:
                found.add(name)
                todo += more(self.features[name]) if name in self.features else ()
        return frozenset(found)

    def without(self, names: Iterable[str], removed: Iterable[str]) -> frozenset[str]:
        """Return those of some features that a processor may have which lacks the removed ones."""
        gone = set(removed)
        return frozenset(name for name in names if not gone & self.with_required([name]))

    def of_macros(self, macros: Iterable[str]) -> frozenset[str]:
        """Return the features that a compiler may use which predefines these macros."""
        defined = frozenset(macros)
        return frozenset(feature.name for feature in self.features.values() if feature.macros & defined)

    def attested(self, facts: Mapping[str, int]) -> frozenset[str]:
        """Return the features that a guest attests by its facts."""
        return frozenset(
            feature.name
            for feature in self.features.values()
            if feature.facts and all(facts.get(fact, 0) >> bit & 1 for fact, bit in feature.facts)
        )

    def named_in(self, flags: Sequence[str]) -> frozenset[str]:
        """Return the features that flags promise by name and do not deny again: `-mavx2`, `+dotprod`, `_zvfh`."""
        return frozenset(name for name, is_promised in self._named(flags).items() if is_promised)

    def taken_back(self, flags: Sequence[str]) -> frozenset[str]:
        """Return the features that flags deny by name and do not promise again: `-mno-avx2`, `+nodotprod`."""
        return frozenset(name for name, is_promised in self._named(flags).items() if not is_promised)

    def _named(self, flags: Sequence[str]) -> dict[str, bool]:
        found: dict[str, bool] = {}
        for word, is_promised in _words(flags):
            if feature := next((one for one in self.features.values() if _is_called(one, word)), None):
                found[feature.name] = is_promised
        return found

    def unmet(
        self, mnemonic: str, operands: str, element_bits: int | None, promised: Collection[str]
    ) -> tuple[str, ...]:
        """Return the features, each of them enough, that an instruction needs besides those promised; mostly none."""
        for rule in self.rules:
            if rule.fits(mnemonic, operands, element_bits) and not set(rule.needs) & set(promised):
                return rule.needs
        return ()

    def promising_flag(self, name: str, flags: Sequence[str]) -> str:
        """Return the flag that, behind `flags`, lets a compiler use a feature besides what it may use already.

        Where features stand in -march, it is the last one in `flags`, with the feature added.
        """
        flag = self.features[name].flag
        if flag.startswith("-"):
            return flag
        before = [text for text in flags if text.startswith("-march=")] or [_DEFAULT_MARCH[self.machine]]
        return _raised(before[-1], self.features[name].architecture) + flag


def _raised(march: str, oldest: str) -> str:
    """Return a -march of the Arm architecture that is no older than another."""
    base, plus, extensions = march.removeprefix("-march=").partition("+")
    if not oldest or _age(base) >= _age(oldest):
        return march
    return f"-march={oldest}{plus}{extensions}"


def _age(architecture: str) -> int:
    found = re.fullmatch(r"armv([89])(?:\.(\d))?-a", architecture)
    if not found:
        return _NEWEST  # a name of a processor, or "native": not to be replaced
    return int(found[2] or 0) + (_ARMV9_IS_8 if found[1] == "9" else 0)


def _words(flags: Sequence[str]) -> Iterator[tuple[str, bool]]:
    """Yield the names of features in flags, in order, each with whether it is promised or denied.

    Of several -march or -mcpu the last counts.
    """
    last = {flag.partition("=")[0]: number for number, flag in enumerate(flags) if flag.startswith(_BASES)}
    for number, flag in enumerate(flags):
        if flag.startswith(_BASES):
            for denied, name in _IN_MARCH.findall(flag) if number in last.values() else ():
                yield name, not denied
        elif match := _DENYING.fullmatch(flag):
            yield match[1], False
        elif match := _PROMISING.fullmatch(flag):
            yield match[1], True


def _is_called(feature: Feature, word: str) -> bool:
    return word == (feature.flag.removeprefix("-m") if feature.flag.startswith("-m") else feature.name)


def _plain(name: str) -> str:
    return re.sub(r"[-_.]", "", name.lower())
