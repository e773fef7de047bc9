"""The command lines of builds: what kernels, their callers and the linker get."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from harness.build.adapter import adapter_source, user_declaration
from harness.build.commands import RUNNER_SYMBOLS, Callers, caller_flags, recipe
from harness.model import Build, Compilation, Compiler, Contract, Kernel, Variant
from harness.model.prototype import parse_prototype
from harness.project import bundled_contract, load_project
from harness.project.targets import load_target
from harness.resources import bundled_root, targets_directory

GCC = Compiler("gcc", "gcc", "12.2.0", "x86_64-linux-gnu", ("gcc",), "id")
ARM = replace(GCC, triple="aarch64-linux-gnu", command=("aarch64-linux-gnu-gcc",))
CONTRACT = bundled_contract("sum_f32")
PROJECTS = Path(__file__).parents[1] / "projects"


def kernel(*sources: str, adapter: str = "", flags: tuple[str, ...] = (), prototype: str = "") -> Kernel:
    return Kernel(
        "sum_f32",
        "k",
        "scalar",
        tuple(Path(source) for source in sources or ("/src/k.c",)),
        "sum",
        parse_prototype(prototype) if prototype else CONTRACT.prototype,
        (),
        CONTRACT.conventions,
        Compilation(flags=flags),
        adapter=Path(adapter) if adapter else None,
    )


def commands(it: Kernel, compiler: Compiler = GCC, isa_flags: tuple[str, ...] = ()) -> list[str]:
    callers = Callers(caller_flags(it, isa_flags), Path("/guest"), "void harness_adapter(void)")
    return [
        " ".join(command) for command in recipe(it, Build(compiler, "O2", Variant.PLAIN), isa_flags, callers).commands
    ]


def test_the_linker_takes_objects_as_what_they_are() -> None:
    lines = commands(kernel("/src/k.o", "/src/k.a"))
    assert ["-fno-lto" in line for line in lines] == [True, False, True], "objects of -ffat-lto-objects hold both"


def test_a_kernels_main_is_left_alone() -> None:
    assert "-Wl,--wrap=main" in commands(kernel())[-1]
    assert RUNNER_SYMBOLS[0] == "__wrap_main"


@pytest.mark.parametrize(("compiler", "has_support"), [(ARM, True), (GCC, False)])
def test_support_for_the_machine_comes_behind_the_kernel(compiler: Compiler, has_support: bool) -> None:
    link = commands(kernel(), compiler)[-1]
    assert ("{runner}/support.o" in link) is has_support
    assert not has_support or link.index("kernel0.o") < link.index("support.o"), "what the kernel brings comes first"


def test_callers_have_the_targets_flags_but_those_for_the_processor() -> None:
    rvv = load_target(targets_directory() / "rvv.toml").flags
    assert rvv == ("-march=rv64gcv", "-gdwarf-4")
    assert caller_flags(kernel(), rvv) == ("-gdwarf-4",)
    takes_vectors = kernel(prototype="vfloat32m1_t f(vfloat32m1_t x, size_t vl)", flags=("-mabi=lp64d", "-O3"))
    assert caller_flags(takes_vectors, rvv) == (*rvv, "-mabi=lp64d")
    adapted = commands(kernel(adapter="/src/glue.c"), isa_flags=rvv)
    assert [("-gdwarf-4" in line, "-march" in line) for line in adapted[:3]] == [
        (True, True),
        (True, False),
        (True, False),
    ]


@pytest.mark.parametrize(
    ("op", "source", "declared"),
    [
        ("dot_bf16", "float harness_adapter(const __bf16 *x, ...", "const __bf16 *x, const __bf16 *y"),
        ("dot_bf16", "float harness_adapter(const bfloat16_t *x, ...", "const __bf16 *x, const __bf16 *y"),
        ("dot_bf16", "float harness_adapter(const uint16_t *x, ...", "const uint16_t *x, const uint16_t *y"),
        (
            "dot_bf16",
            "/* not __bf16 */ float f(const bf16_bits *x) // nor bfloat16_t",
            "const uint16_t *x, const uint16_t *y",
        ),
        ("dot_bf16", "float harness_adapter(const _Float16 *x, ...", "const uint16_t *x, const uint16_t *y"),
        ("axpy_f16", "void harness_adapter(_Float16 *y, ...", "_Float16 *y, const _Float16 *x"),
        ("axpy_f16", "void harness_adapter(float16_t *y, ...", "__fp16 *y, const __fp16 *x"),
        ("axpy_f16", "void harness_adapter(uint16_t *y, ...", "uint16_t *y, const uint16_t *x"),
        ("axpy_f32", "void harness_adapter(float *y, ...", "float *y, const float *x"),
    ],
)
def test_an_adapter_is_declared_with_the_type_that_it_writes(op: str, source: str, declared: str) -> None:
    assert declared in user_declaration(bundled_contract(op), source)


def every_adapter() -> list[str]:
    manifests = [None, *(PROJECTS / name / "harness.toml" for name in ("vector_functions", "sve_math_function"))]
    projects = [load_project(manifest, Path("/")) for manifest in manifests]
    found: list[tuple[Kernel, Contract]] = [(k, each.contracts[k.op]) for each in projects for k in each.kernels]
    return [adapter_source(it, contract) for it, contract in found]


def test_what_others_need_of_the_runner_is_what_it_keeps_global() -> None:
    """Everything else is local to the runner, whatever a kernel calls its own functions."""
    headers = [
        bundled_root() / "csrc" / "guest" / "runner" / "harness_adapter.h",
        *(bundled_root() / "csrc" / "shims").rglob("*.h"),
    ]
    texts = [*every_adapter(), *(path.read_text() for path in headers)]
    own = {"guest_adapter", "guest_kernel", "guest_signature", "guest_chunk", "guest_f32", "guest_f64"}
    used = {name for text in texts for name in re.findall(r"\bguest_\w+(?=[\s(;,.)])", text)} - own
    assert used == set(RUNNER_SYMBOLS) - {"__wrap_main"}
