"""Writes docs/reference.md from the signatures and docstrings of what contracts and programs import.

`python -m tests.reference` writes it anew; tests/unit/test_reference.py says when that is due.
"""

from __future__ import annotations

import ast
import enum
import importlib
import inspect
import re
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FunctionType
from typing import Any, is_typeddict

from harness import api, errors
from harness.causes import Cause
from harness.model.verdict import Finding, Worst
from harness.settings import options_of

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "reference.md"
WIDTH = 110

OF_CONTRACTS = {
    "Contract": "The contract",
    "Pass": "Passes: the error model",
    "Tolerance": "Tolerances",
    "Pattern": "Input patterns",
    "Entry": "Cases and suites",
}
"""Headings of what `harness.contract` offers, by a word in the type that comes out."""

HELD = (Finding, Worst, Cause)
"""Classes that programs reach through a result, and do not import."""

HEAD = """\
# Reference

What contracts import from `harness.contract`, and what programs import from `harness`. This page is generated from
docstrings: `python -m tests.reference` writes it. There are guides as well: [contracts.md](contracts.md),
[worked-contracts.md](worked-contracts.md) and [python.md](python.md).
"""


def page() -> str:
    """Return the text of the page."""
    pieces = [HEAD, "## harness.contract\n", *_contract_pieces(), "## harness\n", *_program_pieces()]
    return "\n".join(pieces)


def _contract_pieces() -> Iterator[str]:
    module = importlib.import_module("harness.contract")
    groups: dict[str, list[str]] = {heading: [] for heading in OF_CONTRACTS.values()}
    for name in module.__all__:
        groups[_heading_of(getattr(module, name))].append(name)
    for heading, names in groups.items():
        yield f"### {heading}\n"
        for name in names:
            yield entry(name, getattr(module, name))


def _heading_of(offered: Any) -> str:
    """Return the heading of a function by what it returns, and of a class by what it is."""
    if not callable(offered):
        return OF_CONTRACTS["Entry"]
    is_class = inspect.isclass(offered)
    made = [base.__name__ for base in offered.__mro__] if is_class else [inspect.signature(offered).return_annotation]
    for word, heading in OF_CONTRACTS.items():
        if any(re.search(rf"{word}\b", text) for text in made):
            return heading
    return OF_CONTRACTS["Entry"]


def _program_pieces() -> Iterator[str]:
    module = importlib.import_module("harness")
    offered = {name: getattr(module, name) for name in module.__all__}
    functions = [name for name, value in offered.items() if isinstance(value, FunctionType)]
    for heading, names in (
        ("Functions", functions),
        ("Classes", [name for name, value in offered.items() if name not in functions and not _is_error(value)]),
    ):
        yield f"### {heading}\n"
        for name in names:
            yield entry(name, offered[name])
    yield "### What these hold\n"
    for held in HELD:
        yield entry(held.__name__, held)
    yield "### Exceptions\n"
    for name, value in vars(errors).items():
        if _is_error(value):
            yield entry(name, value)


def _is_error(value: object) -> bool:
    return inspect.isclass(value) and issubclass(value, Exception)


_KINDS = _POSITIONAL_ONLY, _ANYHOW, _REST, _KEYWORD_ONLY, _NAMED_REST = (
    inspect.Parameter.POSITIONAL_ONLY,
    inspect.Parameter.POSITIONAL_OR_KEYWORD,
    inspect.Parameter.VAR_POSITIONAL,
    inspect.Parameter.KEYWORD_ONLY,
    inspect.Parameter.VAR_KEYWORD,
)

# ---- one entry -----------------------------------------------------------------------------------------------------


def entry(name: str, value: Any) -> str:
    """Return what the page says of a function, a class or a constant."""
    if not callable(value):
        return f"#### {name}\n\n```python\n{name} = {_shortened(value)}\n```\n\n{_comment_on(name)}\n"
    if not inspect.isclass(value):
        return f"#### {name}\n\n{_signature(name, value)}\n{_prose(value)}"
    parts = [f"#### {name}\n", _prose(value)]
    if _is_error(value):
        base, code = value.__bases__[0], value.__dict__.get("exit_code")
        parts.append(f"Base: `{base.__name__}`." + (f" Exit code: {int(code)}." if code is not None else "") + "\n")
    elif issubclass(value, enum.Enum):
        shown = (f"{one.name} = {one.value}" if one.value != one.name else one.name for one in value)
        parts.append(", ".join(f"`{one}`" for one in shown) + "\n")
    elif is_typeddict(value):
        help_texts = {option.name: option.help for option in options_of("run")}
        for key, text in _annotations(value):
            parts.append(f"- `{key}: {text}`: {_escaped(help_texts[api.RENAMED.get(key, key)])}")
        parts.append("")
    else:
        parts.append("\n".join(_members(value)) + "\n")
    return "\n".join(parts)


def _shortened(value: object) -> str:
    text = repr(value)
    return text if len(text) <= WIDTH else f"{text[: WIDTH // 2]} ... {text[-WIDTH // 4 :]}"


