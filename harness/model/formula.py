"""A function of a contract: what it gets, where it stands, and the one way to call it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from harness.model.guarded import Line, guarded


@dataclass(frozen=True, slots=True)
class Formula:
    """A function of a contract, bound to the names of what it gets."""

    what: str
    """What messages call it, such as "the reference of sum_f32"."""
    line: Line
    function: Callable[..., Any] = field(repr=False)
    by_position: tuple[str, ...] = ()
    """The names of the arguments that are passed by position, as numpy's own functions want them."""
    by_name: tuple[str, ...] = ()
    """The names of those that are passed by name."""

    @property
    def takes(self) -> tuple[str, ...]:
        """The names of all that it gets."""
        return (*self.by_position, *self.by_name)

    def __call__(self, known: Mapping[str, Any], during: str = "") -> Any:
        """Return what it answers for the values of `known` that it takes.

        `during` is what it is called for, such as the id of a case.

        Raises:
            ContractError: it raised anything at all, or left.
        """
        positional = [known[name] for name in self.by_position]
        named = {name: known[name] for name in self.by_name}
        return guarded(lambda: self.function(*positional, **named), self.what, self.line, during)
