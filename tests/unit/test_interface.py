"""Whether a kernel is called as it is defined: what debug information says, and what is said against a prototype."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from harness.contract import each, op
from harness.discovery.agreement import compare
from harness.discovery.debug_info import definition_of
from harness.discovery.definition import Definition, definition_from, prototype_of
from harness.execution.interface import judged
from harness.model import Contract, Kernel
from harness.model.prototype import parse_prototype
from tests.conftest import Once

SOURCE = """
#include <stddef.h>
#include <stdint.h>
#include <stdbool.h>
#include <immintrin.h>
typedef float real; typedef struct { float scale; } params; typedef long long wide; enum mode { A, B };
#define OUT(t) t *restrict
float plain(const float *restrict x, size_t n) { return x[n]; }
void macros(OUT(real) y, const real *x, int64_t n, enum mode m, bool b) { y[n] = x[m] + b; }
void arrays(float y[static 4], float (*x)[4], const float z[][4], int n) { y[n] = x[n][0] + z[n][0]; }
void wides(float *y, wide n, unsigned long long m, long k) { y[n] = m + k; }
void doubles(double *x, size_t n) { x[n] = 0; }
void floats(float *x, size_t n, float a) { x[n] = a; }
void bits(uint32_t *x, size_t n) { x[n] = 0; }
void bytes(unsigned char *x, size_t n) { x[n] = 0; }
void words(int32_t *x, size_t n) { x[n] = 0; }
void halves(uint16_t *x, size_t n) { x[n] = 0; }
void untyped(void *x, size_t n) { ((float *)x)[n] = 0; }
void structs(float *x, size_t n, const params *p) { x[n] = p->scale; }
void rows(float **x, size_t n) { x[n][0] = 0; }
void blocks(params *x, size_t n) { x[n].scale = 0; }
void vectors(__m256 *x, size_t n) { x[n] = x[0]; }
void addresses(uintptr_t x, size_t n) { ((float *)x)[n] = 0; }
void last(size_t n, float *x) { x[n] = 0; }
void by_value(params p, float *x) { x[0] = p.scale; }
void nothing(void) { }
void unknown() { }
void variadic(float *x, ...) { x[0] = 0; }
void signed_size(float *x, int n) { x[n] = 0; }
void readonly(const float *x, size_t n) { }
float old(x, n, a) const float *x; int n; float a; { return x[n] * a; }
int status(float *x, size_t n) { return 0; }
__m256 whole(__m256 x) { return x; }
__mmask8 masked(__m256d x, __mmask8 k) { return k; }
static float hidden(float x) { return x; }
float called(const float *x) { return hidden(*x); }
float calls(const float *x) { return called(x); }
"""
CPP = """
#include <cstddef>
#include <vector>
namespace ml { inline namespace v1 { void soft(float *x, std::size_t n) { x[n] = 0; } } }
template <typename T> T first(const T *x, int) { return *x; }
template float first<float>(const float *, int);
extern "C" void c_linkage(float &x, const std::vector<float> &v, unsigned char n) { x = v[n]; }
"""
COMPILERS = {"gcc": "gcc", "clang": shutil.which("clang-19") or "clang"}


@pytest.fixture(scope="module", params=COMPILERS)
def compiled(request: pytest.FixtureRequest, once: Once) -> Mapping[str, bytes]:
    """The objects of the sources above, by language."""
    compiler = COMPILERS[request.param]
    if shutil.which(compiler) is None:
        pytest.skip(f"no {compiler}")

    def fill(backend: Path) -> None:
        (backend / "k.c").write_text(SOURCE)
        (backend / "k.cpp").write_text(CPP)
        flags = ["-g", "-O2", "-mavx2", "-mavx512f", "-w"]
        for source, standard in (("k.c", "-std=gnu11"), ("k.cpp", "-std=gnu++17")):
            subprocess.run([compiler, *flags, standard, "-c", source, "-o", f"{source}.o"], cwd=backend, check=True)

    backend = once(f"interface_{request.param}", fill)
    return {name: (backend / f"k.{name}.o").read_bytes() for name in ("c", "cpp")}


def defined(compiled: Mapping[str, bytes], symbol: str, language: str = "c") -> Definition:
    found = definition_of(compiled[language], symbol)
    assert found
    assert definition_from(asdict(found)) == found  # as it is remembered
    return found


@pytest.mark.parametrize(
    ("symbol", "text"),
    [
        ("plain", "float plain(const float *x, size_t n)"),
        ("macros", "void macros(real *y, const real *x, int64_t n, enum mode m, _Bool b)"),
        ("arrays", "void arrays(float *y, float *x, const float *z, int n)"),
        ("structs", "void structs(float *x, size_t n, const params *p)"),
        ("rows", "void rows(float **x, size_t n)"),
        ("old", "float old(const float *x, int n, float a)"),
        ("variadic", "void variadic(float *x, ...)"),
        ("nothing", "void nothing(void)"),
        ("called", "float called(const float *x)"),
    ],
)
def test_a_definition_is_read_as_it_stands(compiled: Mapping[str, bytes], symbol: str, text: str) -> None:
    found = defined(compiled, symbol)
    assert str(found) == text
    (line,) = [
        number for number, line in enumerate(SOURCE.split("\n"), 1) if f" {symbol}(" in line and "return c" not in line
    ]
    assert found.where == f"k.c:{line}"
    assert found.is_old_style == (symbol == "old")


def test_what_the_linker_does_not_see_and_what_is_no_object_say_nothing(compiled: Mapping[str, bytes]) -> None:
    assert definition_of(compiled["c"], "hidden") is None
    assert definition_of(compiled["c"], "absent") is None
    for data in (b"", b"\x7fELF", compiled["c"][:4000], b"\x7fELF" + bytes(2000)):
        assert definition_of(data, "plain") is None


def test_debug_information_of_lines_alone_says_nothing_of_parameters(tmp_path: Path) -> None:
    if shutil.which("g++") is None:
        pytest.skip("no g++")
    (tmp_path / "k.cpp").write_text('extern "C" float f(const float *x) { return *x; }\n')
    subprocess.run(["g++", "-g1", "-c", "k.cpp"], cwd=tmp_path, check=True)
    found = definition_of((tmp_path / "k.o").read_bytes(), "f")
    assert found
    agreed = compare(parse_prototype("float f(const float *x)"), found, [], [])
    assert not agreed.disagreements
    assert not agreed.doubts


def test_forged_debug_information_says_nothing_or_something_and_ends(compiled: Mapping[str, bytes]) -> None:
    data = compiled["c"]
    at = data.index(b"plain\0")
    for backend in range(0, len(data), 97):
        definition_of(data[:backend] + b"\xff" * 40 + data[backend + 40 :], "plain")
    definition_of(data[:at] + b"other" + data[at + 5 :], "plain")


@pytest.mark.parametrize(
    ("symbol", "text"),
    [
        ("_ZN2ml2v14softEPfm", "void soft(float *x, size_t n)"),
        ("_Z5firstIfET_PKS0_i", "float first<float>(const float *x, int )"),
        ("c_linkage", "void c_linkage(float *x, "),
    ],
)
def test_symbols_of_cpp_are_found_by_what_the_linker_knows(
    compiled: Mapping[str, bytes], symbol: str, text: str
) -> None:
    assert str(defined(compiled, symbol, "cpp")).startswith(text.removesuffix(" )"))


FITS, DOUBTS, REFUSED = "fits", "doubts", "refused"


@pytest.mark.parametrize(
    ("prototype", "verdict", "message"),
    [
        ("float plain(const float *x, size_t n)", FITS, ""),
        ("float plain(const float *x, int64_t n)", FITS, ""),
        ("float plain(float *other, unsigned long long n)", FITS, ""),
        ("float plain(const float *x, int n)", DOUBTS, "'size_t n' stands where 'int n' is passed: the upper bits of"),
        ("float plain(const float *x, float n)", REFUSED, "nothing is passed for 'size_t n'"),
        ("float plain(const double *x, size_t n)", REFUSED, "'const float *x' stands where 'const double *x' is"),
        ("float plain(const float *x)", REFUSED, "nothing is passed for 'size_t n'"),
        ("float plain(const float *x, size_t n, int k)", DOUBTS, "it has no parameter for 'int k'"),
        ("float plain(const float *x, float a, size_t n)", DOUBTS, "it has no parameter for 'float a'"),
        ("float plain(float *out, const float *x, size_t n)", REFUSED, "'size_t n' stands where 'const float *x'"),
        ("float called(const float *x, size_t n)", DOUBTS, "it has no parameter for 'size_t n'"),
        ("double plain(const float *x, size_t n)", REFUSED, "it returns float, not double"),
        ("int plain(const float *x, size_t n)", REFUSED, "it returns float, not int"),
        ("void plain(const float *x, size_t n)", FITS, ""),
        ("void macros(float *y, const float *x, size_t n, int m, int b)", FITS, ""),
        ("void macros(const float *x, float *y, size_t n, int m, int b)", FITS, ""),  # nothing is const that is written
        ("void arrays(float *y, const float *x, const float *z, int n)", FITS, ""),
        ("void arrays(double *y, const float *x, const float *z, int n)", REFUSED, "where 'double *y' is passed"),
        ("void wides(float *y, size_t n, size_t m, ptrdiff_t k)", FITS, ""),
        ("void doubles(float *x, size_t n)", REFUSED, "'double *x' stands where 'float *x' is passed"),
        ("void floats(float *x, size_t n, double a)", REFUSED, "'float a' stands where 'double a' is passed"),
        ("void floats(float *x, float a, size_t n)", FITS, ""),  # in the same registers
        ("void floats(float a, float *x, size_t n)", FITS, ""),
        ("__attribute__((ms_abi)) void floats(float *x, float a, size_t n)", REFUSED, "'size_t n' stands where"),
        ("void floats(size_t n, float *x, float a)", REFUSED, "'size_t n' stands where 'float *x' is passed"),
        ("void floats(float *x, size_t n, _Float16 a)", REFUSED, "'float a' stands where '_Float16 a' is passed"),
        ("void bits(float *x, size_t n)", DOUBTS, "'uint32_t *x' stands where 'float *x' is passed"),
        ("void bits(int32_t *x, size_t n)", FITS, ""),
        ("void bytes(float *x, size_t n)", DOUBTS, "'unsigned char *x' stands where 'float *x' is passed"),
        ("void words(int16_t *x, size_t n)", REFUSED, "'int32_t *x' stands where 'int16_t *x' is passed"),
        ("void words(int8_t *x, size_t n)", DOUBTS, "'int32_t *x' stands where 'int8_t *x' is passed"),
        ("void words(double *x, size_t n)", REFUSED, "'int32_t *x' stands where 'double *x' is passed"),
        ("void halves(_Float16 *x, size_t n)", FITS, ""),
        ("void halves(__bf16 *x, size_t n)", FITS, ""),
        ("void halves(float *x, size_t n)", REFUSED, "'uint16_t *x' stands where 'float *x' is passed"),
        ("void untyped(float *x, size_t n)", FITS, ""),
        ("void blocks(uint8_t *x, size_t n)", FITS, ""),
        ("void vectors(float *x, size_t n)", FITS, ""),
        ("void rows(float *x, size_t n)", REFUSED, "'float **x' stands where 'float *x' is passed"),
        ("void structs(float *x, size_t n, float a)", REFUSED, "nothing is passed for 'const params *p'"),
        ("void structs(float *x, size_t n, int64_t p)", DOUBTS, "'const params *p' stands where 'int64_t p' is passed"),
        ("void addresses(float *x, size_t n)", DOUBTS, "'uintptr_t x' stands where 'float *x' is passed"),
        ("void last(float *x, size_t n)", REFUSED, "'size_t n' stands where 'float *x' is passed"),
        ("void by_value(float a, float *x)", FITS, ""),  # a struct of one float is passed like it
        ("void by_value(float *x, size_t n)", FITS, ""),  # nothing is said of structs
        ("void nothing(float *x, size_t n)", REFUSED, "it has no parameters"),
        ("void unknown(float *x, size_t n)", FITS, ""),
        ("void variadic(float *x, size_t n)", FITS, ""),
        ("void signed_size(float *x, size_t n)", FITS, ""),
        ("float old(const float *x, int n, double a)", FITS, ""),
        ("float old(const float *x, int n, float a)", REFUSED, "a definition of this old style takes a double"),
        ("void status(float *x, size_t n)", FITS, ""),
        ("int64_t status(float *x, size_t n)", DOUBTS, "it returns int, not int64_t: the upper bits of that register"),
        ("__m256 whole(__m256 x)", FITS, ""),
        ("__m256d whole(__m256d x)", REFUSED, "'__m256 x' stands where '__m256d x' is passed"),
        ("__m256 whole(const float *x)", REFUSED, "'__m256 x' stands where 'const float *x' is passed"),
        ("__mmask8 masked(__m256d x, __mmask8 k)", FITS, ""),
        ("__mmask8 masked(__mmask8 k, __m256d x)", REFUSED, "'__m256d x' stands where '__mmask8 k' is passed"),
    ],
)  # fmt: skip
def test_a_prototype_fits_its_definition_or_not(
    compiled: Mapping[str, bytes], prototype: str, verdict: str, message: str
) -> None:
    parsed = parse_prototype(prototype)
    sizes = [rank for rank, parameter in enumerate(parsed.parameters) if parameter.name in ("n", "m", "k")]
    found = compare(parsed, defined(compiled, parsed.name), [], sizes)
    assert bool(found.disagreements) == (verdict == REFUSED), found
    assert bool(found.doubts) == (verdict == DOUBTS), found
    assert message in "; ".join(found.disagreements + found.doubts)


def test_what_is_written_must_not_be_const(compiled: Mapping[str, bytes]) -> None:
    prototype = parse_prototype("void readonly(float *x, size_t n)")
    found = compare(prototype, defined(compiled, "readonly"), [0], [1])
    assert found.disagreements == ["'const float *x' stands where 'float *x' is passed and written to, and it is const"]
    assert compare(prototype, defined(compiled, "readonly"), [], [1]).disagreements == []


@pytest.mark.parametrize(
    ("symbol", "prototype"),
    [
        ("plain", "float plain(const float *x, size_t n)"),
        ("macros", "void macros(float *y, const float *x, int64_t n, int32_t m, _Bool b)"),
        ("wides", None),
        ("whole", "__m256 whole(__m256 x)"),
    ],
)
def test_a_definition_gives_the_prototype_to_write(
    compiled: Mapping[str, bytes], symbol: str, prototype: str | None
) -> None:
    if prototype:
        assert str(prototype_of(defined(compiled, symbol))) == prototype
    else:
        assert prototype_of(defined(compiled, symbol)).parameters[1].type.size_bytes == 8


# ---- names ---------------------------------------------------------------------------------------------------------

SUB = op(
    "void sub(float *out, const float *x, const float *y, size_t n)",
    inputs="x[n], y[n]",
    outputs="out[n]",
    reference=lambda x, y: x - y,
    passes=[each("out", lambda x, y: x - y, roundings=1)],
    suites={"short": [1, 5]},
)
ADD = op(
    "void add(float *out, const float *x, const float *y, size_t n)",
    inputs="x[n], y[n]",
    outputs="out[n]",
    reference=lambda x, y: x + y,
    passes=[each("out", lambda x, y: x + y, roundings=1)],
    suites={"short": [1, 5]},
)
DEFINED = """
#include <stddef.h>
void as_there(float *out, const float *x, const float *y, size_t n) { out[n] = x[n] - y[n]; }
void others(float *d, const float *a, const float *b, size_t len) { d[len] = a[len] - b[len]; }
void turned(float *out, const float *y, const float *x, size_t n) { out[n] = x[n] - y[n]; }
void half_turned(float *out, const float *y, const float *z, size_t n) { out[n] = z[n] - y[n]; }
void first(size_t n, float *out, const float *x, const float *y) { out[n] = x[n] - y[n]; }
"""


@pytest.fixture(scope="module")
def named(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    if shutil.which("gcc") is None:
        pytest.skip("no gcc")
    backend = tmp_path_factory.mktemp("named")
    (backend / "k.c").write_text(DEFINED)
    subprocess.run(["gcc", "-g", "-c", "k.c"], cwd=backend, check=True)
    return (backend / "k.o").read_bytes()


def kernel(contract: Contract, symbol: str, source: Path, declared_at: str = "") -> Kernel:
    prototype = replace(contract.prototype, name=symbol)
    names = tuple(parameter.name for parameter in prototype.parameters)
    one = Kernel(contract.op, "scalar", "scalar", (source,), symbol, prototype, names, contract.conventions)
    return replace(one, declared_at=declared_at)


@pytest.mark.parametrize(
    ("contract", "symbol", "declared_at", "fault", "doubt"),
    [
        (SUB, "as_there", "", "", ""),
        (SUB, "others", "", "", ""),
        (
            SUB,
            "turned",
            "",
            "it names its parameters out, y, x, n; write a prototype: parameters match by name where",
            "",
        ),
        (SUB, "turned", "harness.toml:4", "", "harness.toml:4 declares 'void turned(float *out, const float *x, const"),
        (SUB, "half_turned", "", "", "it names its parameters out, y, z, n"),
        (ADD, "turned", "", "", ""),  # the same sum
        (ADD, "half_turned", "", "", ""),
        (
            SUB,
            "first",
            "",
            '; write prototype = "void first(size_t n, float *out, const float *x, const float *y)" beside its symbol',
            "",
        ),
        (
            SUB,
            "first",
            "harness.toml:4",
            'write prototype = "void first(size_t n, float *out, const float *x, const f',
            "",
        ),
    ],
)
def test_names_in_another_order_count_where_order_does(
    named: bytes, tmp_path: Path, contract: Contract, symbol: str, declared_at: str, fault: str, doubt: str
) -> None:
    origin = tmp_path / "contract.py"
    origin.write_text(f'\n\n{contract.op} = op("{contract.prototype}")\n')
    contract = replace(contract, origin=origin)
    found = definition_of(named, symbol)
    assert found
    said = judged(kernel(contract, symbol, tmp_path / "src" / "k.c", declared_at), contract, found)
    assert bool(said.fault) == bool(fault), said
    assert bool(said.doubt) == bool(doubt), said
    assert fault in said.fault
    assert doubt in said.doubt
    if said.fault or said.doubt:
        text = said.fault + said.doubt
        assert text.startswith(f"{declared_at or f'{origin}:3'} declares 'void {symbol}(")
        assert f"and {tmp_path}/src/k.c:{said.source_line.partition(':')[2]} defines 'void {symbol}(" in text
