"""The machine code in the tables is what an assembler makes of the text beside it; every flag promises its feature."""

from __future__ import annotations

import shutil
import subprocess
from functools import cache
from pathlib import Path

import pytest

from harness.backend.host import host_backend
from harness.build.probes import predefined_macros
from harness.build.toolchain import find_compiler
from harness.features import machines, memory_forms_of, table_of
from harness.model import Compiler, FeatureTable, MemoryForm
from harness.survey.samples import Sample

FORMS = memory_forms_of("x86_64")
ISA_FLAGS = {
    "aarch64": [["-march=armv8-a"], ["-march=armv8-a+sve"], ["-march=armv9-a+sme"]],
    "riscv64": [["-march=rv64gcv"]],
    "x86_64": [["-mavx2", "-mfma"]],
}
UNKNOWN_TO_ALL = {"sme-i16i64", "sme-f64f64"}
"""Features that compilers take by their flags and have no macro for."""


@cache
def compiler(spec: str, machine: str) -> Compiler:
    found = find_compiler(spec, f"{machine}-linux-gnu", host_backend())
    assert isinstance(found, Compiler), str(found)
    return found


def assembled(text: str, machine: str, spec: str, flags: list[str], directory: Path) -> bytes:
    """Assemble instructions and return their bytes."""
    source, made = directory / "code.s", directory / "code.o"
    source.write_text("\n".join(part.strip() for part in text.split(";")) + "\n")
    command = [*compiler(spec, machine).command, *flags, "-c", str(source), "-o", str(made)]
    subprocess.run(command, check=True)
    objcopy = shutil.which("llvm-objcopy") or shutil.which(f"{machine}-linux-gnu-objcopy")
    assert objcopy
    whole = directory / "code.bin"
    subprocess.run([objcopy, "-O", "binary", "--only-section=.text", str(made), str(whole)], check=True)
    return whole.read_bytes()


def test_every_memory_form_is_its_assembly(tmp_path: Path) -> None:
    made = assembled("; ".join(form.assembly for form in FORMS), "x86_64", "gcc", [], tmp_path)
    for form in FORMS:
        assert made.startswith(form.code), form.assembly
        assert Sample(form.code, form.operand_bytes).slot
        made = made.removeprefix(form.code)
    assert not made


@pytest.mark.parametrize("form", FORMS, ids=[form.assembly for form in FORMS])
def test_a_memory_form_stands_for_its_own_last_instruction(form: MemoryForm) -> None:
    mnemonic, _, operands = form.assembly.split(";")[-1].strip().partition(" ")
    if mnemonic != "emms":  # clears up behind the one that counts
        assert form.fits(mnemonic, operands)
        assert not form.fits(mnemonic, "%xmm1,%xmm2,%xmm3")
        assert not form.fits(mnemonic, operands.replace("(%rdi)", "0x0(%rip)").replace("(%rdi,%xmm1,4)", "0x0(%rip)"))


def test_every_sample_is_its_assembly(tmp_path: Path) -> None:
    sampled = [feature for feature in table_of("riscv64").features.values() if feature.sample]
    march = "-march=rv64gcv" + "".join(feature.flag for feature in sampled)
    text = "; ".join(feature.assembly for feature in sampled)
    made = assembled(text, "riscv64", "clang", [march, "-mno-relax"], tmp_path)
    for feature in sampled:
        assert made.startswith(feature.sample), feature.assembly
        made = made.removeprefix(feature.sample)
    assert not made


@pytest.mark.parametrize("machine", machines())
def test_every_suggested_flag_compiles_and_promises_its_feature(machine: str) -> None:
    """With one compiler or the other: none here knows all of them."""
    table = table_of(machine)
    for isa_flags in ISA_FLAGS[machine]:
        for name in table.features.keys() - UNKNOWN_TO_ALL - {"v"}:
            flags = (*isa_flags, table.promising_flag(name, isa_flags))
            said = (predefined_macros(host_backend(), compiler(spec, machine), flags) for spec in ("clang", "gcc"))
            assert any(name in table.of_macros(macros) for macros in said if macros), f"{name}: {flags}"


INTRINSICS = {
    "dotprod": "vdotq_s32(vdupq_n_s32(0), vdupq_n_s8(1), vdupq_n_s8(2))",
    "fp16": "vaddq_f16(vdupq_n_f16(1), vdupq_n_f16(2))",
    "fp16fml": "vfmlalq_low_f16(vdupq_n_f32(0), vdupq_n_f16(1), vdupq_n_f16(2))",
    "bf16": "vbfdotq_f32(vdupq_n_f32(0), vdupq_n_bf16(vcvth_bf16_f32(1)), vdupq_n_bf16(vcvth_bf16_f32(1)))",
    "i8mm": "vmmlaq_s32(vdupq_n_s32(0), vdupq_n_s8(1), vdupq_n_s8(2))",
    "rdma": "vqrdmlahq_s32(vdupq_n_s32(0), vdupq_n_s32(1), vdupq_n_s32(2))",
    "fcma": "vcaddq_rot90_f32(vdupq_n_f32(0), vdupq_n_f32(1))",
    "sha3": "veor3q_u8(vdupq_n_u8(0), vdupq_n_u8(1), vdupq_n_u8(2))",
}


@pytest.mark.parametrize("isa", ["-march=armv8-a", "-march=armv8-a+sve"])
@pytest.mark.parametrize("spec", ["gcc", "clang"])
@pytest.mark.parametrize("name", INTRINSICS)
def test_with_the_suggested_flag_the_features_intrinsics_compile(
    name: str, spec: str, isa: str, tmp_path: Path
) -> None:
    """The compilers' header asks for an architecture beside the feature."""
    source = tmp_path / "code.c"
    source.write_text(f"#include <arm_neon.h>\nvoid f(void *out) {{ __auto_type x = {INTRINSICS[name]};")
    with source.open("a") as file:
        file.write(" __builtin_memcpy(out, &x, sizeof x); }\n")
    flags = (isa, table_of("aarch64").promising_flag(name, [isa]))
    command = [*compiler(spec, "aarch64").command, *flags, "-O2", "-c", str(source), "-o", str(tmp_path / "code.o")]
    subprocess.run(command, check=True)


def test_a_table_that_speaks_of_what_it_does_not_have_is_refused() -> None:
    for machine in machines():
        table: FeatureTable = table_of(machine)
        for feature in table.features.values():
            assert {*feature.requires, *feature.comes_with} <= table.features.keys()
