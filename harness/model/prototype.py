"""C prototypes: the part of a declaration that a contract and a call adapter need.

Understood: functions that return void, a scalar or a vector and take scalars, pointers to scalars and vectors, in the
LP64 data model that every target here shares (Linux on AArch64, x86-64 and RISC-V 64).
"""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass
from typing import Literal

from harness.errors import ConfigurationError, perhaps
from harness.model.vectors import VECTOR_TYPES, VectorType, why_not

Family = Literal["float", "signed", "unsigned"]
_DTYPE_KINDS: dict[Family, str] = {"float": "f", "signed": "i", "unsigned": "u"}
_FLOAT_CODES = {2: "e", 4: "f", 8: "d"}

BF16 = "bf16"
"""The name of bfloat16, the upper half of a float32, which numpy has no dtype for."""


@dataclass(frozen=True, slots=True)
class ScalarType:
    """A C arithmetic type: its spelling, the family it belongs to, its size and its numpy dtype."""

    c_name: str
    family: Family
    size_bytes: int
    is_brain: bool = False
    """Whether two bytes of float are a bfloat16."""

    @property
    def number_format(self) -> str:
        """What its numbers mean, see harness.numerics.formats: the dtype, or BF16."""
        return BF16 if self.is_brain else self.dtype

    @property
    def dtype(self) -> str:
        """The little-endian numpy dtype that holds it, such as "<f4"; integers for bfloat16."""
        if self.is_brain:
            return "<u2"
        return f"<{_DTYPE_KINDS[self.family]}{self.size_bytes}"

    def may_hold(self, its: ScalarType) -> bool:
        """True if memory of type `its` may be declared as this: of halves and bfloat16 as their bits, too."""
        is_bits = self.dtype == "<u2" and not self.is_brain and its.family == "float" and its.size_bytes == 2
        return self.dtype == its.dtype or is_bits

    @property
    def integer_range(self) -> tuple[int, int]:
        """The lowest and the highest number of an integer type; `bool` has 0 and 1."""
        if self.c_name in ("bool", "_Bool"):
            return 0, 1
        bits = 8 * self.size_bytes
        return (-(1 << bits - 1), (1 << bits - 1) - 1) if self.family == "signed" else (0, (1 << bits) - 1)

    def raw_bits(self, number: int | float) -> int:
        """The argument as 64 bits: integers sign- or zero-extended, floats in their own format in the low bits."""
        if self.is_brain:
            single = int.from_bytes(struct.pack("<f", number), "little")
            return (single + 0x7FFF + (single >> 16 & 1)) >> 16
        if self.family == "float":
            return int.from_bytes(struct.pack(f"<{_FLOAT_CODES[self.size_bytes]}", number), "little")
        bits = 8 * self.size_bytes
        value = int(number) & ((1 << bits) - 1)
        if self.family == "signed" and value >> (bits - 1):
            value -= 1 << bits
        return value & ((1 << 64) - 1)


def _integers() -> dict[str, ScalarType]:
    spelled: dict[tuple[Family, int], str] = {
        ("signed", 1): "int8_t,signed char",
        ("signed", 2): "int16_t,short,signed short,short int",
        ("signed", 4): "int32_t,int,signed,signed int",
        ("signed", 8): "int64_t,long,long int,long long,long long int,ssize_t,ptrdiff_t,intptr_t",
        ("unsigned", 1): "uint8_t,unsigned char,bool,_Bool",
        ("unsigned", 2): "uint16_t,unsigned short,unsigned short int",
        ("unsigned", 4): "uint32_t,unsigned,unsigned int",
        ("unsigned", 8): "uint64_t,unsigned long,unsigned long int,unsigned long long,size_t,uintptr_t",
    }
    return {
        name: ScalarType(name, family, size) for (family, size), names in spelled.items() for name in names.split(",")
    }


SCALAR_TYPES: dict[str, ScalarType] = {
    "float": ScalarType("float", "float", 4),
    "double": ScalarType("double", "float", 8),
    "_Float16": ScalarType("_Float16", "float", 2),
    "__fp16": ScalarType("__fp16", "float", 2),
    "float16_t": ScalarType("float16_t", "float", 2),
    "__bf16": ScalarType("__bf16", "float", 2, is_brain=True),
    "bfloat16_t": ScalarType("bfloat16_t", "float", 2, is_brain=True),
    "float32_t": ScalarType("float32_t", "float", 4),
    "float64_t": ScalarType("float64_t", "float", 8),
    **_integers(),
}


_VOID = ScalarType("void", "unsigned", 0)


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter: a scalar, or a pointer to scalars of `type`; or a vector."""

    name: str
    """Vectors need none."""
    type: ScalarType
    """Of a vector its lanes'."""
    is_pointer: bool
    is_const: bool
    vector: VectorType | None = None

    @property
    def c_type(self) -> str:
        """The type as it is written in C."""
        if self.vector:
            return self.vector.c_name
        const = "const " if self.is_const else ""
        return f"{const}{self.type.c_name} *" if self.is_pointer else self.type.c_name


