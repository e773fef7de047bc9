"""Functions of C and C++ sources: names, linkage, declarations and bodies, found without preprocessing."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

_SKIPPED = re.compile(
    r"""//(?:\\\n|[^\n])*|/\*.*?\*/|(?P<string>"(?:\\.|[^"\\\n])*")|'(?:\\.|[^'\\\n])+'""",
    re.DOTALL,
)
_DIRECTIVE = re.compile(r"(?m)^[ \t]*#(?:\\\n|[^\n])*")
_INCLUDE = re.compile(r'(?m)^[ \t]*#[ \t]*include[ \t]*([<"])([^">\n]+)[">]')
_WORD = re.compile(r"[A-Za-z_]\w*")
_LINKAGE = '"C"'
_KEPT_STRINGS = (_LINKAGE, '"za"', '"zt0"')


@dataclass(frozen=True, slots=True)
class Function:
    """A function of a source: a definition, or a declaration where it has no body."""

    name: str
    declaration: str
    """Result, name and parameters as written, without storage classes, attributes and macros in front."""
    line: int
    is_external: bool
    """Whether the linker sees it: neither static nor inline nor a template."""
    has_c_linkage: bool
    """Whether it is written under extern "C"; in C everything has it, written or not."""
    namespaces: tuple[str, ...]
    body: str
    """With strings, which hold inline assembly, but without comments; empty for a declaration."""


def without_comments(text: str) -> str:
    """Blank comments, keeping lines and strings."""
    return _SKIPPED.sub(lambda m: m[0] if m[0][0] in "\"'" else _blank(m[0]), text)


def without_strings(code: str) -> str:
    """Blank the strings of code that has no comments."""
    return _SKIPPED.sub(lambda m: _blank(m[0]), code)


def includes(text: str) -> list[str]:
    """Return the names of the headers that a source includes, in order."""
    return [name for _, name in _INCLUDE.findall(without_comments(text))]


def own_includes(text: str) -> list[str]:
    """Return the names of headers included in quotes, which belong to the project."""
    return [name for quote, name in _INCLUDE.findall(without_comments(text)) if quote == '"']


def directives(text: str) -> str:
    """Return the preprocessor's lines: what macros hold."""
    return "\n".join(_DIRECTIVE.findall(without_comments(text)))


def functions(text: str, headers: Sequence[str] = ()) -> list[Function]:
    """Find the functions at file and namespace scope, declarations among them, in order.

    Names of scalar types are written out, also those that `headers` define.
    """
    commentless = _DIRECTIVE.sub(lambda m: _blank(m[0]), without_comments(text))
    code = _SKIPPED.sub(lambda m: m[0] if m[0] in _KEPT_STRINGS else _blank(m[0]), commentless)
    types = _type_names("\n".join((*headers, text)))
    found = []
    for head, start, body, scopes in _heads(code):
        if function := _function(head, scopes, types):
            line = code.count("\n", 0, start + len(head) - len(head.lstrip())) + 1
            first, last = body
            found.append(
                Function(
                    name=function[0],
                    declaration=function[1],
                    line=line,
                    is_external=function[2],
                    has_c_linkage=_LINKAGE in head or _LINKAGE in scopes,
                    namespaces=tuple(name for name in scopes if name != _LINKAGE),
                    body=commentless[first:last],
                )
            )
    return found


def reachable(name: str, among: Sequence[Function]) -> str:
    """Return the bodies of a function and of all functions that it calls, directly or not, as far as they are known."""
    bodies: dict[str, str] = {}
    for function in among:
        bodies[function.name] = bodies.get(function.name, "") + function.body
    seen: dict[str, None] = {}
    waiting = [name]
    while waiting:
        current = waiting.pop()
        if current in bodies and current not in seen:
            seen[current] = None
            waiting += _WORD.findall(bodies[current])
    headers = [function.declaration for function in among if function.name in seen and function.body]
    return "\n".join([*headers, *(bodies[current] for current in seen)])


# ---- scopes and heads ----------------------------------------------------------------------------------------------

_NAMESPACE = re.compile(r"(?:inline\s+)?namespace\b\s*([\w:]*)\s*$")
_UNNAMED = ""


def _heads(code: str) -> Iterator[tuple[str, int, tuple[int, int], tuple[str, ...]]]:
    """Yield what stands before each `;` or `{` outside functions: text, start, the body's span and the scopes.

    `namespace` and `extern "C"` open scopes; every other brace is skipped as a whole.
    """
    scopes: list[tuple[str, ...]] = []
    start = position = depth = 0
    while position < len(code):
        character = code[position]
        if character in "([":
            depth += 1
        elif character in ")]":
            depth = max(depth - 1, 0)
        elif character == "{" and depth == 0:
            head = code[start:position]
            opened = _opened(head)
            if opened is not None:
                scopes.append(opened)
            else:
                end = _closing(code, position)
                yield head, start, (position, end), tuple(name for scope in scopes for name in scope)
                position = end - 1
            start = position + 1
        elif character == "}" and depth == 0:
            if scopes:
                scopes.pop()
            start = position + 1
        elif character == ";" and depth == 0:
            yield code[start:position], start, (0, 0), tuple(name for scope in scopes for name in scope)
            start = position + 1
        position += 1


