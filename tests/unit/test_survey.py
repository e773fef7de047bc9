"""What a probe must have told before an executor is believed, and what is said where it is not."""

from __future__ import annotations

from typing import cast

import pytest

from harness.backend import Backend, Command, Exit
from harness.features import table_of
from harness.launch.emulators import bochs, emulator_of, sde
from harness.model import Emulation, Executor, Missing, Need, Observation, Promise, Target
from harness.project.targets import load_target
from harness.resources import targets_directory
from harness.survey.proving import lacking, objection, promised_features

SKYLAKE = 1 << 5 | 1 << 16 | 1 << 17 | 1 << 30 | 1 << 31
KNIGHTS_LANDING = 1 << 5 | 1 << 16
XCR0 = 0xE7
X86, ARM, RISCV = (table_of(machine) for machine in ("x86_64", "aarch64", "riscv64"))
NO_PROMISE = Promise()
NATIVE = Executor("native", "", "x", (), "x")
QEMU = Executor("qemu-user", "7.2.0", "max", ("qemu", "-cpu", "max"), "x")


def target(name: str) -> Target:
    return load_target(targets_directory() / f"{name}.toml")


def seen(**facts: int) -> Observation:
    reported = {
        "avx512_bits": 512,
        "cpuid_1_ecx": 1 << 12 | 1 << 28,
        "xcr0": XCR0,
        "mxcsr": 0x1F80,
        "x87_control": 0x37F,
    }
    return Observation(reported | facts, {}, {}, {}, None, ())


def objected(name: str, **facts: int) -> str:
    isa, observed = target(name), seen(**facts)
    has = X86.attested(observed.attestation)
    need = Need(name, name, 512)
    found = objection(observed, need, isa, NATIVE, "this machine's CPU", has, Emulation("native"))
    found = found or lacking(X86, frozenset(isa.features), has, need.promise, isa, NATIVE, "this machine's CPU")
    return found.reason if found else ""


def test_a_processor_with_all_features_is_taken() -> None:
    assert objected("avx512", cpuid_7_ebx=SKYLAKE) == ""
    assert objected("avx512f", cpuid_7_ebx=KNIGHTS_LANDING) == ""


def test_vectors_of_the_right_length_do_not_make_up_for_features_that_are_not_there() -> None:
    """A kernel would be accused of the CRASH that a processor without them ends it by."""
    said = objected("avx512", cpuid_7_ebx=KNIGHTS_LANDING)
    assert said == "this machine's CPU has no avx512dq, avx512bw, avx512vl"
    assert objected("avx512", cpuid_7_ebx=SKYLAKE, cpuid_1_ecx=1 << 28) == "this machine's CPU has no fma"


def test_a_processor_with_more_does_not_stand_for_one_with_less() -> None:
    said = objected("avx512f", cpuid_7_ebx=KNIGHTS_LANDING | 1 << 17)
    assert said == "this machine's CPU has avx512dq: that a kernel for avx512f uses it would not show"


@pytest.mark.parametrize(("fact", "value"), [("mxcsr", 0x9F80), ("x87_control", 0x27F)])
def test_control_words_that_round_otherwise_rule_it_out(fact: str, value: int) -> None:
    assert f"starts programs with {fact} {value:#x}" in objected("avx512", cpuid_7_ebx=SKYLAKE, **{fact: value})


def test_a_cpu_model_that_the_emulator_does_not_list_is_named() -> None:
    need = Need("avx512", "avx512", 512)
    refused = Observation({}, {}, {}, {}, "the guest did not start (exit status 1): whatever it said", ())
    icelake = Executor("qemu-user", "7.2", "Icelake,avx512f=on", ("qemu-x86_64",), "x")
    for has_model, reason in (
        (False, "qemu-x86_64 7.2 has no CPU 'Icelake'"),
        (True, "qemu-x86_64 7.2 does not run it: the guest did not start (exit status 1): whatever it said"),
    ):
        way = Emulation("qemu-user")
        isa = target("avx512")
        found = objection(refused, need, isa, icelake, "qemu-x86_64 7.2", (), way, has_model=has_model)
        assert found
        assert found.reason == reason


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
    executor = Executor("qemu-user", "", cpu, ("/usr/bin/qemu-x", "-cpu", cpu), "x")
    assert emulator_of("qemu-user").has_cpu_model(executor, cast(Backend, Emulator(end))) is has_it


def test_another_length_than_asked_for_rules_it_out() -> None:
    assert objected("avx512", cpuid_7_ebx=SKYLAKE, avx512_bits=256) == "this machine's CPU runs 256 bits, not 512"


