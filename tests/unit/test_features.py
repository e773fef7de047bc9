"""Features: what promises them, and what in disassemblies of binutils and LLVM needs more than was promised."""

from __future__ import annotations

import re
from collections.abc import Collection

import pytest

from harness.build.code import parse, source_lines
from harness.build.features import Need, needed_by, needs_beyond
from harness.features import machines, table_of
from harness.model import FeatureTable

AVX2 = frozenset({"avx2", "fma"})
AVX512 = AVX2 | {"avx512f", "avx512bw", "avx512dq", "avx512vl"}
SVE = frozenset({"sve"})
RVV = frozenset({"v"})


def listing(*instructions: str) -> str:
    """One function, as binutils prints it."""
    lines = [text if text.startswith("\t") else f"{4 * number:4x}:\t{text}" for number, text in enumerate(instructions)]
    head = ["k.o:     file format elf64", "", "Disassembly of section .text:", "", "0000000000000000 <k>:"]
    return "\n".join([*head, *lines])


def needs(text: str, machine: str, promised: Collection[str]) -> list[Need]:
    table = table_of(machine)
    return needs_beyond(parse(text), "k", table, table.with_company(promised))


def names(text: str, machine: str, promised: Collection[str]) -> list[str]:
    return [" or ".join(need.features) for need in needs(text, machine, promised)]


@pytest.mark.parametrize(
    ("instruction", "promised", "feature"),
    [
        ("vpermb %zmm0,%zmm2,%zmm0", AVX512, "avx512_vbmi"),
        ("vpermb %zmm0,%zmm2,%zmm0", AVX512 | {"avx512_vbmi"}, None),
        ("vpdpbusd (%rdi),%zmm1,%zmm2", AVX512, "avx512_vnni or avx_vnni"),
        ("{vex} vpdpbusd (%rdi),%ymm1,%ymm2", AVX2, "avx_vnni"),
        ("{vex} vpdpbusd (%rdi),%ymm1,%ymm2", AVX2 | {"avx_vnni"}, None),
        ("vpopcntd %zmm1,%zmm1", AVX512, "avx512_vpopcntdq"),
        ("vpopcntb %zmm1,%zmm1", AVX512, "avx512_bitalg"),
        ("vdpbf16ps %zmm1,%zmm2,%zmm3", AVX512, "avx512_bf16 or avx_ne_convert"),
        ("vfmadd231ph %zmm1,%zmm2,%zmm3", AVX512, "avx512_fp16"),
        ("vaddsh %xmm1,%xmm2,%xmm3", AVX512, "avx512_fp16"),
        ("vcvtph2ps (%rdi),%zmm0", AVX512, None),
        ("vcvtps2ph $0x4,%ymm0,(%rdi)", AVX2, None),
        ("vgf2p8affineqb $0x0,%ymm0,%ymm1,%ymm1", AVX2, "gfni"),
        ("vpclmullqlqdq %zmm0,%zmm1,%zmm1", AVX512, "vpclmulqdq"),
        ("vpclmullqlqdq %xmm0,%xmm1,%xmm1", AVX2, None),
        ("vaesenc %ymm0,%ymm1,%ymm1", AVX2, "vaes"),
        ("vaddps (%rdi),%zmm0,%zmm0", AVX2, "avx512f"),
        ("vaddps %ymm0,%ymm16,%ymm0", AVX2, "avx512f"),
        ("vaddps %ymm0,%ymm15,%ymm0", AVX2, None),
        ("vmovups %ymm0,(%rdi){%k1}", AVX2, "avx512f"),
        ("vpternlogd $0xff,%ymm0,%ymm0,%ymm0", AVX2, "avx512f"),
        ("vfmadd231ps %ymm1,%ymm2,%ymm3", AVX2, None),
        ("vpermd %ymm1,%ymm2,%ymm3", AVX2, None),
        ("vaddps (%rdi),%zmm0,%zmm31{%k1}{z}", AVX512, None),
        ("vmaskmovps (%rdi),%ymm1,%ymm2", AVX2, None),
        ("vandps %zmm1,%zmm0,%zmm0", AVX2 | {"avx512f"}, "avx512dq"),
        ("vpaddb %zmm1,%zmm0,%zmm0", AVX2 | {"avx512f"}, "avx512bw"),
        ("vpaddd %zmm1,%zmm0,%zmm0", AVX2 | {"avx512f"}, None),
        ("vpaddb %ymm1,%ymm0,%ymm0", AVX2 | {"avx512f"}, None),
        ("vaddps %ymm1,%ymm0,%ymm0{%k1}", AVX2 | {"avx512f"}, "avx512vl"),
        ("vextractf64x4 $0x1,%zmm0,%ymm17", AVX2 | {"avx512f"}, None),
        ("vaddss %xmm1,%xmm0,%xmm0{%k1}", AVX2 | {"avx512f"}, None),
        ("lock xadd %eax,(%rdi)", AVX2, None),
        ("bnd jmp *%rax", AVX2, None),
    ],
)
def test_x86_instructions_belong_to_features(instruction: str, promised: frozenset[str], feature: str | None) -> None:
    assert names(listing(instruction), "x86_64", promised) == ([feature] if feature else [])