CALLING_CONVENTIONS = {
    "ms_abi": "x86_64",
    "sysv_abi": "x86_64",
    "aarch64_vector_pcs": "aarch64",
    "riscv_vector_cc": "riscv64",
}
"""The calling conventions that an attribute can ask for, and the machines that have them."""

STREAMING_MODES = ("__arm_streaming", "__arm_streaming_compatible")
"""The keywords that say in which modes a function is called (ACLE, "SME keyword attributes")."""
SHARING = ("__arm_in", "__arm_out", "__arm_inout", "__arm_preserves")
"""The keywords that say how a function shares state with its caller."""
SHAREABLE = ("za", "zt0")
_OF_DEFINITIONS = ("__arm_locally_streaming", "__arm_new")  # change nothing for a caller


@dataclass(frozen=True, slots=True)
class SmeInterface:
    """What a caller must know about a function's use of SME; by default it is non-streaming with a ZA of its own."""

    mode: str = ""
    """One of STREAMING_MODES."""
    shared: tuple[tuple[str, str], ...] = ()
    """Pairs of SHAREABLE and SHARING."""

    def __str__(self) -> str:
        """Write the keywords."""
        return " ".join((*([self.mode] if self.mode else []), *(f'{how}("{what}")' for what, how in self.shared)))


@dataclass(frozen=True, slots=True)
class Prototype:
    """A function's name, result (None for void) and parameters."""

    name: str
    result: ScalarType | None
    parameters: tuple[Parameter, ...]
    calling_convention: str = ""
    """A key of CALLING_CONVENTIONS; empty for the platform's own."""
    sme: SmeInterface = SmeInterface()
    vector_result: VectorType | None = None
    """Instead of `result`."""

    def __str__(self) -> str:
        """Write the declaration in C, without its semicolon."""
        return f"{self.declare(self.name)} {self.sme}".rstrip()

    def declare(self, name: str) -> str:
        """Write a declaration of a function called `name` with this type, for compilers that need not know SME."""
        result = (self.vector_result or self.result or _VOID).c_name
        parameters = ", ".join(
            f"{p.c_type}{p.name}" if p.is_pointer else f"{p.c_type} {p.name}".rstrip() for p in self.parameters
        )
        attribute = f"__attribute__(({self.calling_convention})) " if self.calling_convention else ""
        return f"{attribute}{result} {name}({parameters or 'void'})"

    def check_machine(self, machine: str) -> None:
        """Check that a machine, as the start of a triple names it, has the calling convention.

        Raises:
            ConfigurationError: it has not.
        """
        its = CALLING_CONVENTIONS.get(self.calling_convention, machine)
        if its != machine:
            raise ConfigurationError(f"{self.calling_convention} is a calling convention of {its}, not of {machine}")

    @property
    def buffers(self) -> tuple[Parameter, ...]:
        """The pointer parameters, in order."""
        return tuple(p for p in self.parameters if p.is_pointer)

    @property
    def vectors(self) -> tuple[VectorType, ...]:
        """The types of all vectors in it, predicates among them, with that of the result."""
        found = [p.vector for p in self.parameters if p.vector]
        return (*found, *([self.vector_result] if self.vector_result else []))


_FUNCTION = re.compile(r"\s*(?P<result>[\w\s]*?)\s*(?P<name>[A-Za-z_]\w*)\s*\((?P<parameters>[^()]*)\)\s*;?\s*")
_LOOKS_LIKE_VECTOR = re.compile(r"\w+_t|__m\w+")
_ATTRIBUTE = re.compile(r"__attribute__\s*\(\(([^()]*)\)\)")
_SME_KEYWORD = re.compile(r"\b(__arm_\w+)(?:\s*\(([^()]*)\))?")
_QUALIFIERS = {"const", "restrict", "__restrict", "__restrict__", "volatile", "extern", "static", "inline"}


def parse_prototype(text: str) -> Prototype:
    """Parse one C function declaration.

    Raises:
        ConfigurationError: the text is no declaration of a function over scalars, pointers to scalars, and vectors.
    """
    calling_convention = _calling_convention(text)
    sme = _sme_interface(text)
    match = _FUNCTION.fullmatch(" ".join(_SME_KEYWORD.sub(" ", _ATTRIBUTE.sub(" ", text)).split()))
    if not match:
        raise ConfigurationError(f"not a C function declaration: {text!r} (expected 'void f(float *row, size_t len)')")
    result_words = [word for word in match["result"].split() if word not in _QUALIFIERS]
    result_name = " ".join(result_words)
    vector_result = _vector_type(result_name, text)
    result = None if result_name == "void" or vector_result else _scalar_type(result_name, text)
    inside = match["parameters"].strip()
    pieces = [] if inside in ("", "void") else inside.split(",")
    parameters = tuple(_parameter(piece, text) for piece in pieces)
    names = [parameter.name for parameter in parameters if parameter.name]
    if len(set(names)) != len(names):
        raise ConfigurationError(f"two parameters share a name in {text!r}")
    return Prototype(match["name"], result, parameters, calling_convention, sme, vector_result)


