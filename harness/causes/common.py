"""What failures of a kernel have in common, as one sentence: a rule without exceptions, and what it is about."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from harness.causes.condition import Part
from harness.causes.rule import Rule, simplest_rule
from harness.causes.table import Mask, Table
from harness.model import Outcome

_BUILDS = 4
"""Single builds that are looked at by themselves, those with the most failures first."""
_LONG = 1024
"""Sizes from which rows are long."""
_SHORT = (8192, _LONG, 128, 32, 16)
"""Sizes below which ordinary rows are looked at by themselves: in a long row one element drowns."""
_PARTS = 3
"""Vector lengths, or kinds of builds, that may have a rule each."""


@dataclass(frozen=True, slots=True)
class Domain:
    """A part of what was observed that a rule may be about."""

    observations: Mask
    rows: str = ""
    """Which rows, in words; empty for all."""
    where: str = ""
    """In which builds, in words; empty for all."""


@dataclass(frozen=True, slots=True)
class Common:
    """What failures have in common."""

    text: str
    rule: Rule
    domain: Domain


def common_of(table: Table, failing: Mask) -> Common | None:
    """Return the rule for these failures over the largest part of the run that has one; None if there is none.

    Other failures of the kernel count neither way.
    """
    everything = Domain(np.ones(table.case_of.size, bool))
    for domain in (everything, *_at_guards(table, failing), *_ordinary(table, failing)):
        found = _within(table, failing, domain)
        if found is not None and (found.rule.conditions or not domain.rows):
            return _of_shorter_rows(table, failing, found) or found
    return _part_by_part(table, failing) or _of_one_kind(table, failing)


def _part_by_part(table: Table, failing: Mask) -> Common | None:
    """Return a rule for each kind of build, or for each width, at which something fails, if there is one for each."""
    variants = table.jobs["variant"][table.job_of]
    bits = table.cases.vector_bits[table.case_of]
    for values, words in ((variants, "in {} builds"), (bits, "at {} bits")):
        names = np.unique(values[failing]).tolist()
        if np.unique(values).size < 2 or len(names) > _PARTS:
            continue
        parts = [Domain(values == name, "", words.format(name)) for name in names]
        found = [_first_within(table, failing, part) for part in parts]
        rules = [one for one in found if one is not None]
        if len(rules) == len(parts) and any(one.rule.conditions for one in rules):
            return replace(rules[0], text="; ".join(one.text for one in rules))
    return None


def _of_one_kind(table: Table, failing: Mask) -> Common | None:
    """Return a rule for one kind of build, for one build, or for the rows in which one element stands out."""
    for fact, most in (("variant", 2), ("build", _BUILDS)):
        values = table.jobs[fact][table.job_of]
        names, counts = np.unique(values[failing], return_counts=True)
        for name in names[np.argsort(-counts, kind="stable")][:most].tolist() if np.unique(values).size > 1 else ():
            words = f"in {name} builds" if fact == "variant" else f"as {name}"
            found = _first_within(table, failing, Domain(values == name, "", words))
            if found is not None and found.rule.conditions:
                return found
    patterns, has_one = (column[table.case_of] for column in (table.cases.pattern, table.cases.position >= 0))
    for rows, words in (
        ((patterns == "peak") & has_one, "rows in which one element stands out"),
        ((patterns == "special") & has_one, "rows with one special value"),
        (patterns == "special", "rows with special values"),
    ):
        found = _within(table, failing, Domain(rows, words))
        if found is not None and found.rule.conditions:
            return found
    return None


def _first_within(table: Table, failing: Mask, part: Domain) -> Common | None:
    """Return the rule for a part of the run, for its ordinary rows, or for the shorter ones of these."""
    rows = (part, *(_and(one, part) for one in _ordinary(table, failing & part.observations)))
    return next(filter(None, (_within(table, failing, one) for one in rows)), None)


def _and(one: Domain, other: Domain) -> Domain:
    return Domain(one.observations & other.observations, one.rows, other.where)


def _within(table: Table, failing: Mask, domain: Domain) -> Common | None:
    passing = ~table.has_failed & domain.observations
    rule = simplest_rule(table, failing & domain.observations, passing)
    return Common(_sentence(table, rule, domain), rule, domain) if rule else None


def _of_shorter_rows(table: Table, failing: Mask, found: Common) -> Common | None:
    """Return a simpler rule for ordinary rows that are not long, where one only adds that longer ones pass.

    What is wrong with one element drowns in the tolerance of many, whatever rule it follows.
    """
    if found.domain.where or not any(one.about.endswith(" <") for one in found.rule.conditions):
        return None
    for limit, domain in _short(table, failing):
        simpler = _within(table, failing, domain) if limit >= _LONG else None
        if simpler and len(simpler.rule.conditions) < len(found.rule.conditions) and simpler.rule.conditions:
            is_above = failing & (table.cases.pattern == "")[table.case_of] & ~domain.observations
            return simpler if is_above.any() else replace(simpler, text=f"{simpler.text}; no longer ones do")
    return None


def everywhere(table: Table, failing: Mask) -> Common | None:
    """Return the rule for these failures over the whole run, or None."""
    return _within(table, failing, Domain(np.ones(table.case_of.size, bool)))


def _at_guards(table: Table, failing: Mask) -> Iterator[Domain]:
    """Yield the rows that lie at a guard page, where bounds were broken: elsewhere a read beside a row goes unseen."""
    guards = table.cases.guards[table.case_of]
    failed = guards[failing]
    if Outcome.OUT_OF_BOUNDS not in table.cases.outcomes or not failed.size:
        return
    needs_both = not np.isin(failed, ("behind", "before")).any()
    for words, names in (("both guard pages", ("both",)), ("a guard page", ("behind", "before", "both"))):
        at_guard = np.isin(guards, names)
        if (failing & at_guard).any() and not at_guard.all() and (needs_both or len(names) > 1):
            yield Domain(at_guard, f"rows at {words}")


def _ordinary(table: Table, failing: Mask) -> Iterator[Domain]:
    """Yield ordinary rows, if some of them failed, and the shorter ones."""
    ordinary = (table.cases.pattern == "")[table.case_of]
    if (failing & ordinary).any():
        if not ordinary.all():
            yield Domain(ordinary, "ordinary rows")
        yield from (domain for _, domain in _short(table, failing))


def _short(table: Table, failing: Mask) -> Iterator[tuple[int, Domain]]:
    """Yield ordinary rows below some lengths, with the length."""
    if not table.cases.sizes:
        return
    ordinary = (table.cases.pattern == "")[table.case_of]
    longest = np.max([*table.cases.sizes.values()], axis=0)[table.case_of]
    what = next(iter(table.cases.sizes)) if len(table.cases.sizes) == 1 else "every size"
    for limit in _SHORT:
        short = ordinary & (longest < limit)
        if (failing & short).any() and (ordinary & ~short).any():
            yield limit, Domain(short, f"ordinary rows with {what} < {limit}")


def _sentence(table: Table, rule: Rule, domain: Domain) -> str:
    among = np.unique(table.cases.lanes[table.case_of[domain.observations]])
    where = f"{domain.where}, " if domain.where else ""
    if not rule.conditions:
        return f"{where}{'all ' + domain.rows + ' fail' if domain.rows else 'every case fails'}"
    if rule.is_any:
        parts = [f"where {' or '.join(one.opposite for one in rule.conditions)}"]
    else:
        of_cases = [one.text for one in rule.of_part(Part.CASE)]
        parts = [_builds(rule), *(one.text for one in (*rule.of_part(Part.TARGET), *rule.of_part(Part.WIDTH)))]
        parts += [f"where {' and '.join(of_cases)}"] if of_cases else []
    words = ", ".join(filter(None, parts))
    lanes = f" ({among[0]} lanes)" if among.size == 1 and ("lanes" in words or "vector" in words) else ""
    return f"{where}{domain.rows + ' fail' if domain.rows else 'fails'} exactly {words}{lanes}"


def _builds(rule: Rule) -> str:
    words = [one.text for one in rule.of_part(Part.BUILD)]
    if len(words) < 2:
        return "".join(words)
    return "as " + " ".join(text.removeprefix("as ").removeprefix("in ").removesuffix(" builds") for text in words)