@pytest.mark.parametrize(
    ("hwcap2", "said"), [(0, None), (1 << 23, "qemu with the CPU 'max' still has sme"), (1 << 37, None)]
)
def test_a_gate_has_none_of_what_makes_the_same_registers(hwcap2: int, said: str | None) -> None:
    """QEMU 11 keeps SME where SVE is switched off."""
    isa = target("sve")
    assert isa.gate
    facts = {"hwcap": 0, "hwcap2": hwcap2}
    observed = Observation(facts, {}, {}, {}, None, ())
    found = objection(
        observed, Need("sve", "sve", None, is_gate=True), isa, QEMU, "qemu", ARM.attested(facts), isa.gate
    )
    assert (found and found.reason) == said


def test_every_gate_says_what_its_processor_lacks() -> None:
    for path in targets_directory().glob("*.toml"):
        isa = load_target(path)
        if isa.gate:
            assert set(isa.gate.lacks) & table_of(isa.triple.split("-")[0]).with_required(isa.features)


# ---- what is promised ----------------------------------------------------------------------------------------------


def test_a_promise_is_what_compilers_may_use_what_flags_name_and_what_the_manifest_says() -> None:
    isa, promise = target("neon"), Promise(("-march=armv8.2-a+dotprod",), ("bf16",))
    assert promised_features(ARM, isa, [frozenset({"lse"})], promise) == {"lse", "dotprod", "bf16"}


def test_what_flags_take_back_is_not_promised_and_neither_is_what_requires_it() -> None:
    isa = target("avx2")
    understood = [frozenset({"avx2", "fma", "avx", "sse4.2"})]
    assert "avx2" in promised_features(X86, isa, understood, Promise())
    assert not {"avx2", "fma", "avx"} & promised_features(X86, isa, understood, Promise(("-mno-avx",)))
    assert "fma" in promised_features(X86, isa, [], Promise(("-mno-avx2",)))


def test_where_no_compiler_takes_the_flags_the_isa_counts() -> None:
    assert promised_features(ARM, target("sve2"), [], Promise()) == {"sve2", "sve", "fp16"}


# ---- what is lacking -----------------------------------------------------------------------------------------------


def missing(name: str, absent: str, executor: Executor, promise: Promise = NO_PROMISE) -> Missing:
    table = table_of(target(name).triple.split("-")[0])
    found = lacking(table, frozenset({absent}), frozenset(), promise, target(name), executor, "qemu-x 7.2.0")
    assert found
    return found


def test_a_core_model_without_a_promised_feature_is_not_to_be_had() -> None:
    found = missing("a64fx", "dotprod", QEMU, Promise(("-march=armv8.2-a+dotprod",)))
    assert found.is_inherent
    assert found.reason == 'a64fx has no dotprod, which flags = ["-march=armv8.2-a+dotprod"] promise'
    assert 'features = ["dotprod"]' in missing("a64fx", "dotprod", QEMU, Promise((), ("dotprod",))).reason


def test_an_emulator_without_one_is_unavailable_with_the_remedy() -> None:
    found = missing("sme", "sme2", QEMU)
    assert not found.is_inherent
    assert str(found) == ("qemu-x 7.2.0 has no sme2; needs QEMU 10.1 or later (Debian 13's backports have 11.1)")
    assert missing("rvv", "zvbb", QEMU).remedy == "needs QEMU 9.0 or later (Debian 13 has 10.0)"
    assert "no release of QEMU" in missing("avx512", "avx512_vnni", QEMU).remedy


def test_what_has_everything_lacks_nothing() -> None:
    has = frozenset({"dotprod", "fp16"})
    assert lacking(ARM, frozenset({"dotprod"}), has, Promise(), target("a64fx"), QEMU, "qemu") is None


# ---- what is switched on -------------------------------------------------------------------------------------------


def test_properties_are_added_to_the_cpu_as_each_emulator_takes_them() -> None:
    def cpu(how: str, its: str | None, *names: str) -> str | None:
        return emulator_of(how).with_properties(Emulation(how, its), names).cpu

    assert cpu("qemu-user", "rv64,v=true", "zvfh") == "rv64,v=true,zvfh=true"
    assert cpu("bochs", "corei7_skylake_x,-avx512bw", "corei7_icelake_u") == "corei7_icelake_u,-avx512bw"
    assert cpu("sde", "-skx", "-icl", "-spr") == "-spr"
    assert cpu("native", None, "bmi2") is None


def test_every_chip_in_a_table_is_known() -> None:
    for feature in X86.features.values():
        assert set(feature.properties.get("sde", ())) <= set(sde.CHIPS)
        assert set(feature.properties.get("bochs", ())) <= set(bochs.MODELS)


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ("can't apply global rv64-riscv-cpu.zfh=true: Property 'rv64-riscv-cpu.zfh' not found", "zfh"),
        ("Property 'max-x86_64-cpu.sse4.1' not found", "sse4.1"),
        ("something else", None),
    ],
)
def test_qemu_says_which_property_it_does_not_know(said: str, name: str | None) -> None:
    assert emulator_of("qemu-user").unknown_property(f"qemu does not run it: {said}") == name
