"""What is read off kernel sources: functions, linkage, symbols, ISAs, ops."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from harness.discovery.assembly import declared, global_symbols
from harness.discovery.candidates import Candidate, candidates_of
from harness.discovery.choice import Ops, choose
from harness.discovery.isas import isa_of_assembly, isa_of_c
from harness.discovery.mangling import mangled
from harness.discovery.objects import compiled_functions, isa_of_function
from harness.discovery.ops import fitted, ops_in_name
from harness.discovery.source import Function, functions, includes, own_includes
from harness.errors import ConfigurationError, UsageError
from harness.model.prototype import Prototype, parse_prototype
from harness.project import bundled_contract, bundled_ops


def external(text: str) -> list[str]:
    return [function.declaration for function in functions(text) if function.body and function.is_external]


def one(text: str) -> Function:
    (function,) = functions(text)
    return function


@pytest.mark.parametrize(
    ("text", "declarations"),
    [
        ("void f(float *x, size_t n) { x[0] = n; }", ["void f(float *x, size_t n)"]),
        ("extern void f(float *x);\nint g;\nint h[] = {1, 2};\nstruct s { int a; };", []),
        ("static float helper(float x) { return x; }\nfloat f(float x) { return helper(x); }", ["float f(float x)"]),
        ("static inline void a(void) {}\ninline void b(void) {}\nvoid c(int n) { if (n) { a(); } }", ["void c(int n)"]),
        ("// void no(int x) {}\n/* void nor(int x) {} */\nvoid f(int x) {}", ["void f(int x)"]),
        ('const char *s = "void no(int x) { }";\nvoid f(int x) { puts("}"); }\nvoid g(int x) {}', None),
        ("EXPORT void f(float *RESTRICT x, int n) {}", ["void f(float * x, int n)"]),
        ("void f(const float *__restrict x, int n) {}", ["void f(const float * x, int n)"]),
        ('__attribute__((target("avx2,fma"))) void f(float *x, int n) {}', ["void f(float * x, int n)"]),
        ("__attribute__((ms_abi)) void f(float *x) {}", ["__attribute__((ms_abi)) void f(float * x)"]),
        ("[[gnu::noinline]] void f(float *x) noexcept {}", ["void f(float * x)"]),
        ('API("x") void f(float *x, int n) {}', ["void f(float * x, int n)"]),
        ("typedef float f32;\ntypedef size_t usize;\nvoid f(f32 *x, usize n) {}", ["void f(float * x, size_t n)"]),
        ("using real = float;\nvoid f(real *x, std::size_t n = 4) {}", ["void f(float * x, size_t n)"]),
        ("#define real float\nvoid f(real *x, int n) {}", ["void f(float * x, int n)"]),
        ("#if A\nvoid f(int a) {}\n#else\nvoid g(int a) {}\n#endif", ["void f(int a)", "void g(int a)"]),
        ("template <int N> void t(float *x) {}\nvoid f(float *x) { t<4>(x); }", ["void f(float * x)"]),
        ("namespace { void hidden(int x) {} }\nnamespace a::b { void f(int x) {} }", ["void f(int x)"]),
        ("class C { void m(int x) {} };\nvoid C::n(int x) {}\nvoid f(int x) {}", ["void f(int x)"]),
        ("float f(const float *x, size_t n) __arm_streaming __arm_in(\"za\") {}", None),
        ("__arm_new(\"za\") float f(const float *x, size_t n) {}", None),
        ("float\nf(\n  const float x[],\n  int n\n)\n{\n  return n;\n}", ["float f(const float x [], int n)"]),
        ("int main(void) { return 0; }", ["int main(void)"]),
    ],
)  # fmt: skip
def test_functions_that_the_linker_sees(text: str, declarations: list[str] | None) -> None:
    def squeezed(names: list[str]) -> list[str]:
        return ["".join(name.split()) for name in names]

    if declarations is not None:
        assert squeezed(external(text)) == squeezed(declarations)
    for declaration in external(text):
        parse_prototype(declaration)


def test_strings_and_keywords_of_sme_are_kept_apart() -> None:
    names = [
        f.name for f in functions('const char *s = "void no(int x) {";\nvoid f(int x) { p("}"); }\nvoid g(int x) {}')
    ]
    assert names == ["f", "g"]
    sme = parse_prototype(one('float f(const float *x, size_t n) __arm_streaming __arm_inout("za") {}').declaration)
    assert (sme.sme.mode, sme.sme.shared) == ("__arm_streaming", (("za", "__arm_inout"),))


def test_lines_linkage_and_namespaces() -> None:
    text = '\nextern "C" {\n\nvoid f(int x) {\n}\n}\nnamespace a { inline namespace b {\n'
    text += "void g(int x) {}\n}\n}\nvoid h(int x) {}"
    f, g, h = functions(text)
    assert (f.line, f.has_c_linkage, f.namespaces) == (4, True, ())
    assert (g.line, g.has_c_linkage, g.namespaces) == (8, False, ("a", "b"))
    assert (h.line, h.has_c_linkage, h.namespaces) == (11, False, ())
    assert one('extern "C" void f(int x) {}').has_c_linkage


def test_includes_are_read_outside_comments() -> None:
    text = '#include <arm_sve.h>\n  #  include "own.h"\n// #include <no.h>\n'
    assert (includes(text), own_includes(text)) == (["arm_sve.h", "own.h"], ["own.h"])


MANGLED = [
    ("void f(float *x, size_t n)", (), "_Z1fPfm"),
    ("void f(void)", (), "_Z1fv"),
    ("float dot(const float *x, const float *y, int64_t n)", (), "_Z3dotPKfS0_l"),
    ("void axpy(float a, const float *x, float *y, size_t n)", ("kernels",), "_ZN7kernels4axpyEfPKfPfm"),
    ("void f(float *x, float *y, const float *z, const double *w, double *v)", ("a", "b"), "_ZN1a1b1fEPfS1_PKfPKdPd"),
    ("int8_t f(const int8_t *x, uint8_t y, short z, unsigned w, long long v, bool u)", (), "_Z1fPKahsjxb"),
]


@pytest.mark.parametrize(("declaration", "namespaces", "symbol"), MANGLED)
def test_names_of_cpp_are_those_of_the_abi(declaration: str, namespaces: tuple[str, ...], symbol: str) -> None:
    assert mangled(parse_prototype(declaration), namespaces) == symbol


@pytest.mark.skipif(shutil.which("g++") is None, reason="needs g++; the names themselves are in the test above")
def test_names_of_cpp_are_those_of_a_compiler(tmp_path: Path) -> None:
    source = tmp_path / "k.cpp"
    bodies = []
    for declaration, spaces, _ in MANGLED:
        answer = "" if declaration.startswith("void") else "return 0;"
        opening = "".join(f"namespace {name} {{ " for name in spaces)
        bodies.append(f"{opening}{declaration} {{ {answer} }}{' }' * len(spaces)}")
    source.write_text("#include <cstdint>\n#include <cstddef>\n" + "\n".join(bodies))
    subprocess.run(["g++", "-c", "-O1", "k.cpp", "-o", "k.o"], cwd=tmp_path, check=True)
    assert [f.symbol for f in compiled_functions((tmp_path / "k.o").read_bytes())] == [name for _, _, name in MANGLED]
    assert [c.symbol for c in candidates_of(source, source.read_bytes(), {})] == [name for _, _, name in MANGLED]


C = "void f(float *x, long n) {{ {} }}"


@pytest.mark.parametrize(
    ("text", "isa"),
    [
        ("#include <arm_sve.h>\n" + C.format("svbool_t p = svwhilelt_b32(0, n);"), "sve"),
        ("#include <arm_sve.h>\n" + C.format("svuint8_t y = svmatch_u8(p, a, b);"), "sve2"),
        ("#include <arm_neon.h>\n" + C.format("float32x4_t v = vld1q_f32(x);"), "neon"),
        ("#include <immintrin.h>\n" + C.format("__m256 v = _mm256_loadu_ps(x);"), "avx2"),
        ("#include <immintrin.h>\n" + C.format("__m512 v = _mm512_loadu_ps(x); _mm512_castps512_ps256(v);"), "avx512"),
        ("#include <immintrin.h>\n" + C.format("_mm256_mask_storeu_ps(x, 3, v);"), "avx512"),
        ("#include <immintrin.h>\n" + C.format("v = _mm_fmadd_ss(a, b, c);"), "avx2"),
        ("#include <riscv_vector.h>\n" + C.format("size_t vl = __riscv_vsetvl_e32m8(n);"), "rvv"),
        ("#include <arm_sme.h>\n__arm_locally_streaming " + C.format("svcntw();"), "sme"),
        ("void f(float *x, long n) __arm_streaming { }", "sme"),
        (C.format("x[0] = n;"), None),
        # A header alone, and what is only spelled like an intrinsic
        ("#include <arm_neon.h>\n" + C.format("LOAD(x);"), "neon"),
        ("#include <math.h>\nvoid sve_f_f32(float *x) {}\n" + C.format("vec_sum_f32(x); sve_f_f32(x);"), None),
        ("// _mm512_add_ps\n" + C.format('p("_mm256_add_ps");'), None),
        # What it calls, and macros, count; other functions of the file do not
        ("static void g(float *x) { _mm256_storeu_ps(x, v); }\n" + C.format("g(x);"), "avx2"),
        ("void g(float *x) { _mm256_storeu_ps(x, v); }\n" + C.format("x[0] = 0;"), None),
        ("#include <immintrin.h>\n#define LOAD(p) _mm256_loadu_ps(p)\n" + C.format("LOAD(x);"), "avx2"),
        (C.format('__asm__ volatile("ld1w {z0.s}, p0/z, [%0]" :: "r"(x));'), "sve"),
        ("#define MAKE(name) void name(float *x) { _mm256_storeu_ps(x, v); }\nMAKE(other)", "avx2"),
    ],
)
def test_isa_of_c(text: str, isa: str | None) -> None:
    found = isa_of_c(text, "f")
    assert (found and found.isa) == isa


def test_intrinsics_of_a_header_count_where_they_are_called() -> None:
    header = "static inline void store(float *x) { vst1q_f32(x, v); }\nstatic inline void other(float *x) { svcntw(); }"
    found = isa_of_c(C.format("store(x);"), "f", (header,))
    assert found
    assert found.isa == "neon"


def test_code_for_two_machines_is_no_guess() -> None:
    text = "#if defined(__ARM_NEON)\n#else\n#endif\n" + C.format("vst1q_f32(x, v); _mm256_storeu_ps(x, w);")
    with pytest.raises(ConfigurationError, match="f holds code for AArch64 and x86-64"):
        isa_of_c(text, "f")


@pytest.mark.parametrize(
    ("text", "isa"),
    [
        ("f:\n ptrue p0.s\n ld1w {z0.s}, p0/z, [x0]\n ret", "sve"),
        ("f:\n smstart sm\n fmopa za0.s, p0/m, p0/m, z0.s, z1.s", "sme"),
        ("f:\n fmla v0.4s, v1.4s, v2.4s\n // z0.s", "neon"),
        ("f:\n vmovups (%rdi), %ymm0", "avx2"),
        ("f:\n vmovups zmm0, [rdi]", "avx512"),
        ("f:\n vmovups %ymm0{%k1}, (%rdi)", "avx512"),
        ("f:\n vsetvli t0, a1, e32, m8\n vle32.v v0, (a0)", "rvv"),
        ("f:\n add x0, x0, x1\n ret", None),
    ],
)
def test_isa_of_assembly(text: str, isa: str | None) -> None:
    found = isa_of_assembly(text)
    assert (found and found.isa) == isa


def test_symbols_and_declarations_of_assembly() -> None:
    text = """/* void scale(float *x, size_t n, float a)
 * x0, x1, s0 */
    .macro function name
    .globl \\name
    .endm
    .globl first, second
    .global third // no
    function scale
    ENTRY(last)