def _comment_on(name: str) -> str:
    """Return the text below the assignment of a constant of `harness.contract`, which Python itself does not keep."""
    for path in sorted((ROOT / "harness" / "contract").glob("*.py")):
        if found := re.search(rf'(?ms)^{name}\b[^\n]* = .*?^"""(.*?)"""', path.read_text()):
            return _escaped(" ".join(found[1].split()))
    raise ValueError(f"no text below {name}")


def _signature(name: str, function: Callable[..., object]) -> str:
    """Return the signature in a block of code: in one line, or with a line for each parameter."""
    signature = inspect.signature(function)
    by_kind = {kind: [one for one in signature.parameters.values() if one.kind is kind] for kind in _KINDS}
    positional_only, keyword_only = by_kind[_POSITIONAL_ONLY], by_kind[_KEYWORD_ONLY]
    parameters = [*map(_parameter, positional_only), *(["/"] if positional_only else [])]
    parameters += map(_parameter, [*by_kind[_ANYHOW], *by_kind[_REST]])
    parameters += ["*"] if keyword_only and not by_kind[_REST] else []
    parameters += map(_parameter, [*keyword_only, *by_kind[_NAMED_REST]])
    result = f" -> {_type(signature.return_annotation)}"
    line = f"{name}({', '.join(parameters)}){result}"
    if len(line) > WIDTH:
        line = f"{name}(\n" + "".join(f"    {one},\n" for one in parameters) + f"){result}"
    return f"```python\n{line}\n```\n"


def _parameter(parameter: inspect.Parameter) -> str:
    stars = "*" if parameter.kind is _REST else "**" if parameter.kind is _NAMED_REST else ""
    text = f"{stars}{parameter.name}: {_type(parameter.annotation)}"
    return text if parameter.default is parameter.empty else f"{text} = {parameter.default!r}"


def _type(annotation: object) -> str:
    return annotation if isinstance(annotation, str) else getattr(annotation, "__name__", str(annotation))


def _annotations(value: type) -> Iterator[tuple[str, str]]:
    for statement in _class_body(value):
        if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
            yield statement.target.id, ast.unparse(statement.annotation)


def _class_body(value: type) -> list[ast.stmt]:
    tree = ast.parse(textwrap.dedent(inspect.getsource(value)))
    assert isinstance(tree.body[0], ast.ClassDef)
    return tree.body[0].body


def _members(value: type) -> Iterator[str]:
    """Yield a line for each public field, property and method of a class."""
    body = _class_body(value)
    for statement, following in zip(body, [*body[1:], None], strict=True):
        if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
            name, text = statement.target.id, ast.unparse(statement.annotation)
            is_told = isinstance(following, ast.Expr) and isinstance(following.value, ast.Constant)
            words = str(following.value.value) if is_told else ""  # type: ignore[union-attr]
        elif isinstance(statement, ast.FunctionDef):
            name, text = statement.name, ast.unparse(statement.returns) if statement.returns else ""
            if not any(isinstance(one, ast.Name) and one.id == "property" for one in statement.decorator_list):
                name += f"({ast.unparse(statement.args)})".replace("self, ", "").replace("self", "")
            words = ast.get_docstring(statement) or ""
        else:
            continue
        if not name.startswith("_"):
            yield f"- `{name}: {text}`" + (f": {_one_line(words)}" if words else "")


def _one_line(words: str) -> str:
    return _escaped(" ".join(words.partition("\n\n")[0].split()))


# ---- docstrings ----------------------------------------------------------------------------------------------------

_SECTION = re.compile(r"(Args|Returns|Raises):$")


def _prose(value: Any) -> str:
    """Return a docstring as Markdown: its sections become lists.

    Raises:
        ValueError: there is none.
    """
    text = inspect.getdoc(value)
    if not text:
        raise ValueError(f"{value!r} has no docstring")
    return "\n\n".join(_paragraph(paragraph) for paragraph in text.split("\n\n")) + "\n"


def _paragraph(text: str) -> str:
    first, *rest = text.split("\n")
    if not _SECTION.match(first):
        return _escaped(text)
    items: list[str] = []
    for line in textwrap.dedent("\n".join(rest)).split("\n"):
        if line.startswith(" ") or not items:
            items[-1:] = [f"{items[-1]} {line.strip()}" if items else line]
        else:
            items.append(line)
    return f"**{first.removesuffix(':')}**\n\n" + "\n".join(map(_item, items))


def _item(line: str) -> str:
    name, colon, words = line.partition(": ")
    return f"- `{name}`: {_escaped(words)}" if colon else f"- {_escaped(line)}"


def _escaped(text: str) -> str:
    """Escape what Markdown would take for emphasis or a tag, outside of code."""
    pieces = re.split(r"(`[^`]*`)", text)
    return "".join(piece if piece.startswith("`") else re.sub(r"([*<\[])", r"\\\1", piece) for piece in pieces)


if __name__ == "__main__":
    PAGE.write_text(page())
