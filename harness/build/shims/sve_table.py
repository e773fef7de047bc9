"""The SVE intrinsics whose inactive lanes are undefined, by family.

The names follow ACLE, "SVE naming convention": stem, `_n` if the last operand is a scalar, types, `_x`. A unit test
holds this table against the list of intrinsics that the installed clang declares.
"""

from __future__ import annotations

from dataclasses import dataclass

_SIGNED = ("s8", "s16", "s32", "s64")
_UNSIGNED = ("u8", "u16", "u32", "u64")
_FLOATS = ("f16", "f32", "f64")
_CLASSES: dict[str, tuple[str, ...]] = {"s": _SIGNED, "u": _UNSIGNED, "f": _FLOATS, "b": ("bf16",)}

ALL_TYPES = (*_SIGNED, *_UNSIGNED, *_FLOATS, "bf16")
"""Every element type of an SVE vector, as intrinsic names spell it (8-bit floats have no `_x` operations)."""

# stems | forms: v(ector) and n (a scalar last) | types: s, u, f, b(f16) stand for all widths | instead: m, z | unary
_ROWS = """
svabd svsubr                                   | v n | s u f   | m z
svadd svsub svmul svmax svmin                  | v n | s u f b | m z
svmla svmls                                    | v n | s u f b | m z
svmad svmsb                                    | v n | s u f   | m z
svnmad svnmla svnmls svnmsb                    | v n | f       | m z
svdiv svdivr                                   | v n | s32 s64 u32 u64 f | m z
svmaxnm svminnm                                | v n | f b     | m z
svmulx                                         | v n | f       | m z
svscale                                        | v n | f b     | m z
svamax svamin                                  | v n | f       | m z
svand svbic sveor svorr                        | v n | s u     | m z
svmulh                                         | v n | s u     | m z
svhadd svhsub svhsubr svrhadd                  | v n | s u     | m z
svqadd svqsub svqsubr                          | v n | s u     | m z
svlsl svqshl svqrshl svrshl                    | v n | s u     | m z
svasr svuqadd                                  | v n | s       | m z
svlsr svsqadd                                  | v n | u       | m z
svasr_wide                                     | v n | s8 s16 s32 | m z
svlsr_wide                                     | v n | u8 u16 u32 | m z
svlsl_wide                                     | v n | s8 s16 s32 u8 u16 u32 | m z
svasrd svqshlu                                 | n   | s       | m z
svrshr                                         | n   | s u     | m z
svadalp                                        | v   | s16 s32 s64 u16 u32 u64 | m z
svaddp svmaxp svminp                           | v   | s u f   | m
svsubp                                         | v   | s u     | m
svmaxnmp svminnmp                              | v   | f       | m
svcadd svcmla                                  | v   | f       | m z
svabs svneg                                    | v   | s f     | m z | unary
svqabs svqneg svcls                            | v   | s       | m z | unary
svnot svcnot svclz svrbit                      | v   | s u     | m z | unary
svcnt svrevd                                   | v   | s u f b | m z | unary
svextb svrevb                                  | v   | s16 s32 s64 u16 u32 u64 | m z | unary
svexth svrevh                                  | v   | s32 s64 u32 u64 | m z | unary
svextw svrevw                                  | v   | s64 u64 | m z | unary
svsqrt svrecpx svlogb                          | v   | f       | m z | unary
svrinta svrinti svrintm svrintn svrintp svrintx svrintz | v | f | m z | unary
svrint32x svrint32z svrint64x svrint64z        | v   | f32 f64 | m z | unary
svrecpe svrsqrte                               | v   | u32     | m z | unary
svdup                                          | n   | s u f b | m z | unary
"""

# Conversions: result from operand types. The predicate governs containers of the wider of the two
# (Arm ARM, FCVT, FCVTZS, SCVTF, BFCVT: "esize" is the larger one's).
_CONVERSIONS: dict[str, tuple[str, dict[str, tuple[str, ...]]]] = {
    "svcvt": (
        "mz",
        {
            "bf16": ("f32",),
            "f16": ("f32", "f64", "s16", "s32", "s64", "u16", "u32", "u64"),
            "f32": ("f16", "f64", "s32", "s64", "u32", "u64"),
            "f64": ("f16", "f32", "s32", "s64", "u32", "u64"),
            "s16": ("f16",),
            "u16": ("f16",),
            **dict.fromkeys(("s32", "u32", "s64", "u64"), _FLOATS),
        },
    ),
    "svcvtx": ("mz", {"f32": ("f64",)}),
    "svcvtlt": ("m", {"f32": ("f16",), "f64": ("f32",)}),
}

# svcvtnt and svcvtxnt are not shimmed: they write the odd elements only, and compilers define _x as _m, so that code
# may rely on the even ones.