def interface_of(name: str, text: str) -> Prototype:
    """Read of a declaration what a trampoline must know where somebody else makes the call: conventions and vectors.

    Raises:
        ConfigurationError: an unknown attribute or keyword of SME.
    """
    words = dict.fromkeys(re.findall(r"\w+", text))
    vectors = [VECTOR_TYPES[word] for word in words if word in VECTOR_TYPES]
    parameters = tuple(Parameter("", _scalar_of(v), is_pointer=False, is_const=False, vector=v) for v in vectors)
    return Prototype(name, None, parameters, _calling_convention(text), _sme_interface(text))


def _calling_convention(text: str) -> str:
    found = [name.strip().strip("_") for names in _ATTRIBUTE.findall(text) for name in names.split(",")]
    for name in found:
        if name not in CALLING_CONVENTIONS:
            hint = perhaps(name, CALLING_CONVENTIONS) or f"; known: {', '.join(CALLING_CONVENTIONS)}"
            raise ConfigurationError(f"unknown attribute {name!r} in {text!r}{hint}")
    if len(set(found)) > 1:
        raise ConfigurationError(f"{' and '.join(dict.fromkeys(found))} in {text!r} exclude each other")
    return found[0] if found else ""


def _sme_interface(text: str) -> SmeInterface:
    modes: list[str] = []
    shared: dict[str, str] = {}
    for keyword, states in _SME_KEYWORD.findall(text):
        if keyword in STREAMING_MODES:
            modes.append(keyword)
        elif keyword in SHARING:
            for state in (piece.strip().strip('"') for piece in states.split(",")):
                if state not in SHAREABLE:
                    raise ConfigurationError(f"{keyword} in {text!r} takes {' or '.join(SHAREABLE)}, not {state!r}")
                if state in shared:
                    raise ConfigurationError(f"{state!r} is shared twice in {text!r}")
                shared[state] = keyword
        elif keyword not in _OF_DEFINITIONS:
            known = (*STREAMING_MODES, *SHARING, *_OF_DEFINITIONS)
            raise ConfigurationError(f"unknown keyword {keyword!r} in {text!r}{perhaps(keyword, known)}")
    if len(set(modes)) > 1:
        raise ConfigurationError(f"{' and '.join(modes)} in {text!r} exclude each other")
    return SmeInterface(modes[0] if modes else "", tuple(shared.items()))


def _parameter(piece: str, text: str) -> Parameter:
    tokens = re.findall(r"\w+|\*|\[\w*\]", piece)
    if "".join(tokens) != "".join(piece.split()):
        raise ConfigurationError(f"cannot read the parameter {piece.strip()!r} of {text!r}")
    stars = [token for token in tokens if token == "*" or token.startswith("[")]
    words = [token for token in tokens if re.fullmatch(r"\w+", token) and token not in _QUALIFIERS]
    if len(stars) > 1:
        raise ConfigurationError(f"{piece.strip()!r} in {text!r} is a pointer to a pointer, which has no contract form")
    if len(words) == 1 and _LOOKS_LIKE_VECTOR.fullmatch(words[0]) and words[0] not in SCALAR_TYPES:
        words.append("")
    if len(words) < 2 or (words[-1] in SCALAR_TYPES and " ".join(words) in SCALAR_TYPES):
        raise ConfigurationError(f"the parameter {piece.strip()!r} of {text!r} needs a name")
    vector = _vector_type(" ".join(words[:-1]), text)
    if vector and stars:
        raise ConfigurationError(f"{piece.strip()!r} in {text!r} is a pointer to vectors; declare what they consist of")
    before_star = tokens[: tokens.index("*")] if "*" in tokens else tokens
    return Parameter(
        name=words[-1],
        type=_scalar_of(vector) if vector else _scalar_type(" ".join(words[:-1]), text),
        is_pointer=bool(stars),
        is_const=bool(stars) and "const" in before_star,
        vector=vector,
    )


def _vector_type(name: str, text: str) -> VectorType | None:
    reason = why_not(name)
    if reason:
        raise ConfigurationError(f"the type {name!r} in {text!r}: {reason}")
    return VECTOR_TYPES.get(name)


def _scalar_of(vector: VectorType) -> ScalarType:
    """Return the type of a vector's lanes; of one that does not say, bytes."""
    family: Family = "signed" if vector.family == "signed" else "unsigned"
    if vector.family in ("float", "bfloat"):
        family = "float"
    return ScalarType(vector.c_name, family, vector.lane_bytes or 1)


def _scalar_type(name: str, text: str) -> ScalarType:
    if name not in SCALAR_TYPES:
        raise ConfigurationError(f"unknown type {name!r} in {text!r}{perhaps(name, (*SCALAR_TYPES, *VECTOR_TYPES))}")
    return SCALAR_TYPES[name]
