"""The one function and op that a file is taken for, or what the user has to say."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from harness.discovery.candidates import Candidate
from harness.discovery.ops import ops_in_name
from harness.errors import UsageError, perhaps
from harness.model import SCALAR_ISA
from harness.model.prototype import Prototype

Form = Callable[[str], Prototype]
"""Returns the prototype of an op."""
Fits = Callable[[str, Prototype], bool]
"""Whether a prototype can be that of an op's kernel."""
OWN_CONTRACT = "'harness init' drafts a contract for an op of your own"
_NAMED_AT_MOST = 6


@dataclass(frozen=True, slots=True)
class Choice:
    """What was chosen, and why, in words; no reason where the user said all of it."""

    candidate: Candidate
    op: str
    because: str


@dataclass(frozen=True, slots=True)
class Ops:
    """All ops that a function may be a kernel of."""

    names: Sequence[str]
    form: Form
    fits: Fits

    def may_be(self, candidate: Candidate, op: str) -> bool:
        """True if nothing that declares a function stands against its being a kernel of an op."""
        if candidate.prototype is None:
            return not candidate.complaint
        return self.fits(op, candidate.prototype)


def choose(candidates: Sequence[Candidate], ops: Ops, *, what: str, op: str = "", symbol: str = "") -> Choice:
    """Choose one function and its op.

    Args:
        candidates: all functions that the linker sees.
        ops: all ops.
        what: the files, for messages.
        op: what the user said, or "".
        symbol: likewise, by the source's name or the linker's.

    Raises:
        UsageError: it is not clear; the message names the option that says it.
    """
    if symbol:
        pool = [candidate for candidate in candidates if symbol in (candidate.symbol, candidate.name)]
        if not pool:
            names = [candidate.name for candidate in candidates]
            raise UsageError(f"{what}: no function {symbol!r} that the linker sees{_hint(symbol, names)}")
    else:
        pool = list(candidates)
    if not pool:
        raise UsageError(f"{what}: found no function that the linker sees; give --symbol NAME, if there is one")
    if op:
        return Choice(_of_op(pool, op, ops, what), op, _alone(candidates, symbol))
    return _by_name(pool, ops, what, symbol)


def _of_op(pool: Sequence[Candidate], op: str, ops: Ops, what: str) -> Candidate:
    """Choose among functions whose op is known: by prototype, then by name, then what is vectorised."""
    if len(pool) == 1:
        return pool[0]
    fitting = [candidate for candidate in pool if ops.may_be(candidate, op)]
    if not fitting:
        raise UsageError(
            f"{what}: none of {_listed(pool)} has the form of {op}, which is {ops.form(op)}; give --symbol NAME and "
            "--prototype"
        )
    for narrower in (
        fitting,
        [candidate for candidate in fitting if op in ops_in_name(candidate.name, ops.names)],
        [candidate for candidate in fitting if candidate.isa and candidate.isa.isa != SCALAR_ISA],
    ):
        if len(narrower) == 1:
            return narrower[0]
    _check_one_kernel([(candidate, op) for candidate in fitting])
    raise UsageError(f"{what}: {_listed(fitting)} could each be {op}; give --symbol NAME")


def _by_name(pool: Sequence[Candidate], ops: Ops, what: str, symbol: str) -> Choice:
    """Choose by the ops that functions' names hold, else, of a single function, by that in its file's name."""
    named = [(candidate, op) for candidate in pool for op in ops_in_name(candidate.name, ops.names)]
    pairs = [pair for pair in named if ops.may_be(*pair)]
    where = "its name"
    if not pairs and len(pool) == 1:
        (only,) = pool
        in_file = [(only, op) for op in ops_in_name(only.source.stem, ops.names)]
        pairs = [pair for pair in in_file if ops.may_be(*pair)]
        named += in_file
        where = "its file's name"
    vectorised = [pair for pair in pairs if pair[0].isa is None or pair[0].isa.isa != SCALAR_ISA]
    chosen = pairs if len(pairs) == 1 else vectorised
    if len(chosen) == 1:
        ((candidate, op),) = chosen
        return Choice(candidate, op, "; ".join(filter(None, (f"{where} says {op}", _alone(pool, symbol)))))
    if chosen or pairs:
        few = chosen or pairs
        _check_one_kernel(few)
        functions = list(dict.fromkeys(candidate.name for candidate, _ in few))
        if len(functions) > 1:
            raise UsageError(f"{what}: {', '.join(functions)} could each be meant; give --symbol NAME")
        raise UsageError(f"{what}: {functions[0]} could be {' or '.join(op for _, op in few)}; give --op OP")
    raise UsageError(f"{what}: {_unclear(pool, ops, named)}")


def _check_one_kernel(found: Sequence[tuple[Candidate, str]]) -> None:
    """Refuse files that each hold a kernel: together they are linked into one.

    Raises:
        UsageError: it names them.
    """
    by_file = {candidate.source: f"{candidate.name} in {candidate.source} is {op}" for candidate, op in found}
    if len(by_file) > 1:
        raise UsageError(
            f"{'; '.join(by_file.values())}: the files of one command are one kernel; run them one by one, write a "
            "manifest for all ('harness init'), or give --symbol NAME if the others are only called by it"
        )


def _unclear(pool: Sequence[Candidate], ops: Ops, named: Sequence[tuple[Candidate, str]]) -> str:
    if named and not named[0][0].complaint:
        candidate, op = max(named, key=lambda pair: _has_elements_of(pair[0], ops.form(pair[1])))
        its = f"line {candidate.line} defines" if candidate.line else "it is"
        return (
            f"{candidate.name} has the name of {op}, but not its form: {its} {candidate.prototype}, and the contract "
            f"has {ops.form(op)}; give --op {op} and --prototype with the contract's names for its parameters if it "
            f"can be called like that; else {OWN_CONTRACT}"
        )
    if len(pool) > 1:
        several = len({candidate.source for candidate in pool}) > 1
        hint = "; files that are several kernels take a manifest ('harness init')" if several else ""
        unclear = f"which of {_listed(pool)} is the kernel, and of which op, does not show"
        return f"{unclear}; give --symbol NAME and --op OP{hint}"
    (only,) = pool
    if only.complaint:
        return f"{only.name} cannot be called as declared ({only.complaint}); give --prototype and --op"
    possible = [op for op in ops.names if ops.may_be(only, op)]
    if not possible:
        return f"no bundled op has the form of {only.prototype}; {OWN_CONTRACT}, or give --op OP and --prototype"
    return (
        f"which op {only.name} is does not show in its name; give --op OP (its form has {', '.join(possible)}), or, if "
        f"it is none of these, {OWN_CONTRACT}"
    )


def _has_elements_of(candidate: Candidate, form: Prototype) -> bool:
    """True if a function has a buffer of a type that an op has."""
    mine = {parameter.type.dtype for parameter in candidate.prototype.buffers} if candidate.prototype else set()
    return bool(mine & {parameter.type.dtype for parameter in form.buffers})


def _alone(candidates: Sequence[Candidate], symbol: str) -> str:
    if symbol:
        return ""
    return "it is the only function" if len(candidates) == 1 else "no other function is of that form and name"


def _hint(symbol: str, names: Sequence[str]) -> str:
    return perhaps(symbol, names) or (f"; there is {_joined(names)}" if names else "")


def _listed(pool: Sequence[Candidate]) -> str:
    return _joined([candidate.name for candidate in pool])


def _joined(names: Sequence[str]) -> str:
    more = len(names) - _NAMED_AT_MOST
    return ", ".join(names[:_NAMED_AT_MOST]) + (f" and {more} more" if more > 0 else "")