_QUADWORD_STEMS = frozenset({"svrevd"})  # Arm ARM, REVD: the predicate governs 128-bit elements


@dataclass(frozen=True, slots=True)
class DontCare:
    """One `_x` intrinsic."""

    name: str
    stem: str
    container_bits: int | None
    """Width that the predicate governs; 0: the result's own elements; None: the operand's type decides."""
    is_unary: bool
    """Whether its merging form takes the inactive lanes as an argument of their own, before the predicate."""
    alternatives: str
    """Which of `m` (merging) and `z` (zeroing) exist."""


def dont_care_intrinsics() -> tuple[DontCare, ...]:
    """Return every `_x` intrinsic that the shims cover, typed and overloaded, without duplicates."""
    found: dict[str, DontCare] = {}
    for row in _ROWS.strip().splitlines():
        for intrinsic in _family(row):
            found.setdefault(intrinsic.name, intrinsic)
    for stem, (alternatives, pairs) in _CONVERSIONS.items():
        for result, operands in pairs.items():
            for intrinsic in _conversion(stem, result, operands, alternatives):
                found.setdefault(intrinsic.name, intrinsic)
    return tuple(found.values())


# What follows svldff1 and svldnf1: how an element is extended, and the narrowest element that it is extended to.
_EXTENSIONS = (("", 8), ("sb", 16), ("ub", 16), ("sh", 32), ("uh", 32), ("sw", 64), ("uw", 64))


def first_fault_loads() -> tuple[str, ...]:
    """Return every first-faulting and non-faulting load: active lanes behind a fault are unknown.

    ACLE, "First-faulting and non-faulting loads": so is every active lane whose FFR element is clear.
    """
    names: list[str] = []
    for extension, narrowest in _EXTENSIONS:
        types = ALL_TYPES if not extension else (*_SIGNED, *_UNSIGNED)
        results = [name for name in types if element_bits(name) >= narrowest]
        infixes = [f"{vnum}_{result}" for vnum in ("", "_vnum") for result in results]
        if not extension:
            infixes += ["", "_vnum"]
        names += [f"{load}{extension}{infix}" for load in ("svldff1", "svldnf1") for infix in infixes]
        names += [f"svldff1{extension}{infix}" for infix in _gathers(extension, results)]
    return tuple(dict.fromkeys(names))


def _gathers(extension: str, results: list[str]) -> list[str]:
    scales = ["offset"] if extension in {"sb", "ub"} else ["offset", "index"]
    infixes = [f"_gather_{scale}" for scale in scales if not extension]
    for result in results:
        if result == "bf16" or element_bits(result) < 32:
            continue
        bits = element_bits(result)
        infixes += [f"_gather_u{bits}base_{result}", f"_gather_{result}"]
        for scale in scales:
            vectors = (f"s{bits}{scale}", f"u{bits}{scale}", f"u{bits}base_{scale}", scale)
            infixes += [f"_gather_{vector}_{result}" for vector in vectors]
    return infixes


def element_bits(type_name: str) -> int:
    """Return the width of an element type: 16 for `bf16`."""
    return int(type_name.lstrip("bfsu"))


def _family(row: str) -> list[DontCare]:
    stems, forms, types, alternatives, *unary = (column.strip() for column in row.split("|"))
    suffixes = [suffix for word in types.split() for suffix in _CLASSES.get(word, (word,))]
    found = []
    for stem in stems.split():
        infixes = [f"{'_n' if form == 'n' else ''}_{suffix}" for form in forms.split() for suffix in suffixes]
        if stem == "svdup":  # svdup[_n]_f32_x: the type is never left out, since a scalar does not tell it
            infixes += [f"_{suffix}" for suffix in suffixes]
        else:
            infixes.append("")
        bits = 128 if stem in _QUADWORD_STEMS else 0
        instead = alternatives.replace(" ", "")
        found += [DontCare(f"{stem}{infix}_x", stem, bits, bool(unary), instead) for infix in infixes]
    return found


def _conversion(stem: str, result: str, operands: tuple[str, ...], alternatives: str) -> list[DontCare]:
    def intrinsic(name: str, *sources: str) -> DontCare:
        return DontCare(name, stem, _governed_bits(result, sources), True, alternatives)

    typed = [intrinsic(f"{stem}_{result}_{operand}_x", operand) for operand in operands]
    return [*typed, intrinsic(f"{stem}_{result}_x", *operands)]


def _governed_bits(result: str, operands: tuple[str, ...]) -> int | None:
    widths = {max(element_bits(result), element_bits(operand)) for operand in operands}
    if widths == {element_bits(result)}:
        return 0
    return widths.pop() if len(widths) == 1 else None
