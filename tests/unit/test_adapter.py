"""The call adapter, as text: what is generated from a prototype."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from harness.build.adapter import adapter_source
from harness.model import Kernel
from harness.model.prototype import parse_prototype
from tests.unit.samples import rms_norm


def adapter(prototype: str, isa: str = "scalar") -> str:
    """The adapter of a kernel with any prototype, for a contract that has the same parameters."""
    parsed = parse_prototype(prototype)
    names = tuple(parameter.name for parameter in parsed.parameters)
    contract = replace(rms_norm(), prototype=replace(parsed, name="op"))
    kernel = Kernel("op", "k", isa, (Path("k.c"),), parsed.name, parsed, names, contract.conventions)
    return adapter_source(kernel, contract)


@pytest.mark.parametrize(
    ("prototype", "arguments"),
    [
        (
            "void k(float *row, size_t len, float eps)",
            "{SEQUENCE_INTEGER, 8}, {SEQUENCE_INTEGER, 8}, {SEQUENCE_VECTOR, 4}",
        ),
        (
            "void k(double a, int b, const int8_t *c)",
            "{SEQUENCE_VECTOR, 8}, {SEQUENCE_INTEGER, 4}, {SEQUENCE_INTEGER, 8}",
        ),
        ("void k(_Float16 a, bool b, short c)", "{SEQUENCE_VECTOR, 2}, {SEQUENCE_INTEGER, 1}, {SEQUENCE_INTEGER, 2}"),
    ],
)
def test_the_signature_has_the_width_of_every_argument_in_order(prototype: str, arguments: str) -> None:
    assert f".argument_count = 3, .result_bytes = 0, .arguments = {{{arguments}}}" in adapter(prototype)


def test_a_function_of_nothing_has_no_arguments() -> None:
    assert ".argument_count = 0, .result_bytes = 4}" in adapter("float k(void)")


@pytest.mark.parametrize(
    ("attribute", "flags"),
    [
        ("ms_abi", ".flags = SIGNATURE_MS_ABI,"),
        ("__aarch64_vector_pcs__", ".flags = SIGNATURE_VECTOR_PCS,"),
    ],
)
def test_a_calling_convention_is_declared_and_told(attribute: str, flags: str) -> None:
    before = adapter(f"__attribute__(({attribute})) float k(const float *x, int n)")
    behind = adapter(f"float k(const float *x, int n) __attribute__ (( {attribute} ));")
    declared = f"__attribute__(({attribute.strip('_')})) float guest_trampoline(const float *x, int n);"
    assert before == behind
    assert declared in before
    assert declared.replace("guest_trampoline", "k") in before
    assert flags in before


def test_the_vector_variant_of_riscv_is_told_and_not_declared() -> None:
    text = adapter("__attribute__((riscv_vector_cc)) float k(const float *x, int n)")
    assert "\nfloat guest_trampoline(const float *x, int n);" in text
    assert ".flags = SIGNATURE_VECTOR_CC," in text


def test_the_platforms_own_convention_needs_no_flags() -> None:
    assert "__attribute__((sysv_abi)) void k(int n);" in adapter("__attribute__((sysv_abi)) void k(int n)")
    assert ".flags" not in adapter("__attribute__((sysv_abi)) void k(int n)")
    assert "__attribute__" not in adapter("void k(int n)")


@pytest.mark.parametrize(
    ("keywords", "flags"),
    [
        ("", []),
        ("__arm_streaming", ["STREAMING_INTERFACE"]),
        ("__arm_streaming_compatible", ["STREAMING_COMPATIBLE"]),
        ('__arm_in("za")', ["SHARED_ZA", "ZA_INPUT", "ZA_KEPT"]),
        ('__arm_out("za")', ["SHARED_ZA"]),
        ('__arm_inout( "za" )', ["SHARED_ZA", "ZA_INPUT"]),
        ('__arm_streaming __arm_preserves("za")', ["STREAMING_INTERFACE", "SHARED_ZA", "ZA_KEPT"]),
        ('__arm_inout("za", "zt0")', ["SHARED_ZA", "ZA_INPUT", "ZT0_INPUT"]),
        ('__arm_out("za") __arm_in("zt0")', ["SHARED_ZA", "ZT0_INPUT", "ZT0_KEPT"]),
    ],
)
def test_an_sme_interface_is_told_and_left_out_of_the_c(keywords: str, flags: list[str]) -> None:
    text = adapter(f"float k(const float *x, int n) {keywords}", "sme")
    assert f".flags = {' | '.join(f'SIGNATURE_{flag}' for flag in ['STREAMING', *flags])}," in text
    assert "__arm_" not in text.partition("\n")[2], "compilers that do not know SME build it too"


@pytest.mark.parametrize("keyword", ["__arm_locally_streaming", '__arm_new("za")', "__arm_locally_streaming static"])
def test_what_concerns_a_definition_only_changes_nothing(keyword: str) -> None:
    assert adapter(f"{keyword} float k(const float *x, int n)") == adapter("float k(const float *x, int n)")
