"""What a probe must have told before an executor is believed."""

from __future__ import annotations

from typing import cast

import pytest

from harness.launch.emulators import has_cpu_model
from harness.model import Need, Observation
from harness.place import Command, Exit, Place
from harness.project.targets import load_target
from harness.resources import targets_directory
from harness.survey import objection

AVX512 = load_target(targets_directory() / "avx512.toml")
AVX512F = load_target(targets_directory() / "avx512f.toml")
SKYLAKE = 1 << 5 | 1 << 16 | 1 << 17 | 1 << 30 | 1 << 31
KNIGHTS_LANDING = 1 << 5 | 1 << 16


def seen(**facts: int) -> Observation:
    told = {"avx512_bits": 512, "cpuid_1_ecx": 1 << 12, "mxcsr": 0x1F80, "x87_control": 0x37F}
    return Observation(told | facts, {}, {}, {}, None, ())


def objected(target: str, **facts: int) -> str:
    isa = {"avx512": AVX512, "avx512f": AVX512F}[target]
    return objection(seen(**facts), Need(target, target, 512), isa, "this machine's CPU", "x")[0]


def test_a_processor_with_all_features_is_taken() -> None:
    assert objected("avx512", cpuid_7_ebx=SKYLAKE) == ""
    assert objected("avx512f", cpuid_7_ebx=KNIGHTS_LANDING) == ""


def test_vectors_of_the_right_length_do_not_make_up_for_features_that_are_not_there() -> None:
    """A kernel would be accused of the CRASH that a processor without them ends it by."""
    said = objected("avx512", cpuid_7_ebx=KNIGHTS_LANDING)
    assert said == "this machine's CPU has no avx512bw, avx512dq, avx512vl"
    assert objected("avx512", cpuid_7_ebx=SKYLAKE, cpuid_1_ecx=0) == "this machine's CPU has no fma"


def test_a_processor_with_more_does_not_stand_for_one_with_less() -> None:
    said = objected("avx512f", cpuid_7_ebx=KNIGHTS_LANDING | 1 << 17)
    assert said == "this machine's CPU has avx512dq: that a kernel for avx512f uses it would not show"


@pytest.mark.parametrize(("fact", "value"), [("mxcsr", 0x9F80), ("x87_control", 0x27F)])
def test_control_words_that_round_otherwise_rule_it_out(fact: str, value: int) -> None:
    assert f"starts programs with {fact} {value:#x}" in objected("avx512", cpuid_7_ebx=SKYLAKE, **{fact: value})


def test_a_cpu_model_that_the_emulator_does_not_list_is_named() -> None:
    need = Need("avx512", "avx512", 512)
    refused = Observation({}, {}, {}, {}, "the guest did not start (exit status 1): whatever it said", ())
    for has_model, reason in (
        (False, "qemu-x86_64 7.2 has no CPU 'Icelake'"),
        (True, "qemu-x86_64 7.2 does not run it: the guest did not start (exit status 1): whatever it said"),
    ):
        said = objection(refused, need, AVX512, "qemu-x86_64 7.2", "Icelake,avx512f=on", has_model=has_model)
        assert said[0] == reason


class Emulator:
    """A place with one QEMU, which lists its models."""

    def __init__(self, end: Exit) -> None:
        self.end = end

    def run_tools(self, commands: list[Command], *_: object) -> list[Exit]:
        assert commands == [("/usr/bin/qemu-x", "-cpu", "help")]
        return [self.end]


@pytest.mark.parametrize(
    ("end", "cpu", "has_it"),
    [
        (Exit(0, "Available CPUs:\n  a64fx\n  cortex-a72\n", ""), "cortex-a72", True),
        (Exit(0, "Available CPUs:\n  a64fx\n  cortex-a72\n", ""), "a64fx,sve512=on", True),
        (Exit(0, "Available CPUs:\n  a64fx\n  cortex-a72\n", ""), "cortex-a7", False),
        (Exit(0, "x86 Broadwell-v1   (alias configured)\n", ""), "Broadwell-v1", True),
        (Exit(1, "", "no such option"), "cortex-a7", True),
        (Exit(0, "", ""), "cortex-a7", True),
    ],
)
def test_models_are_looked_up_in_the_emulators_list(end: Exit, cpu: str, has_it: bool) -> None:
    assert has_cpu_model("/usr/bin/qemu-x", cpu, cast(Place, Emulator(end))) is has_it


def test_another_length_than_asked_for_rules_it_out() -> None:
    assert objected("avx512", cpuid_7_ebx=SKYLAKE, avx512_bits=256) == "this machine's CPU runs 256 bits, not 512"
