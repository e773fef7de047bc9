"""`harness check`: what is wrong with a project, told without running a kernel."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import Harness

MANIFEST = """contracts = ["contract.py"]
[[kernel]]
op = "twice"
isa = "neon"
sources = ["kernel.c"]
symbol = "kernel"
"""
CONTRACT = """from harness.contract import each, every, op

twice = op(
    "void twice(float *x, size_t n)",
    inout="x[n]",
    reference=lambda x: 2 * x,
    passes=[each("x", lambda x: 2 * x, roundings=1)],
    suites={"short": every(0, 9)},
)
"""
# It does not return: were it run, the test would time out.
KERNEL = "#include <stddef.h>\nvoid kernel(float *x, size_t n) { for (;;) *(volatile float *)x = n; }\n"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for name, text in (("harness.toml", MANIFEST), ("contract.py", CONTRACT), ("kernel.c", KERNEL)):
        (tmp_path / name).write_text(text)
    return tmp_path


def test_a_sound_project_is_told_in_full(harness: Harness, project: Path) -> None:
    done = harness("check", cwd=project)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.startswith(f"{project}/harness.toml: 1 kernel\n\n")
    assert "ok     contract twice: reference and passes agree (short/n1, short/n" in done.stdout
    assert "ok     kernel twice/neon: kernel, compiled at -O2 and linked by gcc" in done.stdout
    assert done.stdout.endswith("0 faults; no kernel was run\n")
    assert not (project / ".harness").exists()


@pytest.mark.parametrize(
    ("file", "old", "new", "message"),
    [
        (
            "contract.py",
            'each("x", lambda x: 2 * x',
            'each("x", lambda x: 3 * x',
            "reference and passes of twice disagree",
        ),
        (
            "contract.py",
            "reference=lambda x: 2 * x",
            "reference=lambda x: 1 / 0",
            "the reference of twice raised ZeroDiv",
        ),
        ("contract.py", "reference=lambda x: 2 * x", "reference=lambda x: x[1:]", "yields shape"),
        (
            "kernel.c",
            "void kernel(",
            "void kernle(",
            "no function 'kernel' that the linker sees (perhaps you meant 'kernle')",
        ),
        (
            "kernel.c",
            "void kernel(",
            "static void kernel(",
            "; {0}/kernel.c:2: kernel is static or inline, so that the",
        ),
        ("kernel.c", "stddef.h", "stdef.h", "kernel.c:1:"),
        ("harness.toml", 'symbol = "kernel"', 'symbol = "kernel"\nflags = ["-march=armv99"]', "armv99"),
        ("harness.toml", 'symbol = "kernel"', 'symbol = "kernel"\nlibraries = ["nowhere"]', "cannot find -lnowhere"),
    ],
)
def test_a_fault_is_told(harness: Harness, project: Path, file: str, old: str, new: str, message: str) -> None:
    text = (project / file).read_text()
    assert old in text
    (project / file).write_text(text.replace(old, new))
    done = harness("check", cwd=project)
    assert done.returncode == 2, done.stdout + done.stderr
    (fault,) = [line for line in done.stdout.splitlines() if line.startswith("FAULT")]
    assert message.replace("{0}", str(project)) in fault


def test_a_fault_in_the_manifest_is_the_only_line(harness: Harness, project: Path) -> None:
    (project / "harness.toml").write_text(MANIFEST.replace("neon", "noen"))
    done = harness("check", cwd=project)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"harness: {project}/harness.toml:4: unknown isa 'noen' (perhaps you meant 'neon')")


def test_only_the_kernels_that_are_named_are_looked_at(harness: Harness, project: Path) -> None:
    other = MANIFEST.partition("[[kernel]]")[2].replace('"neon"', '"scalar"').replace("kernel.c", "other.c")
    (project / "harness.toml").write_text(f"{MANIFEST}[[kernel]]{other}")
    (project / "other.c").write_text("#error not this one\n")
    done = harness("check", "twice/neon", cwd=project)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "kernel twice/neon" in done.stdout
    assert "twice/scalar" not in done.stdout
    assert harness("check", "twice", cwd=project).returncode == 2  # both
    wrong = harness("check", "twice/noen", cwd=project)
    assert (wrong.returncode, wrong.stdout) == (2, "")
    assert "unknown kernel 'twice/noen' (perhaps you meant 'twice/neon')" in wrong.stderr
    file = harness("check", "kernel.c", cwd=project)
    assert file.returncode == 2
    assert "'harness run kernel.c --dry-run' says what a file is taken for" in file.stderr
