"""harness replay: one failure again, looked at closely, made smaller, and held for a debugger."""

from __future__ import annotations

import json
import re
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Harness, ManifestOf, Once
from tests.kernels import ROOT

BROKEN = ROOT / "must_fail"
RIGHT = ROOT.parents[1] / "csrc" / "kernels" / "rms_norm_f32" / "sve.c"
ONE = ("--cc", "gcc", "--opt", "O2")
ONE_VALUE = """#include <stddef.h>

float one_value(const float *x, size_t len) {
    float sum = 0.0f;
    for (size_t i = 0; i < len; i++)
        sum += __builtin_isinf(x[i]) ? 1.0f : x[i];
    return sum;
}
"""
KERNELS = (
    ("rms_norm_f32", "sve", "sve_founding_tail"),
    ("rms_norm_f32", "sve", "sve_dropped_tail"),
    ("rms_norm_f32", "sve", "sve_writes_one_past_end"),
    ("sum_f32", "sve", "sve_clobbers_z8"),
    ("rms_norm_f32", "scalar", "scalar_caches_by_length"),
    ("sum_f32", "scalar", "one_value"),
)


@pytest.fixture(scope="session")
def failed(once: Once) -> Path:
    """A project of known-bad kernels; each has failed in the last run of its own."""

    def fill(directory: Path) -> None:
        entries = []
        for op, isa, name in KERNELS:
            entry = f'[[kernel]]\nop = "{op}"\nisa = "{isa}"\nname = "{name}"\n'
            entries.append(f'{entry}sources = ["{name}.c"]\nsymbol = "{name}"\n')
            if (BROKEN / f"{name}.c").exists():
                shutil.copy(BROKEN / f"{name}.c", directory)
        (directory / "one_value.c").write_text(ONE_VALUE)
        (directory / "harness.toml").write_text("\n".join(entries))
        for suite, build, names in (
            ("boundary", "hostile", ("*/sve_founding_tail",)),
            ("boundary", "plain", ("*/sve_[dwc]*",)),
            ("special", "plain", ("*/scalar_caches_by_length", "*/one_value")),
        ):
            options = ("--svl", "256", *ONE, "--build", build, "--suite", suite, "--json", f"{suite}-{build}.json")
            command = [sys.executable, "-m", "harness", "run", *names, *options, "-q"]
            assert subprocess.run(command, cwd=directory, capture_output=True, timeout=120).returncode == 1

    return once("replay", fill)


def failure(project: Path, run: str, kernel: str, case: str) -> tuple[str, ...]:
    rows: list[dict[str, Any]] = json.loads((project / f"{run}.json").read_text())["verdicts"]
    ids = [row["id"] for row in rows if row["kernel"].endswith(kernel) and row["case"] == case]
    return ids[0], "--run", f"{run}.json"


def test_a_mismatch_that_depends_on_the_fill(harness: Harness, failed: Path) -> None:
    one = failure(failed, "boundary-hostile", "sve_founding_tail", "len13")
    done = harness("replay", *one, cwd=failed)
    assert done.returncode == 1, done.stderr
    for pattern in (
        r"then:\n  MISMATCH  rms_norm_f32/sve_founding_tail on sve at 256 bits \(gcc O2 hostile\) boundary/len13\n",
        r"now:\n  MISMATCH",
        r"-isystem \S+shims/aarch64 -c \S+sve_founding_tail\.c",
        r"qemu-aarch64 -cpu \S*sve256=on \S+/guest \S+/pack \S+/observation\n",
        r"the guest attests vectors of 256 bits",
        r"call 1: NaN fill, buffers end at a guard page: MISMATCH \[A\]",
        r"call 2: huge negative fill, .*\[B\]",
        r"\n  > +\[\d+\] .* wrong differs between calls\n",
        r"row\[\d+\] is lane \d of 8\n",
        r"in a loop of 4 vectors \(32 elements an iteration\): in the tail, which is 13 elements behind 0 full iter",
    ):
        assert re.search(pattern, done.stdout), pattern
    assert "warning" not in done.stdout
    command = re.search(r"\n  (\S+qemu-aarch64 .*)\n", done.stdout)
    assert command
    assert subprocess.run(command[1].split(), cwd=failed, timeout=60).returncode == 0  # it can be pasted


def test_out_of_bounds_and_state_are_seen_again(harness: Harness, failed: Path) -> None:
    done = harness("replay", *failure(failed, "boundary-plain", "writes_one_past_end", "len33"), cwd=failed)
    assert done.returncode == 1
    assert "call 1: benign fill, buffers end at a guard page: OUT_OF_BOUNDS, wrote row[33], past the end" in done.stdout
    assert "not called after that" in done.stdout
    done = harness("replay", *failure(failed, "boundary-plain", "clobbers_z8", "len9"), cwd=failed)
    assert done.returncode == 1
    assert re.search(r"call 1: .*: STATE \[A\], d8 changed from", done.stdout)


def test_of_a_state_that_was_lost_no_program_is_written(harness: Harness, failed: Path) -> None:
    one = failure(failed, "boundary-plain", "clobbers_z8", "len9")
    done = harness("replay", *one, "--shrink", "--budget", "20", cwd=failed)
    assert done.returncode == 1, done.stderr
    assert "the smallest case with the same outcome, STATE" in done.stdout
    assert "no program shows it: what a call has to preserve, only the guest checks" in done.stdout
    assert "int main" not in done.stdout


