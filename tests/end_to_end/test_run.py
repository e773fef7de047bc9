"""`harness run` as a user calls it, on real compilers and emulators."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.canonical import canonical
from tests.conftest import Harness, ManifestOf

KERNELS = Path(__file__).parents[2] / "csrc" / "kernels"
MANIFEST = """
[[kernel]]
op = "rms_norm_f32"
isa = "{isa}"
sources = ["kernel.c"]
symbol = "kernel"
prototype = "void kernel(float *buf, int64_t n, float eps)"
"""
SCALAR = """
#include <math.h>
#include <stdint.h>
{top}
void kernel(float *buf, int64_t n, float eps) {{
    float sum = 0.0f;
    {before}
    for (int64_t i = 0; i < n; i++) sum += buf[i] * buf[i];
    float scale = 1.0f / sqrtf(sum / (float)n + eps);
    for (int64_t i = 0; i < n; i++) buf[i] *= scale;
    {after}
}}
"""


ONE_BUILD = ("--cc", "gcc", "--opt", "O2", "--build", "plain")
SHORT = (*ONE_BUILD, "--suite", "boundary,residues")


def project(folder: Path, source: str, isa: str = "scalar") -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "kernel.c").write_text(source)
    (folder / "harness.toml").write_text(MANIFEST.format(isa=isa))
    return folder


def scalar(top: str = "", before: str = "", after: str = "") -> str:
    return SCALAR.format(top=top, before=before, after=after)


def verdicts_of(path: Path) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads(path.read_text())["verdicts"]
    return rows


def outcomes(path: Path) -> Counter[str]:
    return Counter(row["outcome"] for row in verdicts_of(path))


# ---- the main job --------------------------------------------------------------------------------------------------


def test_the_sve_kernel_passes_the_hundred_cases_at_every_width_with_the_width_attested(
    harness: Harness, tmp_path: Path
) -> None:
    record = tmp_path / "r.json"
    done = harness("run", "rms_norm_f32/sve", "--svl", "all", "--suite", "boundary", *ONE_BUILD, "--json", record)
    assert done.returncode == 0, done.stdout + done.stderr
    for bits in (128, 256, 512, 1024, 2048):
        rows = [row for row in verdicts_of(record) if row["vector_bits"] == bits and row["target"] == "sve"]
        assert len(rows) == 100
        assert all(row["outcome"] == "PASS" and row["attested_vector_bits"] == bits for row in rows)
        assert f"{bits}" in done.stdout
        assert f"{bits // 32}  boundary  100/100" in " ".join(done.stdout.split(" ")).replace("   ", "  ")


def test_a_length_that_is_no_power_of_two_runs_on_request(harness: Harness) -> None:
    done = harness("run", "rms_norm_f32/sve", "--svl", "384,1920", "--size", "100", *ONE_BUILD)
    assert done.returncode == 0, done.stderr
    assert "vector lengths attested by the guest: 384, 1920 bits" in done.stdout


def test_the_kernel_for_sve1_passes_on_a_core_without_sve2(harness: Harness) -> None:
    done = harness("run", "rms_norm_f32/sve", "--target", "a64fx", *SHORT)
    assert done.returncode == 0, done.stderr
    assert "112 of 112 cases passed; vector lengths attested by the guest: 512 bits" in done.stdout


@pytest.mark.parametrize("isa", ["scalar", "neon", "sve", "sme", "avx2", "avx512", "rvv"])
def test_every_bundled_kernel_that_can_run_here_passes(harness: Harness, tmp_path: Path, isa: str) -> None:
    record = tmp_path / "r.json"
    build = ["--cc", "clang" if isa in ("sme", "rvv") else "gcc", "--opt", "O2", "--build", "plain"]
    suites = ["--suite", "boundary,residues,special,placement"]  # of the others each run of a kernel has plenty
    done = harness("run", f"*/{isa}", *build, *suites, "--svl", "128,256,512", "--json", record)
    assert set(outcomes(record)) <= {"PASS", "UNAVAILABLE"}, done.stdout
    if isa == "avx512" and done.returncode == 4:  # every other ISA runs wherever these tests do
        pytest.skip("neither this processor nor an emulator here has AVX-512")
    assert done.returncode == 0, done.stdout
    judged = {row["kernel"] for row in verdicts_of(record) if row["outcome"] == "PASS"}
    assert judged == {f"{path.parent.name}/{isa}" for path in KERNELS.glob(f"*/{isa}.c")}


def test_the_distance_to_the_scalar_kernel_is_told(harness: Harness, tmp_path: Path) -> None:
    record = tmp_path / "r.json"
    harness("run", "rms_norm_f32/scalar", "rms_norm_f32/sve", *ONE_BUILD, "--suite", "boundary", "--json", record)
    simd = [row for row in verdicts_of(record) if row["kernel"] == "rms_norm_f32/sve"]
    assert simd
    assert all(row["scalar_ulp"] is not None for row in simd)


def test_a_strangers_folder_gives_verdicts(harness: Harness, tmp_path: Path) -> None:
    source = (KERNELS / "rms_norm_f32" / "sve.c").read_text().replace("rms_norm_f32_sve", "kernel")
    folder = project(tmp_path / "mine", source.replace("size_t len", "int64_t len"), isa="sve")
    done = harness("run", "--svl", "128,512", *SHORT, "--target", "sve", cwd=folder)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("100/100") == 2
    assert (folder / ".harness" / "runs").is_dir()


def test_markdown_has_the_table_of_a_pull_request(harness: Harness, tmp_path: Path) -> None:
    report = tmp_path / "pr.md"
    harness(
        "run",
        "rms_norm_f32/sve",
        "--svl",
        "128,256",
        "--suite",
        "boundary",
        *ONE_BUILD,
        "--target",
        "sve",
        "--markdown",
        report,
    )
    text = report.read_text()
    assert text.count("100/100") == 2
    assert "#### rms_norm_f32/sve" in text
    assert "### All cases passed" in text


# ---- kernels that do more than compute -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("top", "before", "after", "outcome"),
    [
        ("#include <stdio.h>", 'printf("hello\\n");', 'fprintf(stderr, "there\\n");', "PASS"),
        ("static _Thread_local float kept;", "kept = sum;", "", "PASS"),
        ("#include <stdlib.h>", "", "if (n == 3) exit(0);", "CRASH"),
        ("#include <stdlib.h>", "", "if (n == 3) abort();", "CRASH"),
        ("#include <unistd.h>", "", "if (n == 3) _exit(0);", "CRASH"),
        ("#include <signal.h>", "", "if (n == 3) raise(SIGKILL);", "CRASH"),
        ("", "", "if (n == 3) buf[3] = 0;", "OUT_OF_BOUNDS"),
        ("", "", "if (n == 3) buf[-1] = 0;", "OUT_OF_BOUNDS"),
        ("", "if (n == 3) sum += 0 * buf[-1];", "", "OUT_OF_BOUNDS"),
        ("", "if (n == 3) sum += 0 * buf[3];", "", "OUT_OF_BOUNDS"),
        ("", 'while (n == 3) __asm__ volatile("");', "", "TIMEOUT"),
        ("#include <unistd.h>", "", "if (n == 3) for (int fd = 0; fd < 99; fd++) close(fd);", "STATE"),
        ("#include <unistd.h>", "", 'if (n == 3) for (int fd = 3; fd < 99; fd++) (void)!write(fd, "x", 1);', "STATE"),
        ("#include <unistd.h>", "if (n == 3) fork();", "", "STATE"),
    ],
)
def test_one_bad_case_costs_no_other(
    harness: Harness, tmp_path: Path, top: str, before: str, after: str, outcome: str
) -> None:
    folder = project(tmp_path / "p", scalar(top, before, after))
    record = tmp_path / "r.json"
    done = harness("run", "--suite", "boundary", *ONE_BUILD, "--timeout", "0.3", "--json", record, cwd=folder)
    rows = {row["case"]: row["outcome"] for row in verdicts_of(record)}
    assert rows.pop("len3") == outcome, done.stdout
    assert len(rows) == 99
    assert set(rows.values()) == {"PASS"}
    assert done.returncode == (0 if outcome == "PASS" else 1)


def test_a_kernel_that_never_returns_costs_a_few_timeouts_and_the_rest_is_said_to_be_unknown(
    harness: Harness, tmp_path: Path
) -> None:
    folder = project(tmp_path / "p", scalar(before='for (;;) __asm__ volatile("");'))
    record = tmp_path / "r.json"
    harness("run", "--suite", "boundary", *ONE_BUILD, "--timeout", "0.2", "--json", record, cwd=folder)
    assert outcomes(record) == Counter({"UNAVAILABLE": 97, "TIMEOUT": 3})


@pytest.mark.parametrize(
    ("source", "complaint"),
    [
        ("void kernel(", "error"),
        ("int nothing;", "no function 'kernel' that the linker sees"),
        ("#include <no.h>", "no.h"),
    ],
)
def test_what_does_not_compile_is_a_build_error(harness: Harness, tmp_path: Path, source: str, complaint: str) -> None:
    done = harness("run", *SHORT, cwd=project(tmp_path / "p", source))
    assert done.returncode == 1
    assert "BUILD_ERROR" in done.stdout
    assert complaint in done.stdout


# ---- builds --------------------------------------------------------------------------------------------------------


def test_a_changed_header_is_seen(harness: Harness, tmp_path: Path) -> None:
    folder = project(tmp_path / "p", scalar(top='#include "bias.h"', after="if (n > 0) buf[0] += BIAS;"))
    (folder / "bias.h").write_text("#define BIAS 0.0f\n")
    assert harness("run", *SHORT, cwd=folder).returncode == 0
    (folder / "bias.h").write_text("#define BIAS 0.5f\n")
    assert harness("run", *SHORT, cwd=folder).returncode == 1
    (folder / "bias.h").write_text("#define BIAS 0.0f\n")
    assert harness("run", *SHORT, cwd=folder).returncode == 0


def test_two_runs_at_once_do_no_harm(harness: Harness, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    folder = project(tmp_path / "p", scalar())
    with ThreadPoolExecutor(4) as pool:
        done = list(pool.map(lambda _: harness("run", *SHORT, cwd=folder), range(4)))
    assert [run.returncode for run in done] == [0] * 4, [run.stderr for run in done]
    assert not list((tmp_path / "cache").glob("harness/builds/*/.new-*"))


SETS_ITS_LENGTH = """
#include <sys/prctl.h>
__attribute__((constructor)) static void set_length(void) { prctl(PR_SVE_SET_VL, 16); }
"""


def test_a_program_that_sets_its_own_vector_length_runs_at_that_one_only(harness: Harness, tmp_path: Path) -> None:
    source = (KERNELS / "sum_f32" / "sve.c").read_text() + SETS_ITS_LENGTH
    (tmp_path / "sve.c").write_text(source)
    how = ("--op", "sum_f32", "--symbol", "sum_f32_sve", "--svl", "128,256", *ONE_BUILD, "--suite", "residues")
    done = harness("run", "sve.c", *how, "--json", "r.json")
    rows = verdicts_of(tmp_path / "r.json")
    assert {(row["vector_bits"], row["outcome"]) for row in rows} == {(128, "PASS"), (256, "NOT_APPLICABLE")}
    assert "sets its vector length to 128 bits itself, in a constructor: it cannot be run at 256" in done.stdout
    assert done.returncode == 0


# ---- the record ----------------------------------------------------------------------------------------------------


def test_two_runs_leave_the_same_record_but_for_times_and_paths(harness: Harness, tmp_path: Path) -> None:
    records = [tmp_path / "a.json", tmp_path / "b.json"]
    for record in records:
        harness("run", "rms_norm_f32/*", "--svl", "256", *SHORT, "--json", record)
    first, second = (json.loads(record.read_text()) for record in records)
    assert first["started"]
    assert canonical(first) == canonical(second)


def test_the_record_says_how_it_came_about(harness: Harness, tmp_path: Path) -> None:
    path = tmp_path / "r.json"
    harness(
        "run", "rms_norm_f32/sve", "--target", "sve", "--svl", "256", *ONE_BUILD, "--suite", "residues", "--json", path
    )
    record = json.loads(path.read_text())
    (job,) = record["jobs"]
    assert job["attestation"]["sve_bits"] == 256
    assert "sve256=on" in " ".join(job["run_command"])
    assert any("-march=armv8-a+sve" in command for command in job["build_commands"])
    assert job["compiler"]["version"]
    assert record["finished"] is True
    assert record["exit_code"] == 0
    assert record["summary"]["PASS"] == 12
    assert sum(record["summary"].values()) == len(record["verdicts"])
    required = {"kernel", "target", "build", "vector_bits", "attested_vector_bits", "suite", "case", "outcome"}
    required |= {"max_ulp", "headroom", "seconds", "reproduce"}
    assert all(required <= set(row) for row in record["verdicts"])


def with_a_slow_kernel(folder: Path) -> Path:
    """A project of two kernels, one of which does not come back while a test lasts."""
    project(folder, scalar())
    manifest = folder / "harness.toml"
    slow = scalar(top="#include <unistd.h>", before="sleep(100);").replace("kernel(", "slow(")
    (folder / "slow.c").write_text(slow)
    second = MANIFEST.format(isa="scalar").replace("kernel.c", "slow.c").replace('"kernel"', '"slow"')
    manifest.write_text(manifest.read_text() + second.replace("kernel(", "slow(") + 'name = "slow"\n')
    return folder


def cut_off(folder: Path, until: Callable[[Path], bool], *signals: int, kernel: str = "*") -> tuple[int, str, Path]:
    """Send a run signals when its record is as wanted; return its exit code, what it printed, and the record."""
    record = folder / "r.json"
    command = [sys.executable, "-m", "harness", "run", kernel, *SHORT, "--json", str(record)]
    process = subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, text=True)
    try:
        deadline = time.monotonic() + 120
        while not (record.exists() and until(record)):
            assert time.monotonic() < deadline
            time.sleep(0.05)
        for number in signals:
            process.send_signal(number)
            time.sleep(0.05)
        printed, _ = process.communicate(timeout=60)
    finally:
        process.kill()
    return process.returncode, printed, record


@pytest.mark.parametrize(
    ("signals", "code"),
    [
        ((signal.SIGINT,), 130),
        ((signal.SIGTERM,), 130),
        ((signal.SIGINT, signal.SIGTERM, signal.SIGTERM), 130),
        ((signal.SIGKILL,), -9),
    ],
)
def test_a_run_that_is_cut_off_leaves_what_it_had_finished(tmp_path: Path, signals: tuple[int, ...], code: int) -> None:
    ended, printed, record = cut_off(with_a_slow_kernel(tmp_path / "p"), lambda path: bool(verdicts_of(path)), *signals)
    assert ended == code
    if code == 130:
        assert printed.rstrip().endswith("109 of 109 cases passed; interrupted: 1 of 2 jobs were done")
    left = json.loads(record.read_text())
    assert left["finished"] is False
    assert left["summary"]["PASS"] == len([row for row in left["verdicts"] if row["kernel"].endswith("scalar")]) == 109


def test_a_run_that_is_cut_off_before_a_verdict_says_so(tmp_path: Path) -> None:
    folder = with_a_slow_kernel(tmp_path / "p")
    code, printed, record = cut_off(folder, lambda _: True, signal.SIGTERM, kernel="*/slow")
    assert code == 130
    assert printed.strip() == "interrupted before a job was done: nothing was judged"
    assert json.loads(record.read_text())["planned_jobs"] == 1


def test_a_run_that_stops_at_the_first_failure_says_how_much_it_left_out(harness: Harness, tmp_path: Path) -> None:
    folder = project(tmp_path / "p", scalar(after="buf[0] *= 2;"))
    done = harness("run", "-x", "-j", "1", *SHORT, "--opt", "O0", cwd=folder)
    assert done.returncode == 1
    assert done.stdout.rstrip().endswith("; stopped at the first failure: 1 of 2 jobs were done")


def test_only_the_newest_runs_are_kept(harness: Harness, tmp_path: Path) -> None:
    runs = tmp_path / ".harness" / "runs"
    for number in range(25):
        (runs / f"2000010{number:02}T000000-x").mkdir(parents=True)
    harness("run", "rms_norm_f32/scalar", "--size", "4", *ONE_BUILD)
    kept = sorted(path.name for path in runs.iterdir())
    assert len(kept) == 20
    assert any(not name.startswith("2000") for name in kept)


# ---- what the user may ask for -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["rms_norm_f32/svee"], 2, "perhaps you meant 'rms_norm_f32/sve'"),
        (["--svl", "100"], 2, "no scalable vector has 100 bits"),
        (["--svl", "wide"], 2, "expected a vector length in bits"),
        (["--svl", "-128"], 2, "--svl"),
        (["--size", "x"], 2, "--size x: expected an integer"),
        (["--timeout", "0"], 2, "--timeout 0: expected seconds"),
        (["-j", "0"], 2, "-j 0: expected at least 1"),
        (["--opt", "O9"], 2, "--opt O9: expected one of"),
        (["--emulator", "qemu"], 2, "--emulator qemu: expected one of bochs, native, qemu-user, sde, all"),
        (["--suite", "boundry"], 2, "perhaps you meant 'boundary'"),
        (["--config", "none.toml"], 2, "none.toml: cannot read it"),
        (["--last-failed"], 2, "no run is stored here yet"),
        (["--nonsense"], 2, "unrecognized arguments: --nonsense"),
        (["-v", "-q"], 2, "contradict"),
        (["nothing/*"], 2, "no kernel matches 'nothing/*'; see"),
        (["rms_norm_f32/sve", "--target", "neoverse-n1"], 3, ""),
        (["rms_norm_f32/neon", "--emulator", "native"], 4, ""),
        (["rms_norm_f32/sve", "--svl", "128", "--require", "neoverse-n3"], 2, "no target or kernel of that name"),
        (["rms_norm_f32/scalar", "--cc", "gcc-99"], 4, ""),
        (["rms_norm_f32/scalar", "--json", "/dev/full/x"], 5, "cannot write it"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_line(harness: Harness, arguments: list[str], code: int, said: str) -> None:
    done = harness("run", *arguments)
    assert done.returncode == code, done.stdout + done.stderr
    assert said in done.stderr
    assert len(done.stderr.splitlines()) <= 1
    assert "Traceback" not in done.stderr


def test_what_was_reached_by_default_and_is_missing_is_listed_and_no_failure(harness: Harness, tmp_path: Path) -> None:
    empty = tmp_path / "bin"
    empty.mkdir()
    for tool in ("gcc", "as", "ld", "x86_64-linux-gnu-gcc", "aarch64-linux-gnu-gcc"):
        if shutil.which(tool):
            (empty / tool).symlink_to(shutil.which(tool) or "")
    command = [sys.executable, "-m", "harness", "run", "rms_norm_f32/*", *SHORT, "--json", str(tmp_path / "r.json")]
    environment = {**os.environ, "PATH": str(empty), "XDG_CACHE_HOME": str(tmp_path / "cache")}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "UNAVAILABLE  rms_norm_f32/neon on neon at 128 bits" in done.stdout
    assert "apt-get install qemu-user" in done.stdout
    named = subprocess.run([*command, "--require", "neon"], cwd=tmp_path, env=environment, capture_output=True)
    assert named.returncode == 4


def test_an_emulator_that_runs_another_width_is_found_out(tmp_path: Path) -> None:
    """Like QEMU when a length exceeds its default: it says nothing and runs another one."""
    real = shutil.which("qemu-aarch64")
    assert real
    wrapper = tmp_path / "bin" / "qemu-aarch64"
    wrapper.parent.mkdir()
    wrapper.write_text(f'#!/bin/sh\nshift 2\nexec {real} -cpu max,sve512=off,sve256=off "$@"\n')
    wrapper.chmod(0o755)
    environment = {
        **os.environ,
        "PATH": f"{wrapper.parent}:{os.environ['PATH']}",
        "XDG_CACHE_HOME": str(tmp_path / "cache"),
    }
    command = [sys.executable, "-m", "harness", "run", "rms_norm_f32/sve", "--svl", "256", *SHORT]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode == 4, done.stdout
    assert "runs 128 bits, not 256" in done.stdout


def test_a_reproduce_line_reproduces(harness: Harness, tmp_path: Path) -> None:
    folder = project(tmp_path / "p", scalar(after="if (n == 17) buf[16] = 2.0f;"))
    record = tmp_path / "r.json"
    harness("run", *SHORT, "--json", record, "--seed", "5", cwd=folder)
    (failed,) = [row for row in verdicts_of(record) if row["outcome"] == "MISMATCH"]
    arguments = failed["reproduce"].split("harness ", 1)[1].split()
    again = harness(*arguments, "--json", record, cwd=folder)
    assert again.returncode == 1
    (repeated,) = verdicts_of(record)
    assert repeated["worst"] == failed["worst"]
    assert (repeated["worst"]["element"], repeated["worst"]["got"]) == (16, 2.0)


def test_the_last_failures_can_be_run_alone(harness: Harness, tmp_path: Path) -> None:
    folder = project(tmp_path / "p", scalar(after="if (n == 17) buf[16] = 2.0f;"))
    assert harness("run", *SHORT, cwd=folder).returncode == 1
    done = harness("run", "--last-failed", *ONE_BUILD, "--json", tmp_path / "r.json", cwd=folder)
    assert done.returncode == 1
    assert [row["case"] for row in verdicts_of(tmp_path / "r.json")] == ["len17"]


def test_a_dry_run_runs_nothing(harness: Harness, tmp_path: Path) -> None:
    done = harness("run", "rms_norm_f32/sve", "--target", "sve", "--svl", "256", *SHORT, "--dry-run")
    assert done.returncode == 0
    assert "rms_norm_f32/sve on sve at 256 bits" in done.stdout
    assert "112 cases" in done.stdout
    assert not (tmp_path / ".harness").exists()


def test_commands_are_shown_before_they_run(harness: Harness) -> None:
    done = harness("run", "rms_norm_f32/sve", "--svl", "256", "--size", "9", *ONE_BUILD, "-v")
    assert "-cpu max,sve-default-vector-length=-1,sve256=on" in done.stderr


def test_x_stops_after_the_first_failure(harness: Harness, tmp_path: Path) -> None:
    folder = project(tmp_path / "p", scalar(after="buf[0] = 9;"))
    text = (folder / "harness.toml").read_text()
    (folder / "harness.toml").write_text(text + text.replace('symbol = "kernel"', 'symbol = "kernel"\nname = "again"'))
    record = tmp_path / "r.json"
    done = harness("run", "-x", "-j", "1", "--size", "5", *ONE_BUILD, "--json", record, cwd=folder)
    assert done.returncode == 1
    assert len(verdicts_of(record)) == 1


def test_doctor_names_what_works(harness: Harness) -> None:
    done = harness("doctor")
    assert done.returncode == 0
    assert "qemu-user" in done.stdout
    assert "aarch64-linux-gnu" in done.stdout
    assert "neoverse-v1" in done.stdout


def test_clean_empties_cache_and_runs(harness: Harness, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    harness("run", "rms_norm_f32/scalar", "--size", "4", *ONE_BUILD)
    assert (tmp_path / "cache" / "harness").is_dir()
    assert harness("clean").returncode == 0
    assert not (tmp_path / "cache" / "harness").exists()
    assert not (tmp_path / ".harness" / "runs").exists()


# ---- hostile builds, core models, gates ----------------------------------------------------------------------------


def test_the_default_run_has_every_build_the_core_models_and_the_gate(harness: Harness, tmp_path: Path) -> None:
    record = tmp_path / "r.json"
    done = harness("run", "rms_norm_f32/sve", "--svl", "256,512", "--json", record)
    assert done.returncode == 0, done.stdout
    rows = verdicts_of(record)
    builds = {row["build"] for row in rows if row["target"] == "sve" and row["suite"] == "boundary"}
    assert builds == {f"{c} {o} {v}" for c in ("gcc", "clang") for o in ("O0", "O2") for v in ("plain", "hostile")}
    assert {row["outcome"] for row in rows if row["target"] == "a64fx"} == {"PASS"}
    assert [row["outcome"] for row in rows if row["suite"] == "gate"] == ["PASS"]
    assert "every element shown to affect the result" in done.stdout
    assert "gcc,clang O0,O2 plain,hostile" in done.stdout


def test_the_founding_tail_is_named_with_its_remedy(harness: Harness, manifest_of: ManifestOf) -> None:
    manifest = manifest_of("must_fail")
    done = harness(
        "run", "rms_norm_f32/sve_founding_tail", "--config", manifest, "--cc", "gcc", "--opt", "O2", "--svl", "256"
    )
    assert done.returncode == 1
    assert "depends on undefined values\n      fails only with poison in undefined lanes\n" in done.stdout
    assert "use svmla_f32_m" in done.stdout
    assert "Builds of one source differ" in done.stdout


def test_a_vector_path_that_is_never_taken_is_found_by_the_gate(harness: Harness, tmp_path: Path) -> None:
    folder = project(tmp_path / "p", scalar(), isa="sve")
    done = harness("run", "--svl", "128", "--cc", "gcc", "--opt", "O0", "--suite", "residues,gate", cwd=folder)
    assert done.returncode == 1
    assert "still works with sve switched off" in done.stdout


def test_an_instruction_that_a_core_lacks_is_named_with_its_line(harness: Harness, tmp_path: Path) -> None:
    body = 'if (n > 0) __asm__ volatile(".arch_extension sve2\\nmatch p0.b, p0/z, z0.b, z0.b" ::: "p0", "cc");'
    folder = project(tmp_path / "p", scalar(after=body), isa="sve")
    done = harness("run", "--target", "a64fx", "--size", "5", *ONE_BUILD, cwd=folder)
    assert done.returncode == 1
    assert "SIGILL" in done.stdout
    assert "kernel.c:" in done.stdout


def test_the_record_may_go_to_standard_output(harness: Harness) -> None:
    done = harness("run", "sum_f32/scalar", *SHORT, "--json", "-")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["summary"]["PASS"] > 50
    assert "cases passed" in done.stderr
