"""The page docs/reference.md is what the docstrings say today."""

from __future__ import annotations

import inspect
import re

import harness
import harness.contract
from tests import reference


def test_the_committed_page_is_current() -> None:
    assert reference.PAGE.read_text() == reference.page(), "python -m tests.reference writes it anew"


def test_everything_that_is_offered_has_an_entry() -> None:
    entries = re.findall(r"(?m)^#### (\w+)$", reference.page())
    assert set(entries) >= {*harness.contract.__all__, *harness.__all__}
    assert len(entries) == len(set(entries)), "an entry that is there twice has two anchors"


def test_docstrings_of_the_python_interface_stand_alone() -> None:
    texts = {name: inspect.getdoc(getattr(harness, name)) or "" for name in harness.__all__}
    members = inspect.getmembers(harness.Result, lambda value: isinstance(value, property) or inspect.isfunction(value))
    texts |= {f"Result.{name}": inspect.getdoc(value) or "" for name, value in members if not name.startswith("_")}
    assert len(texts) > 20
    for name, text in texts.items():
        assert re.match(r"(?!Of |Those |The same)[A-Z].*?[.:]", text.partition("\n\n")[0].replace("\n", " ")), name


def test_sections_of_a_docstring_become_lists() -> None:
    def documented(x: int, /, *rest: str, scale: float = 0.5) -> bool:
        """Return 2**x for `x * 2`.

        Args:
            x: a number,
                in two lines.

        Raises:
            ValueError: it is not.
        """
        raise ValueError(x, rest, scale)

    assert reference.entry("documented", documented).split("\n") == [
        "#### documented",
        "",
        "```python",
        "documented(x: int, /, *rest: str, scale: float = 0.5) -> bool",
        "```",
        "",
        r"Return 2\*\*x for `x * 2`.",
        "",
        "**Args**",
        "",
        "- `x`: a number, in two lines.",
        "",
        "**Raises**",
        "",
        "- `ValueError`: it is not.",
        "",
    ]
