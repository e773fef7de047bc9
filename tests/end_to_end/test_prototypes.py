"""A prototype that is not that of the definition is refused by check and run; what only looks like one passes."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.conftest import Harness

ONE_BUILD = ("--cc", "gcc", "--opt", "O2", "--build", "plain", "--suite", "boundary")
WRONG = {
    "order": (
        "axpy_f32",
        "",
        "void order(size_t n, float a, const float *x, float *y) { while (n--) y[n] += a * x[n]; }",
    ),
    "width": ("sum_f32", "", "double width(const double *x, size_t n) { return n ? x[0] : 0; }"),
    "said": (
        "sum_f32",
        "float said(const float *x, size_t n)",
        "float said(size_t n, const float *x) { return n ? x[0] : 0; }",
    ),
    "names": (
        "axpy_f32",
        "",
        "void names(float *y, float *restrict x, float len, float a) { y[0] = x[0] + len * a; }",
    ),
}
RIGHT = {
    "other": (
        "sum_f32",
        "",
        "float other(const float *restrict buf, int k) { float s = 0; while (k-- > 0) s += *buf++; return s; }",
    ),
    "matched": (
        "axpy_f32",
        "void matched(size_t len, float a, const float *x, float *y)",
        "void matched(size_t n, float a, const float *x, float *y) { while (n--) y[n] += a * x[n]; }",
    ),
    "moved": (  # among floats and others, which have registers of their own
        "axpy_f32",
        "",
        "void moved(float a, float *y, const float *x, size_t n) { while (n--) y[n] += a * x[n]; }",
    ),
    "naked": (
        "sum_f32",
        "",
        """__attribute__((naked)) void naked(void) { __asm__("jmp total"); }