@pytest.mark.parametrize(
    ("instruction", "promised", "feature"),
    [
        ("histcnt\tz0.s, p0/z, z1.s, z2.s", SVE, "sve2 or sme"),
        ("histcnt\tz0.s, p0/z, z1.s, z2.s", SVE | {"sve2"}, None),
        ("faddp\tz0.s, p0/m, z0.s, z2.s", SVE, "sve2 or sme"),
        ("faddp\tv0.4s, v0.4s, v0.4s", SVE, None),
        ("fmla\tz0.s, p0/m, z1.s, z2.s", SVE, None),
        ("whilelo\tp0.s, x1, x2", SVE, None),
        ("whilege\tp0.s, x1, x2", SVE, "sve2 or sme"),
        ("bdep\tz0.s, z1.s, z2.s", SVE | {"sve2"}, "sve2-bitperm"),
        ("bfdot\tz0.s, z1.h, z2.h", SVE, "bf16 or sme"),
        ("bfdot\tz0.s, z1.h, z2.h", SVE | {"sme"}, None),
        ("sdot\tv0.4s, v1.16b, v2.16b", SVE, "dotprod"),
        ("sdot\tz0.s, z1.b, z2.b", SVE, None),
        ("smmla\tz0.s, z1.b, z2.b", SVE, "i8mm or sme"),
        ("smstart\tsm", SVE | {"sve2"}, "sme"),
        ("ldadd\tw0, w0, [x1]", SVE, None),
    ],
)
def test_aarch64_instructions_belong_to_features(
    instruction: str, promised: frozenset[str], feature: str | None
) -> None:
    assert names(listing(instruction), "aarch64", promised) == ([feature] if feature else [])


@pytest.mark.parametrize(
    ("instructions", "promised", "feature"),
    [
        (("vsetvli\ta3,a3,e16,m1,ta,ma", "vfadd.vv\tv8,v8,v8"), RVV, "zvfh"),
        (("vsetvli\ta3,a3,e16,m1,ta,ma", "vfadd.vv\tv8,v8,v8"), RVV | {"zvfh"}, None),
        (("vsetvli\ta3,a3,e32,m1,ta,ma", "vfadd.vv\tv8,v8,v8"), RVV, None),
        (("vsetvli\ta3,a3,e16,m1,ta,ma", "vadd.vv\tv8,v8,v8"), RVV, None),
        (("vsetvli\ta3,a3,e16,m1,ta,ma", "vfwcvt.f.f.v\tv8,v4"), RVV, "zvfhmin"),
        (("vsetvli\ta3,a3,e16,m1,ta,ma", "vfwcvt.f.f.v\tv8,v4"), RVV | {"zvfhmin"}, None),
        (("vsetvli\ta3,a3,e16,m1,ta,ma", "vfwcvt.f.x.v\tv8,v4"), RVV, None),  # of 16-bit integers, to 32 bits
        (("vsetvli\ta3,a3,e8,m1,ta,ma", "vfwcvt.f.x.v\tv8,v4"), RVV, "zvfh"),
        (("vsetivli\tzero,4,e16,m1,ta,ma", "jal\tra,8 <k+0x8>", "vfadd.vv\tv8,v8,v8", "ret"), RVV, None),
        (("vsetvli\ta3,a3,e16,m1,ta,ma", "vsetvl\ta0,a1,a2", "vfadd.vv\tv8,v8,v8"), RVV, None),
        (("vfadd.vv\tv8,v8,v8", "ret"), RVV, None),
        (("vandn.vv\tv8,v8,v9",), RVV, "zvkb"),
        (("vcpop.m\ta0,v0",), RVV, None),
        (("vcpop.v\tv1,v0",), RVV, "zvbb"),
        (("sh2add\ta0,a1,a2",), RVV, "zba"),
        (("bset\ta0,a1,a2",), RVV, "zbs"),
        (("beqz\ta0,8 <k+0x8>", "ret", "vror.vi\tv8,v8,3"), RVV, "zvkb"),
        # A branch that only the linker resolves, over a return: what follows belongs to the function all the same.
        (("beqz\ta0,0 <k>", "\t\t0: R_RISCV_BRANCH\t.L0 ", "ret", "vror.vi\tv8,v8,3"), RVV, "zvkb"),
        ((".4byte\t0x522180d7", "ret"), RVV, None),
    ],
)
def test_riscv_instructions_belong_to_features(
    instructions: tuple[str, ...], promised: frozenset[str], feature: str | None
) -> None:
    assert names(listing(*instructions), "riscv64", promised) == ([feature] if feature else [])