"""
    assert global_symbols(text) == ["first", "second", "third", "scale", "last"]
    assert str(declared("scale", text)[0]) == "void scale(float *x, size_t n, float a)"
    assert declared("first", text) == (None, "")


@pytest.mark.parametrize(
    ("text", "prototype", "complaint"),
    [
        ("// Computes it: float g(const float *x, int n) for all", "float g(const float *x, int n)", ""),
        ("# void g(\n#     size_t n,        x0\n#     const float* a)  x1\n", "", "cannot read the parameter"),
        ("void g(size_t n, const union params p[restrict MIN(1)]);", "", "not a C function declaration"),
        ("extern void g(const struct context *c, float *x, int n);", "", "unknown type"),
        ("const float *g(struct context *c);", "", "not a C function declaration"),
        ("void f(int n) { g(n, 1); }", "", ""),
        ("int f(int n) { if (n) { return g(n, 1); } else g(0); }", "", ""),
        ("/* what calls g (see below) knows */", "", ""),
        ("void gg(struct context *c); float xg(struct context *c);", "", ""),
    ],
)
def test_what_declares_a_function_is_used_or_stands_against_it(text: str, prototype: str, complaint: str) -> None:
    found, why_not = declared("g", text)
    assert (str(found) if found else "") == prototype
    assert complaint in why_not
    assert bool(why_not) == bool(complaint)


CODE = """float total(const float *x, long n) { return n ? x[0] : 0; }
static int hidden(void) { return 1; }
int (*pointer)(void) = hidden;
"""


@pytest.mark.skipif(shutil.which("aarch64-linux-gnu-gcc") is None, reason="needs aarch64-linux-gnu-gcc")
def test_objects_and_libraries_are_read(tmp_path: Path) -> None:
    (tmp_path / "k.c").write_text(CODE)
    sve = "#include <arm_sve.h>\nvoid v(float *x, long n) { svst1(svwhilelt_b32(0l, n), x, svdup_f32(1)); }"
    (tmp_path / "v.c").write_text(sve)
    compiler = ["aarch64-linux-gnu-gcc", "-O1", "-march=armv8-a+sve", "-c", "k.c", "v.c"]
    subprocess.run(compiler, cwd=tmp_path, check=True)
    subprocess.run(["ar", "rcs", "lib.a", "k.o", "v.o"], cwd=tmp_path, check=True)
    found = compiled_functions((tmp_path / "lib.a").read_bytes())
    assert [(f.symbol, f.machine) for f in found] == [("total", "AArch64"), ("v", "AArch64")]
    isas = [isa_of_function(function) for function in found]
    assert [isa.isa for isa in isas if isa] == ["neon", "sve"]
    assert [f.symbol for f in compiled_functions((tmp_path / "k.o").read_bytes())] == ["total"]


def test_what_is_no_object_holds_nothing() -> None:
    for data in (b"", b"text", b"!<arch>\nrubbish", b"\x7fELF\x02\x01" + b"\xff" * 80):
        assert compiled_functions(data) == []


@pytest.mark.parametrize(
    ("name", "ops"),
    [
        ("sve_rms_norm_f32_kernel", ["rms_norm_f32"]),
        ("RmsNorm", ["rms_norm_f32"]),
        ("rmsnorm_sve", ["rms_norm_f32"]),
        ("vsoftmax", ["softmax_f32"]),
        ("softmax_avx2", ["softmax_f32"]),  # and no max
        ("saxpy", ["axpy_f32"]),
        ("ggml_vec_dot_f32", ["dot_f32"]),
        ("log_softmax", []),
        ("sum_of_squares", []),
        ("abs_max", []),
        ("max6", []),
        ("sum2f", []),
        ("sum16", ["sum_f32"]),
        ("sum_4", ["sum_f32"]),
        ("rms_norm_backward", []),
        ("summary", []),
        ("f", []),
        ("dot_and_sum", ["dot_f32", "sum_f32"]),
    ],
)
def test_ops_in_names(name: str, ops: list[str]) -> None:
    known = ["rms_norm_f32", "softmax_f32", "max_f32", "axpy_f32", "dot_f32", "sum_f32"]
    assert ops_in_name(name, known) == ops


@pytest.mark.parametrize(
    ("op", "declaration", "prototype"),
    [
        ("axpy_f32", "void f(float *o, const float *i, int n, float k)", "*o, const float *i, int n, float k)"),
        ("axpy_f32", "void f(float a, const float *x, float *y, int n)", "a, const float *x, float *y, int len)"),
        ("axpy_f32", "void f(int n, float k, const float *i, float *o)", "int len, float a, const float *x, float *y)"),
        ("silu_f32", "void f(const float *in, float *dst, int n)", "void f(const float *x, float *out, int len)"),
        ("silu_f32", "void f(float *in, float *dst, int n)", "void f(float *in, float *dst, int n)"),
        ("silu_f32", "void f(const float *in, const float *dst, int n)", None),
        ("silu_f32", "void f(const double *in, double *dst, int n)", None),
        ("silu_f32", "float f(const float *in, float *dst, int n)", None),
        ("softmax_f32", "void f(float *x)", None),
    ],
)  # fmt: skip
def test_parameters_are_fitted_to_a_contract(op: str, declaration: str, prototype: str | None) -> None:
    contract = bundled_contract(op)
    if prototype is None:
        with pytest.raises(ConfigurationError, match="is not of the form"):
            fitted(parse_prototype(declaration), contract)
    else:
        assert str(fitted(parse_prototype(declaration), contract)).endswith(prototype)


def chosen(text: str, *, op: str = "", symbol: str = "", name: str = "k.c") -> tuple[str, str]:
    path = Path(name)

    def fits(op: str, prototype: Prototype) -> bool:
        try:
            fitted(prototype, bundled_contract(op))
        except ConfigurationError:
            return False
        return True

    candidates: list[Candidate] = candidates_of(path, text.encode(), {})
    ops = Ops(bundled_ops(), lambda op: bundled_contract(op).prototype, fits)
    choice = choose(candidates, ops, what=name, op=op, symbol=symbol)
    return choice.candidate.symbol, choice.op


SOFTMAX = "void softmax_{0}(float *x, long n) {{ {1} }}\n"
AVX2 = SOFTMAX.format("avx2", "_mm256_setzero_ps();")
SCALAR = SOFTMAX.format("ref", "")
NAMELESS = "void f(float *x, long n) {}\n"


@pytest.mark.parametrize(
    ("text", "said", "answer"),
    [
        (AVX2, {}, ("softmax_avx2", "softmax_f32")),
        (AVX2 + SCALAR, {}, ("softmax_avx2", "softmax_f32")),  # the vectorised one
        (SCALAR, {}, ("softmax_ref", "softmax_f32")),
        (NAMELESS, {"name": "softmax.c"}, ("f", "softmax_f32")),
        (NAMELESS, {"op": "softmax_f32"}, ("f", "softmax_f32")),
        (NAMELESS + AVX2, {"op": "softmax_f32", "symbol": "f"}, ("f", "softmax_f32")),
        (NAMELESS + AVX2, {}, ("softmax_avx2", "softmax_f32")),
        (AVX2, {"name": "k.cpp"}, ("_Z12softmax_avx2Pfl", "softmax_f32")),
        ('extern "C" ' + AVX2, {"name": "k.cpp"}, ("softmax_avx2", "softmax_f32")),
    ],
)
def test_the_kernel_of_a_file(text: str, said: dict[str, str], answer: tuple[str, str]) -> None:
    assert chosen(text, **said) == answer


@pytest.mark.parametrize(
    ("text", "said", "message"),
    [
        ("static void f(int x) {}", {}, "k.c: found no function that the linker sees; give --symbol NAME, if there"),
        (NAMELESS, {}, "which op f is does not show in its name; give --op OP (its form has softmax_f32"),
        (NAMELESS + NAMELESS.replace("f(", "g("), {}, "which of f, g is the kernel, and of which op, does not"),
        (AVX2 + AVX2.replace("avx2", "fast"), {}, "softmax_avx2, softmax_fast could each be meant; give --symbol NAME"),
        (AVX2, {"symbol": "softmax_avx"}, "'softmax_avx' that the linker sees (perhaps you meant 'softmax_avx2')"),
        (AVX2, {"symbol": "g"}, "k.c: no function 'g' that the linker sees; there is softmax_avx2"),
        ("void f(double *x, char **y) {}", {}, "f cannot be called as declared ('char ** y' in"),
        ("void dot(double *x, char **y) {}", {}, "dot cannot be called as declared ('char ** y' in"),
        (NAMELESS, {}, "), or, if it is none of these, 'harness init' drafts a contract for an op of your own"),
        (
            "\nvoid softmax(float *x, int n, float t) {}",
            {},
            "softmax has the name of softmax_f32, but not its form: line 2 defines void softmax(float *x, int n, "
            "float t), and the contract has void softmax_f32(float *row, size_t len); give --op softmax_f32 and",
        ),
        ("void axpy(float *y, int n) {}", {}, "has the name of axpy_f32, but not its form: line 1 defines void axpy("),
        ("void f(double *x, double *y) {}", {}, "no bundled op has the form of void f(double *x, double *y); '"),
        (NAMELESS + NAMELESS.replace("f(", "g("), {"op": "softmax_f32"}, "f, g could each be softmax_f32; give"),
        ("void f(int *x) {}\nvoid g(int *x) {}", {"op": "softmax_f32"}, "none of f, g has the form of softmax_f32"),
    ],
)  # fmt: skip
def test_what_is_not_clear_names_the_option_that_says_it(text: str, said: dict[str, str], message: str) -> None:
    with pytest.raises(UsageError) as caught:
        chosen(text, **said)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)