def _opened(head: str) -> tuple[str, ...] | None:
    """Return the names of the scope that a brace behind this text opens; None if it opens none."""
    if head.rstrip().endswith(f"extern {_LINKAGE}"):
        return (_LINKAGE,)
    if found := _NAMESPACE.search(head.strip()):
        return tuple(found[1].split("::")) if found[1] else (_UNNAMED,)
    return None


def _closing(code: str, opening: int) -> int:
    """Return the position behind the brace that closes the one at `opening`, or the end."""
    depth = 0
    for found in re.compile(r"[{}]").finditer(code, opening):
        depth += 1 if found[0] == "{" else -1
        if depth == 0:
            return found.end()
    return len(code)


# ---- one head ------------------------------------------------------------------------------------------------------

_ATTRIBUTE = re.compile(r"__attribute__\s*\(\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\)\)|__attribute__\b")
_KEPT_ATTRIBUTES = ("ms_abi", "sysv_abi", "aarch64_vector_pcs", "riscv_vector_cc")
_NOISE = re.compile(
    r"\[\[.*?\]\]|__declspec\s*\([^()]*\)|\balignas\s*\([^()]*\)|\bnoexcept\b(?:\s*\([^()]*\))?|\bstd\s*::|"
    r"\b\w*(?:restrict|RESTRICT)\w*\b|\b__extension__\b"
)
_SME = re.compile(r"\b__arm_\w+(?:\s*\([^()]*\))?")
_INTERNAL = {"static", "inline", "__inline", "__inline__", "constexpr", "__forceinline"}
_STORAGE = _INTERNAL | {"extern", "register", "_Noreturn"}
_NO_FUNCTIONS = {"if", "for", "while", "switch", "return", "sizeof", "static_assert", "_Static_assert", "operator"}
_DECLARATOR = re.compile(r"(?P<before>.*?)\b(?P<name>[A-Za-z_]\w*)\s*\((?P<parameters>[^()]*)\)\s*(?:[A-Z_]+\s*)?")
_MACRO = re.compile(r"[A-Z][A-Z0-9_]*")
_TYPE_WORDS = {"void", "float", "double", "int", "long", "short", "char", "signed", "unsigned", "const", "_Bool"}


def _function(head: str, scopes: Sequence[str], types: dict[str, str]) -> tuple[str, str, bool] | None:
    """Return name, declaration and whether it is external; None if this declares no function."""
    if re.search(r"\b(?:typedef|using|class|enum|union)\b", head) or "=" in head.partition("(")[0]:
        return None
    conventions = [name for name in _KEPT_ATTRIBUTES if any(name in found for found in _ATTRIBUTE.findall(head))]
    text = _NOISE.sub(" ", _ATTRIBUTE.sub(" ", head).replace(f"extern {_LINKAGE}", " "))
    is_template = bool(re.search(r"\btemplate\b", text))
    keywords = " ".join(_SME.findall(text))
    text = " ".join(_SME.sub(" ", re.sub(r"\btemplate\b\s*<.*?>", " ", text)).split())
    found = _DECLARATOR.fullmatch(text)
    if not found or found["name"] in _NO_FUNCTIONS or not found["before"].strip():
        return None
    words = re.sub(r"\b[A-Z_][A-Z0-9_]*\s*\([^()]*\)", " ", found["before"])  # macros with arguments
    result = _known_words(words, types)
    if not result or "::" in found["before"]:
        return None
    parameters = ", ".join(_known_words(piece.partition("=")[0], types) for piece in found["parameters"].split(","))
    attribute = f"__attribute__(({conventions[0]})) " if conventions else ""
    declaration = f"{attribute}{result} {found['name']}({parameters}) {keywords}".strip()
    is_internal = is_template or _UNNAMED in scopes or bool(_INTERNAL & set(_WORD.findall(words)))
    return found["name"], " ".join(declaration.split()), not is_internal


def _known_words(text: str, types: dict[str, str]) -> str:
    """Drop storage classes and, before the first known type, macros; write the names of types of their own out."""
    tokens = re.findall(r"[A-Za-z_]\w*|[^\w\s]+|\d+", text)
    kept = [types.get(token, token) for token in tokens if token not in _STORAGE]
    while len(kept) > 1 and _MACRO.fullmatch(kept[0]):
        kept = kept[1:]
    return " ".join(kept)


_ALIAS = re.compile(r"\btypedef\s+([\w\s]+?)\s+(\w+)\s*;|\busing\s+(\w+)\s*=\s*([\w\s:]+?)\s*;")
_DEFINED = re.compile(r"(?m)^[ \t]*#[ \t]*define[ \t]+(\w+)[ \t]+([A-Za-z_][\w ]*?)[ \t]*$")


def _type_names(text: str) -> dict[str, str]:
    """Return what a text's own names of scalar types stand for, through other such names."""
    code = without_comments(text)
    named: dict[str, str] = {}
    for old, new, alias, of in _ALIAS.findall(code):
        named[new or alias] = (old or of).replace("std::", "")
    for name, of in _DEFINED.findall(code):
        if set(of.split()) & (_TYPE_WORDS | named.keys()) or of.endswith("_t"):
            named[name] = of
    for _ in named:  # chains
        named = {name: named.get(of, of) for name, of in named.items()}
    return named


def _blank(text: str) -> str:
    return re.sub(r"[^\n]", " ", text)