OBJECTS = """
k.o:     file format elf64-x86-64


Disassembly of section .text:

0000000000000000 <k>:
k():
/src/k.c:5
   0:\tvmovups (%rdi),%ymm0
/src/k.c:7
   4:\tja     a <k+0xa>
\t\t\t6: R_X86_64_PC32\t.text.unlikely+0x6
_mm512_permutexvar_epi8():
/usr/lib/gcc/x86_64-linux-gnu/12/include/avx512vbmiintrin.h:73
inlined by /src/k.c:8 (k)
   a:\tvpermb %zmm1,%zmm1,%zmm1
  10:\tcall   15 <k+0x15>
\t\t\t11: R_X86_64_PLT32\tother-0x4
  15:\tret
  16:\tvpopcntd %zmm1,%zmm1

0000000000000020 <helper>:
  20:\tvpopcntb %zmm1,%zmm1
  26:\tret

Disassembly of section .text.unlikely:

0000000000000000 <never>:
   0:\tvpmadd52luq %zmm1,%zmm1,%zmm1
   6:\tret

000000000000000a <k.cold>:
   a:\tvdpbf16ps %zmm1,%zmm1,%zmm1
  10:\tjmp    15 <k.cold+0xb>
\t\t\t11: R_X86_64_PC32\t.text+0x6

other.o:     file format elf64-x86-64


Disassembly of section .text:

0000000000000000 <other>:
   0:\tcall   20 <helper>
   5:\tret

0000000000000020 <helper>:
/src/other.c:3 (discriminator 1)
  20:\tvpdpbusd %zmm1,%zmm1,%zmm1
  26:\tjmp    *%rax
  28:\tvpexpandb %zmm1,%zmm1
"""


def test_what_the_symbol_does_not_reach_does_not_count() -> None:
    """Neither code behind a return, nor functions that nothing calls, nor another file's of the same name."""
    assert names(OBJECTS, "x86_64", AVX512) == [
        "avx512_vbmi",
        "avx512_bf16 or avx_ne_convert",
        "avx512_vnni or avx_vnni",
    ]
    assert not needs_beyond(parse(OBJECTS), "absent", table_of("x86_64"), AVX512)


def test_a_need_has_its_source_line() -> None:
    found = needs(OBJECTS, "x86_64", AVX512)
    lines = source_lines(OBJECTS)
    assert [lines[need.address] for need in found] == ["k.c:8", "", "other.c:3"]


def test_what_a_kernel_needs_is_counted_by_feature() -> None:
    found = needs(listing("vpermb %zmm0,%zmm2,%zmm0", "vpermi2b %zmm0,%zmm2,%zmm0", "ret"), "x86_64", AVX512)
    assert [(need.features, need.count, str(need.instruction)) for need in found] == [
        (("avx512_vbmi",), 2, "vpermb %zmm0,%zmm2,%zmm0")
    ]


def test_llvm_prints_spaces_between_operands() -> None:
    text = "k.o:\tfile format elf64-x86-64\n\nDisassembly of section .text:\n\n0000000000000000 <k>:\n"
    text += "       0:      \tvaddps\t(%rdi), %ymm17, %ymm0     # comment\n       6:      \tretq\n"
    assert names(text, "x86_64", AVX2) == ["avx512f"]