def test_a_dropped_tail_shrinks_to_one_element_at_the_smallest_width(harness: Harness, failed: Path) -> None:
    one = failure(failed, "boundary-plain", "sve_dropped_tail", "len1025")
    done = harness("replay", *one, "--shrink", cwd=failed)
    assert done.returncode == 1, done.stderr
    assert re.search(
        r"the smallest case with the same outcome, MISMATCH .*\n  128 bits, len = 1,.*\n  row = \{1\}\n", done.stdout
    )
    program = re.search(r"(?s)#include.*return 0;\n}\n", done.stdout)
    assert program
    (failed / "minimal.c").write_text(program[0])
    compiler = ("aarch64-linux-gnu-gcc", "-march=armv8-a+sve", "-static", "minimal.c", "sve_dropped_tail.c", "-lm")
    subprocess.run((*compiler, "-o", "minimal"), cwd=failed, check=True, timeout=60)
    said = subprocess.run(("qemu-aarch64", "./minimal"), cwd=failed, capture_output=True, text=True, timeout=60).stdout
    found = re.fullmatch(r"row\[0\]: got (\S+), want (\S+)\n", said)
    assert found
    assert abs(float(found[1]) - float(found[2])) > 1


def test_the_one_value_that_it_takes_is_found(harness: Harness, failed: Path) -> None:
    rows = json.loads((failed / "special-plain.json").read_text())["verdicts"]
    case = next(row["case"] for row in rows if row["kernel"] == "sum_f32/one_value" and row["outcome"] == "MISMATCH")
    done = harness("replay", *failure(failed, "special-plain", "one_value", case), "--shrink", cwd=failed)
    assert re.search(r"no vectors, len = 1\n  x = \{-?inf\}\n", done.stdout), done.stdout


def test_what_passes_alone_is_tried_behind_what_ran_before_it(harness: Harness, failed: Path) -> None:
    one = failure(failed, "special-plain", "scalar_caches_by_length", "len4097-descending")
    done = harness("replay", *one, "--shrink", cwd=failed)
    assert done.returncode == 1, done.stderr
    assert re.search(r"it passes alone; behind the \d+ cases before it in its job it fails: MISMATCH", done.stdout)
    assert re.search(r"it takes 1 of the cases before it: special/len4097-\w+\n", done.stdout)


def test_what_was_repaired_passes_and_what_changed_is_told(harness: Harness, failed: Path, tmp_path: Path) -> None:
    project = tmp_path / "project"
    shutil.copytree(failed, project)
    source = project / "sve_writes_one_past_end.c"
    repaired = RIGHT.read_text()
    source.write_text(repaired.replace("rms_norm_f32_sve", "sve_writes_one_past_end"))
    one = failure(project, "boundary-plain", "writes_one_past_end", "len33")
    done = harness("replay", *one, "--config", "harness.toml", cwd=project)
    assert done.returncode == 0, done.stdout
    assert "warning: sve_writes_one_past_end.c has changed since\n" in done.stdout
    assert done.stdout.endswith("\nit passes now\n")
    source.write_text("no C")
    done = harness("replay", *one, "--config", "harness.toml", cwd=project)
    assert done.returncode == 1
    assert "now:\n  BUILD_ERROR" in done.stdout


def test_a_debugger_can_attach(failed: Path) -> None:
    one = failure(failed, "boundary-plain", "sve_dropped_tail", "len5")
    command = [sys.executable, "-u", "-m", "harness", "replay", *one, "--gdb"]
    with subprocess.Popen(command, cwd=failed, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        reported = next(line for line in process.stdout if "attach with" in line)
        found = re.search(r"gdb-multiarch \S+/guest -ex 'target remote :(\d+)' -ex 'break sve_dropped_tail'", reported)
        assert found, reported
        with connected(int(found[1])) as stub:
            assert asked(stub, b"?").startswith(b"T05")  # stopped by SIGTRAP, before its first instruction
            assert asked(stub, b"D") == b"OK"
        assert "the guest ended with status 0" in process.stdout.read()
        assert process.wait(timeout=30) == 0


def connected(port: int) -> socket.socket:
    for _ in range(100):
        try:
            return socket.create_connection(("127.0.0.1", port), timeout=10)
        except OSError:
            time.sleep(0.05)
    raise AssertionError(f"nothing listens on port {port}")


def asked(stub: socket.socket, packet: bytes) -> bytes:
    """Send a packet of GDB's remote serial protocol and return the answer's contents."""
    stub.sendall(b"$" + packet + b"#%02x" % (sum(packet) % 256))
    answer = b""
    while not re.search(rb"\$[^#]*#..", answer):
        answer += stub.recv(4096)
    stub.sendall(b"+")
    return answer.partition(b"$")[2].partition(b"#")[0]


def test_a_matrix_whose_rows_are_apart_shrinks_to_two_rows(
    harness: Harness, manifest_of: ManifestOf, tmp_path: Path
) -> None:
    manifest, record = manifest_of("must_fail"), tmp_path / "record.json"
    where = (
        "--cc",
        "gcc",
        "--opt",
        "O2",
        "--build",
        "plain",
        "--case",
        "sensitivity/m1-n1-k33-lda38-ldb6-ldc6-dominant1of1",
    )
    harness("run", "gemm_f32/scalar_gemm_ignores_ldb", "--config", manifest, *where, "--json", record)
    (row,) = (row for row in json.loads(record.read_text())["verdicts"] if row["outcome"] == "MISMATCH")
    done = harness("replay", row["id"], "--run", record, "--config", manifest, "--shrink", "--budget", "10")
    assert done.returncode == 1, done.stderr
    assert "no vectors, m = 1, n = 1, k = 2, lda = 2, ldb = 2, ldc = 1\n" in done.stdout
    assert "scalar_gemm_ignores_ldb(1u, 1u, 2u, a, 2u, b, 2u, c, 1u);" in done.stdout
