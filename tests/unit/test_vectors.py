"""Vector types in prototypes: what can be passed, what an element-wise contract makes of it, and what is refused."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from harness.build.adapter import adapter_source
from harness.build.chunks import load_of, store_of
from harness.contract import each, every, op, sum_of
from harness.errors import ConfigurationError, ContractError
from harness.model import Contract, Kernel
from harness.model.prototype import interface_of, parse_prototype
from harness.model.vectors import VECTOR_TYPES, Bank
from harness.project.lanes import check_vectors, match_lanes


def map_of(prototype: str) -> Contract:
    inputs = ", ".join(f"{p.name}[n]" for p in parse_prototype(prototype).buffers if p.is_const)
    scalars = {p.name: [2] for p in parse_prototype(prototype).parameters if not p.is_pointer and p.name != "n"}
    return op(
        prototype,
        inputs=inputs,
        outputs="out[n]",
        scalars=scalars,
        reference=lambda x: x,
        passes=[each("out", lambda x: x, roundings=1)],
        suites={"short": every(0, 9)},
    )


EXP = map_of("void exp_f32(const float *x, float *out, size_t n)")
POWER = map_of("void power_f32(const float *x, const float *y, float *out, size_t n, float scale)")
TO_INT = map_of("void to_s32(const double *x, int32_t *out, size_t n)")
TOTAL = op(
    "float total_f32(const float *x, size_t n)",
    inputs="x[n]",
    reference=lambda x: x.sum(),
    passes=[sum_of("total", lambda x: x), each("return", lambda total: total, roundings=0)],
    suites={"short": every(0, 9)},
)


@pytest.mark.parametrize(
    ("prototype", "contract", "names", "result"),
    [
        ("svfloat32_t f(svfloat32_t, svbool_t)", EXP, ("x", ""), "out"),
        ("svfloat32_t f(svbool_t pg, svfloat32_t a)", EXP, ("", "x"), "out"),
        ("void f(svfloat32_t x, float *out, svbool_t pg)", EXP, ("x", "out", ""), ""),
        ("float32x4_t f(float32x4_t)", EXP, ("x",), "out"),
        ("__m512 f(__mmask16, __m512)", EXP, ("", "x"), "out"),
        ("vfloat32m8_t f(vfloat32m8_t, size_t vl)", EXP, ("x", ""), "out"),
        ("vfloat32m1_t f(vfloat32m1_t a)", EXP, ("x",), "out"),
        ("svfloat32_t f(svfloat32_t a, svfloat32_t b, float c, svbool_t pg)", POWER, ("x", "y", "scale", ""), "out"),
        (
            "svfloat32_t f(float scale, svfloat32_t y, svfloat32_t x, svbool_t pg)",
            POWER,
            ("scale", "y", "x", ""),
            "out",
        ),
        ("vfloat32m1_t f(vfloat32m1_t a, vfloat32m1_t b, float c, size_t vl)", POWER, ("x", "y", "scale", ""), "out"),
        ("vint32m1_t f(vfloat64m2_t a, size_t vl)", TO_INT, ("x", ""), "out"),
        ("__m128i f(__m256d a)", TO_INT, ("x",), "out"),
    ],
)
def test_parameters_stand_for_rows_and_scalars(
    prototype: str, contract: Contract, names: tuple[str, ...], result: str
) -> None:
    assert match_lanes(parse_prototype(prototype), contract) == (names, result)


@pytest.mark.parametrize(
    ("prototype", "contract", "message"),
    [
        ("svfloat32_t f(svfloat32_t, svbool_t)", TOTAL, "total_f32 is no map"),
        ("svfloat64_t f(svfloat64_t a, svbool_t)", EXP, "svfloat64_t a of f cannot stand for const float *x"),
        ("__m128i f(__m128i a)", EXP, "its lanes have another type"),
        ("svint32_t f(svfloat32_t a, svbool_t)", EXP, "returns svint32_t, out consists of float"),
        ("svint32_t f(svfloat64_t a, svbool_t)", TO_INT, "different numbers of lanes"),
        ("svfloat32_t f(svfloat32_t, svfloat32_t, svbool_t)", EXP, "has other parameters than the contract has rows"),
        ("svfloat32_t f(svfloat32_t, svbool_t, svbool_t)", EXP, "has 2 predicates"),
        ("void f(float32x4_t x, float *out)", EXP, "would access what is behind the row"),
        ("void f(svfloat32_t x, svfloat32_t out, svbool_t pg)", EXP, "that is an output"),
        ("float f(svfloat32_t x, svbool_t pg)", EXP, "returns a scalar"),
        ("__m512 f(__m512 x, __mmask8 k)", EXP, "__mmask8 has fewer bits"),
        ("svfloat32_t f(svfloat32_t a, svfloat32_t b, int c, svbool_t pg)", POWER, "int c of f cannot stand for float"),
        ("float f(svbool_t pg)", EXP, "returns a scalar"),
    ],
)
def test_what_does_not_fit_is_told_in_one_line(prototype: str, contract: Contract, message: str) -> None:
    with pytest.raises(ConfigurationError) as said:
        match_lanes(parse_prototype(prototype), contract)
    assert message in str(said.value)
    assert "\n" not in str(said.value)


@pytest.mark.parametrize(
    ("prototype", "isa", "message"),
    [
        ("svfloat32_t f(svfloat32_t)", "neon", "svfloat32_t is no vector that neon kernels have"),
        ("svfloat32_t f(svfloat32_t)", "sme", "in streaming mode vectors cannot be passed here yet"),
        ("__m512 f(__m512 x)", "avx2", "__m512 is no vector that avx2 kernels have"),
        ("float32x4_t f(float32x4_t)", "rvv", "no vector that rvv kernels have"),
        ("svfloat32_t f(float32x4_t)", "sve", "mixes vectors of two instruction sets"),
        ("__attribute__((ms_abi)) __m128 f(__m128)", "avx2", "ms_abi passes vectors in memory"),
        ("svbool_t f(svfloat32_t)", "sve", "returns a predicate"),
        (f"__m256 f({', '.join(['__m256'] * 9)})", "avx2", "more than 8 vector registers"),
        ("vfloat32m8_t f(vfloat32m8_t, vfloat32m8_t, vfloat32m8_t)", "rvv", "more than 16 group registers"),
        (f"svfloat32_t f({', '.join(['svbool_t'] * 5)})", "sve", "more than 4 predicate registers"),
    ],
)
def test_vectors_that_cannot_be_passed_are_told(prototype: str, isa: str, message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        check_vectors(parse_prototype(prototype), isa)


@pytest.mark.parametrize(
    ("prototype", "message"),
    [
        ("svfloat32x2_t f(svfloat32_t)", "a tuple of vectors"),
        ("float32x4_t f(float32x4x2_t)", "a tuple of vectors"),
        ("vfloat32mf2_t f(vfloat32m1_t)", "whole registers"),
        ("svfloat32_t f(svfloat23_t)", "perhaps you meant 'svfloat32_t'"),
        ("void f(svfloat32_t *x)", "a pointer to vectors"),
    ],
)
def test_types_that_have_no_form_are_told(prototype: str, message: str) -> None:
    with pytest.raises(ConfigurationError) as said:
        parse_prototype(prototype)
    assert message.lower() in str(said.value).lower()


def test_a_contract_has_no_vectors() -> None:
    with pytest.raises(ContractError, match="belong into the prototype of a kernel"):
        map_of("void f(svfloat32_t x, float *out, size_t n)")


def kernel(prototype: str, contract: Contract, isa: str, adapter: str = "", **changes: object) -> Kernel:
    parsed = interface_of("f", prototype) if adapter else parse_prototype(prototype)
    names, result = ((), "") if adapter else match_lanes(parsed, contract)
    path = Path(adapter) if adapter else None
    made = Kernel(
        "f", isa, isa, (Path("f.c"),), "f", parsed, names, contract.conventions, result_name=result, adapter=path
    )
    return replace(made, **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("prototype", "isa", "described"),
    [
        ("svfloat32_t f(svfloat32_t, svbool_t)", "sve", "{SEQUENCE_VECTOR, UINT16_MAX}, {SEQUENCE_PREDICATE, 0}"),
        ("float32x4_t f(float32x4_t)", "neon", "{{SEQUENCE_VECTOR, 16}}"),
        ("float32x2_t f(float32x2_t)", "neon", "{{SEQUENCE_VECTOR, 8}}"),
        ("__m512 f(__m512, __mmask16)", "avx512", "{SEQUENCE_VECTOR, 64}, {SEQUENCE_INTEGER, 2}"),
        ("vfloat32m4_t f(vfloat32m4_t, size_t vl)", "rvv", "{SEQUENCE_GROUP, 4}, {SEQUENCE_INTEGER, 8}"),
    ],
)
def test_the_trampoline_is_told_what_carries_the_vectors(prototype: str, isa: str, described: str) -> None:
    assert described in adapter_source(kernel(prototype, EXP, isa), EXP)


@pytest.mark.parametrize(
    ("prototype", "isa", "flags"),
    [
        ("svfloat32_t f(svfloat32_t, svbool_t)", "sve", "SIGNATURE_SVE_PCS"),
        ("__m256 f(__m256)", "avx2", "SIGNATURE_WIDE_VECTORS"),
        ("__attribute__((aarch64_vector_pcs)) float32x4_t f(float32x4_t)", "neon", "SIGNATURE_VECTOR_PCS"),
        ("__attribute__((riscv_vector_cc)) vint8m1_t f(vint8m1_t)", "rvv", "SIGNATURE_VECTOR_CC"),
    ],
)
def test_vectors_imply_their_procedure_call_standard(prototype: str, isa: str, flags: str) -> None:
    bytes_ = map_of("void bytes(const int8_t *x, int8_t *out, size_t n)")
    contract = bytes_ if "int8" in prototype else EXP
    assert f".flags = {flags}," in adapter_source(kernel(prototype, contract, isa), contract)
    assert f".flags = {flags}," in adapter_source(kernel(prototype, contract, isa, "glue.c"), contract)


def test_a_users_adapter_is_handed_the_contracts_arguments() -> None:
    text = adapter_source(kernel("int f(struct s *, float)", EXP, "neon", "glue.c"), EXP)
    assert "void harness_adapter(const float *x, float *out, size_t n);" in text
    assert "harness_adapter((const float *)(uintptr_t)value[0]" in text
    assert "struct s" not in text.partition("\n")[2]


COMPILERS = {
    Bank.SVE: (("aarch64-linux-gnu-gcc",), ("-march=armv8-a+sve",)),
    Bank.NEON: (("aarch64-linux-gnu-gcc",), ()),
    Bank.X86: (("x86_64-linux-gnu-gcc",), ("-mavx512f", "-mavx512bw")),
    Bank.RVV: (("clang-19", "--target=riscv64-linux-gnu"), ("-march=rv64gcv",)),
}


@pytest.mark.parametrize("bank", Bank)
def test_every_type_can_be_loaded_passed_and_stored(bank: Bank, tmp_path: Path) -> None:
    functions = [
        f"{v.c_name} pass_{number}({v.c_name});\nvoid call_{number}(uint8_t *image) {{\n"
        f"    {load_of(v, 'argument')}\n    {v.c_name} returned = pass_{number}(argument);\n    {store_of(v)}\n}}\n"
        for number, v in enumerate(VECTOR_TYPES.values())
        if v.bank is bank and not v.is_predicate
    ]
    assert len(functions) >= 9
    (tmp_path / "all.c").write_text(f"#include <stdint.h>\n#include <{bank.value}>\n" + "".join(functions))
    compiler, flags = COMPILERS[bank]
    command = [*compiler, *flags, "-Wall", "-Werror", "-fsyntax-only", "all.c"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[:4000]