@pytest.mark.parametrize("table", [table_of(machine) for machine in machines()], ids=machines())
class TestEveryTable:
    """The tables are data; what holds for all of them."""

    def test_every_feature_can_be_promised_and_is_attested(self, table: FeatureTable) -> None:
        assert len(table.features) >= 20
        for feature in table.features.values():
            assert feature.macros
            assert re.fullmatch(r"-m\S+", table.promising_flag(feature.name, []))
            assert bool(feature.facts) != bool(feature.sample), f"{feature.name}: a fact or a sample attests it"

    def test_every_rule_says_what_it_fits(self, table: FeatureTable) -> None:
        for rule in table.rules:
            assert rule.mnemonics != ".*" or rule.operands
            assert not rule.fits("ret", "", None)
            assert not rule.fits("add", "x0, x0, x1", None)

    def test_names_are_found_as_people_write_them(self, table: FeatureTable) -> None:
        for name, feature in table.features.items():
            assert table.find(name.upper().replace("-", "_")) is feature


def test_what_attests_a_feature_is_all_of_its_facts() -> None:
    table = table_of("x86_64")
    facts = {"cpuid_1_ecx": 1 << 28, "cpuid_7_ebx": 1 << 5}
    assert "avx2" not in table.attested(facts), "the system keeps no wide registers"
    assert {"avx", "avx2"} <= table.attested({**facts, "xcr0": 6})


def test_what_flags_say_by_name() -> None:
    x86, arm, riscv = (table_of(machine) for machine in ("x86_64", "aarch64", "riscv64"))
    assert x86.named_in(["-O2", "-mavx2", "-mno-avx2", "-mavx512vnni"]) == {"avx512_vnni"}
    assert x86.taken_back(["-mavx2", "-mno-avx2", "-mtune=native"]) == {"avx2"}
    assert x86.taken_back(["-mno-avx2", "-mavx2"]) == frozenset()
    assert arm.named_in(["-march=armv8-a+sve", "-march=armv8.2-a+dotprod+nobf16"]) == {"dotprod"}
    assert arm.taken_back(["-march=armv8.2-a+dotprod+nobf16"]) == {"bf16"}
    assert riscv.named_in(["-march=rv64gcv_zfh_zvfh"]) == {"zfh", "zvfh"}


def test_without_a_feature_what_requires_it_is_gone_too() -> None:
    table = table_of("x86_64")
    assert table.without(AVX512 | {"sse4.2"}, {"avx2"}) == {"fma", "sse4.2"}


@pytest.mark.parametrize(
    ("machine", "name", "flags", "flag"),
    [
        ("x86_64", "avx512_vnni", ["-mavx512f"], "-mavx512vnni"),
        ("aarch64", "dotprod", ["-march=armv8-a"], "-march=armv8.2-a+dotprod"),
        ("aarch64", "dotprod", ["-march=armv8-a+sve"], "-march=armv8.2-a+sve+dotprod"),
        ("aarch64", "dotprod", ["-march=armv9-a+sme"], "-march=armv9-a+sme+dotprod"),
        ("aarch64", "sme2", ["-march=armv9-a+sme"], "-march=armv9-a+sme+sme2"),
        ("aarch64", "fcma", ["-march=armv8-a+sve"], "-march=armv8.3-a+sve"),
        ("aarch64", "i8mm", [], "-march=armv8.2-a+i8mm"),
        ("riscv64", "zvbb", ["-march=rv64gcv", "-march=rv64gcv_zvfh"], "-march=rv64gcv_zvfh_zvbb"),
    ],
)
def test_a_flag_that_promises_keeps_what_was_promised(machine: str, name: str, flags: list[str], flag: str) -> None:
    assert table_of(machine).promising_flag(name, flags) == flag


def test_one_instruction_needs_what_it_needs() -> None:
    table = table_of("aarch64")
    assert needed_by("sdot v0.4s, v1.16b, v2.16b", table, ()) == ("dotprod",)
    assert needed_by("sdot v0.4s, v1.16b, v2.16b", table, {"dotprod"}) == ()
    assert needed_by("ptrue pn9.b", table, {"sme"}) == ("sme2", "sve2p1")
    assert needed_by("add x0, x0, x1", table, ()) == ()
