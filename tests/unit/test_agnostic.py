"""Which RVV instructions and intrinsics leave lanes open, and by what policy."""

from __future__ import annotations

import pytest

from harness.build.agnostic import agnostic_instructions
from harness.build.code import parse
from harness.build.shims import diagnose, diagnose_agnostic

HEAD = ["k.o:     file format elf64-littleriscv", "", "Disassembly of section .text:", "", "0000000000000000 <k>:"]
AGNOSTIC = "vsetvli zero,a1,e32,m4,ta,ma"
UNDISTURBED = "vsetvli zero,a1,e32,m4,tu,mu"


def found(kind: str, *instructions: str) -> list[tuple[str, str]]:
    lines = [f"{4 * number:4x}:\t{text}" for number, text in enumerate(instructions)]
    code = parse("\n".join([*HEAD, *lines]))
    return [(one.instruction, one.policy) for one in agnostic_instructions(code, kind)]


@pytest.mark.parametrize(
    ("kind", "instructions", "names"),
    [
        ("tail", (AGNOSTIC, "vfadd.vv v8,v8,v16"), ["vfadd.vv"]),
        ("tail", (UNDISTURBED, "vfadd.vv v8,v8,v16"), []),
        ("tail", ("vsetivli zero,4,e32,m1,ta,mu", "vadd.vi v8,v8,1"), ["vadd.vi"]),
        ("tail", (AGNOSTIC, "vle32.v v16,(a0)", "vfadd.vv v8,v8,v16"), ["vfadd.vv", "vle32.v"]),
        ("tail", (AGNOSTIC, "vle32.v v16,(a0)", "vfmacc.vv v8,v16,v24"), ["vfmacc.vv", "vle32.v"]),
        ("tail", (AGNOSTIC, "vse32.v v16,(a0)", "vsse32.v v16,(a0),a2", "fadd.s fa0,fa0,fa1"), []),
        ("tail", (AGNOSTIC, "vmv.x.s a0,v8", "vcpop.m a0,v8"), []),
        ("tail", ("vsetvl zero,a1,a2", "vfadd.vv v8,v8,v16"), []),
        ("mask", (AGNOSTIC, "vfadd.vv v8,v8,v16"), []),
        ("mask", (AGNOSTIC, "vfadd.vv v8,v8,v16,v0.t"), ["vfadd.vv"]),
        ("mask", ("vsetvli zero,a1,e32,m4,ta,mu", "vfadd.vv v8,v8,v16,v0.t"), []),
        ("tail", ("vfadd.vv v8,v8,v16", AGNOSTIC), []),
    ],
)
def test_instructions_with_open_lanes_come_the_likeliest_first(
    kind: str, instructions: tuple[str, ...], names: list[str]
) -> None:
    assert [text.split()[0] for text, _ in found(kind, *instructions)] == names


def test_the_policy_is_the_last_one_in_front() -> None:
    instructions = (AGNOSTIC, "vle32.v v8,(a0)", UNDISTURBED, "vfadd.vv v8,v8,v16", AGNOSTIC, "vadd.vv v8,v8,v8")
    assert found("tail", *instructions) == [("vadd.vv v8,v8,v8", AGNOSTIC), ("vle32.v v8,(a0)", AGNOSTIC)]


SOURCE = """
// sums = __riscv_vfadd_vv_f32m4(sums, x, vl);
sums = __riscv_vfadd_vv_f32m4(sums, __riscv_vle32_v_f32m4(x, vl), vl);
sums = __riscv_vfadd_vv_f32m4_tu(sums, sums, x, vl);
sums = __riscv_vfadd_vv_f32m4_m(mask, sums, x, vl);
sums = __riscv_vfadd_vv_f32m4_mu(mask, sums, sums, x, vl);
sums = __riscv_vfadd_vv_f32m4_tumu(mask, sums, sums, x, vl);
sums = __riscv_vfmacc_vv_f32m1(sums, x, y, vl);
sums = __riscv_vfadd(sums, x, vl);
other = __riscv_vfadd_vv_f32m4(sums, x, vl);
sums[i] = __riscv_vfmacc_vv_f32m1_tum(mask, sums[i], x, y, vl);
"""


def test_intrinsics_that_add_to_a_vector_and_keep_nothing_are_named_with_what_keeps_it() -> None:
    tails = diagnose_agnostic(SOURCE, "tail")
    assert [advice.line for advice in tails] == [3, 5, 6, 8, 9]
    assert tails[0].advice == (
        "lanes behind vl of __riscv_vfadd_vv_f32m4 are agnostic; use __riscv_vfadd_vv_f32m4_tu, "
        "whose first vector supplies them"
    )
    assert "use __riscv_vfadd_vv_f32m4_tumu, whose first vector" in tails[1].advice
    assert "use __riscv_vfmacc_vv_f32m1_tu, which keeps those of its first vector" in tails[3].advice
    masked = diagnose_agnostic(SOURCE, "mask")
    assert [advice.line for advice in masked] == [5, 9, 11]
    assert (
        "masked-off lanes of __riscv_vfadd_vv_f32m4_m are agnostic; use __riscv_vfadd_vv_f32m4_mu" in masked[0].advice
    )


def test_undefined_vectors_of_rvv_are_diagnosed() -> None:
    (first, second) = diagnose("v = __riscv_vundefined_f32m4();\nw = __riscv_vlmul_ext_v_f32m1_f32m2(v);\n")
    assert "__riscv_vundefined_f32m4 is undefined in every lane; start from zero (vmv_v_x or vfmv_v_f)" in first.advice
    assert "the registers that __riscv_vlmul_ext_v_f32m1_f32m2 adds are undefined" in second.advice