__attribute__((used)) float total(const float *x, size_t n) { float s = 0; while (n--) s += *x++; return s; }""",
    ),
}


def project(folder: Path, kernels: dict[str, tuple[str, str, str]], more: str = "") -> None:
    manifest = ""
    for name, (op, prototype, source) in kernels.items():
        (folder / f"{name}.c").write_text(f"#include <stddef.h>\n{source}\n")
        manifest += (
            f'[[kernel]]\nop = "{op}"\nisa = "scalar"\nname = "{name}"\nsources = ["{name}.c"]\nsymbol = "{name}"\n'
        )
        manifest += f'prototype = "{prototype}"\n' if prototype else ""
    (folder / "harness.toml").write_text(manifest + more)


def test_what_is_not_the_prototype_of_the_source_is_refused(harness: Harness, tmp_path: Path) -> None:
    project(tmp_path, WRONG | RIGHT)
    checked = harness("check")
    faults = {
        line.split(":")[0].split("/")[-1]: line for line in checked.stdout.splitlines() if line.startswith("FAULT")
    }
    assert checked.returncode == 2, checked.stdout
    assert faults.keys() == WRONG.keys()
    for name, line in faults.items():
        assert f" and {tmp_path}/{name}.c:2 defines '" in line
        declared = r"harness\.toml:19" if name == "said" else rf"cases/{WRONG[name][0]}\.py:\d+"
        assert re.search(rf"{declared} declares '", line)
    assert 'write prototype = "float said(size_t len, const float *x)"' in faults["said"]
    done = harness("run", *ONE_BUILD, "--json", "r.json")
    assert done.returncode == 2, done.stdout
    verdicts = json.loads((tmp_path / "r.json").read_text())["verdicts"]
    assert {v["kernel"].split("/")[1] for v in verdicts if v["outcome"] == "CONTRACT_ERROR"} == WRONG.keys()
    assert {v["kernel"].split("/")[1] for v in verdicts if v["outcome"] == "PASS"} == RIGHT.keys()
    assert {v["source_line"] for v in verdicts if v["outcome"] == "CONTRACT_ERROR"} == {f"{name}.c:2" for name in WRONG}


def test_what_else_stands_against_a_prototype_is_told_where_the_kernel_fails(harness: Harness, tmp_path: Path) -> None:
    bits = "void {0}(uint32_t *x, size_t n) {{ for (size_t i = 0; i < n; i++) x[i] = {1}; }}"
    contract = (
        "from harness.contract import each, every, op\n"
        "turn = op('void turn(float *x, size_t n)', inout='x[n]', reference=lambda x: -x,\n"
        "          passes=[each('x', lambda x: -x, roundings=0)], suites={'boundary': every(1, 20)})\n"
    )
    (tmp_path / "contract.py").write_text(contract)
    kernels = {"right": "x[i] ^ 0x80000000u", "wrong": "-x[i]"}
    project(
        tmp_path, {name: ("turn", "", f"#include <stdint.h>\n{bits.format(name, to)}") for name, to in kernels.items()}
    )
    manifest = tmp_path / "harness.toml"
    manifest.write_text(f'contracts = ["contract.py"]\n{manifest.read_text()}')
    checked = harness("check")
    assert checked.returncode == 0, checked.stdout
    assert checked.stdout.count("'uint32_t *x' stands where 'float *x' is passed") == 2
    done = harness("run", *ONE_BUILD)
    assert done.returncode == 1, done.stdout
    passed, failed = done.stdout.split("Failures, worst first:")
    assert re.search(r"turn/right .* 20/20 ", passed)
    assert "uint32_t" not in passed
    assert "'uint32_t *x' stands where 'float *x' is passed" in failed


def test_a_waiver_says_that_it_is_meant(harness: Harness, tmp_path: Path) -> None:
    pairs = "float pairs(const double *x, size_t n) { float s = 0; const char *p = (const char *)x;" + (
        " for (size_t i = 0; i < n; i++) { float one; __builtin_memcpy(&one, p + 4 * i, 4); s += one; } return s; }"
    )
    project(tmp_path, {"pairs": ("sum_f32", "", pairs)})
    assert harness("check").returncode == 2
    project(tmp_path, {"pairs": ("sum_f32", "", pairs)}, 'waived = { prototype = "takes floats two at a time" }\n')
    assert harness("check").returncode == 0
    done = harness("run", *ONE_BUILD)
    assert done.returncode == 0, done.stdout
    assert "not checked: that the prototype it is called by is that of its definition (takes floats two" in done.stdout


@pytest.mark.parametrize("debug", ["-g", "-g0"])
def test_objects_say_what_their_debug_information_does(harness: Harness, tmp_path: Path, debug: str) -> None:
    if shutil.which("gcc") is None:
        pytest.skip("no gcc")
    (tmp_path / "k.c").write_text("double total(const double *x, long n) { return n ? x[0] : 0; }\n")
    subprocess.run(["gcc", debug, "-c", "k.c"], cwd=tmp_path, check=True)
    kernel = '[[kernel]]\nop = "sum_f32"\nisa = "scalar"\nsources = ["k.o"]\nsymbol = "total"\n'
    (tmp_path / "harness.toml").write_text(kernel)
    done = harness("check")
    assert done.returncode == (2 if debug == "-g" else 0), done.stdout
    assert ("k.c:1 defines 'double total(const double *x, long int n)'" in done.stdout) == (debug == "-g")


def test_a_kernel_that_is_an_object_is_taken_by_its_debug_information(harness: Harness, tmp_path: Path) -> None:
    if shutil.which("gcc") is None:
        pytest.skip("no gcc")
    for name, text in {
        "fits": "void axpy(long n, float a, const float *x, float *y) { while (n--) y[n] += a * x[n]; }",
        "other": "void axpy(double *y, const double *x, long n, double a) { y[0] = a * x[n]; }",
    }.items():
        (tmp_path / f"{name}.c").write_text(f"{text}\n")
        subprocess.run(["gcc", "-O1", "-mavx2", "-g", "-c", f"{name}.c"], cwd=tmp_path, check=True)
        (tmp_path / f"{name}.c").unlink()
    done = harness("run", "fits.o", "--isa", "scalar", *ONE_BUILD[-2:])
    assert done.returncode == 0, done.stdout + done.stderr
    assert "void axpy(long int len, float a, const float *x, float *y), because its name says axpy_f32" in done.stderr
    done = harness("run", "other.o", "--isa", "scalar")
    assert done.returncode == 2
    assert "but not its form: it is void axpy(double *y, const double *x, long int n, double a), and the" in done.stderr
