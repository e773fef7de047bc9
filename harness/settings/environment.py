"""Variables of the environment: those that nearly have an option's name, and what one may say of a switch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from harness.errors import UsageError
from harness.settings.option import ENVIRONMENT_PREFIX, Option

_COMPARED_LETTERS = 3
"""Of a name, what it takes to tell a misspelt one from another word."""
_LONG_NAME_LETTERS = 6
"""From here on two mistakes are taken for a slip, and not for another word."""
_SWITCH = {"1": True, "yes": True, "true": True, "on": True, "0": False, "no": False, "false": False, "off": False}


def check_variables(options: Sequence[Option], environment: Mapping[str, str]) -> None:
    """Refuse a variable that is evidently meant for an option, and has a name that no option has.

    A setting that is passed over in silence would let another run pass for the one that was meant. Variables of other
    programs may begin like ours, so only names that differ by a slip are refused.

    Raises:
        UsageError: there is one.
    """
    known = {option.environment for option in options}
    for variable in environment:
        if variable.startswith(ENVIRONMENT_PREFIX) and variable not in known:
            meant = _meant(variable.removeprefix(ENVIRONMENT_PREFIX), options)
            if meant:
                raise UsageError(f"{variable}: no option is set by it; did you mean {meant.environment}?")


def _meant(name: str, options: Sequence[Option]) -> Option | None:
    """Return the option that a variable's name, without the prefix, is likely to mean."""
    for option in options:
        if name in (flag.lstrip("-").upper() for flag in option.flags):
            return option
    distances = [(_slips(name, own), option) for option in options if (own := _name(option))]
    near = [(slips, option) for slips, option in distances if slips <= _allowed(name, _name(option))]
    return min(near, key=lambda pair: pair[0])[1] if near else None


def _name(option: Option) -> str:
    return option.environment.removeprefix(ENVIRONMENT_PREFIX)


def _allowed(name: str, own: str) -> int:
    if min(len(name), len(own)) < _COMPARED_LETTERS:
        return 0
    return 2 if max(len(name), len(own)) >= _LONG_NAME_LETTERS else 1


def _slips(one: str, other: str) -> int:
    """Return how many letters were left out, added, exchanged or put in the wrong order (optimal string alignment)."""
    before: list[int] = []
    last = list(range(len(other) + 1))
    for i, letter in enumerate(one, 1):
        row = [i]
        for j, its in enumerate(other, 1):
            cost = min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (letter != its))
            if i > 1 and j > 1 and one[i - 2] == its and letter == other[j - 2]:
                cost = min(cost, before[j - 2] + 1)
            row.append(cost)
        before, last = last, row
    return last[-1]


def switch(text: str) -> bool:
    """Read what a variable says of a switch.

    Raises:
        UsageError: it is no word for yes or no.
    """
    word = text.strip().lower()
    if word not in _SWITCH:
        raise UsageError(f"expected one of {', '.join(_SWITCH)}")
    return _SWITCH[word]
