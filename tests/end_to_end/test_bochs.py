"""Bochs as an executor: the monitor treats a program as Linux does, the launcher says what went wrong.

Runs wherever a Bochs with AVX-512 is found. Debian 12's is too old: there they are skipped; the container has one.
"""

from __future__ import annotations

import json
import os
import resource
import shutil
import subprocess
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from harness.build import Builder
from harness.build.bochs import BochsTools, build_bochs_tools
from harness.build.store import cache_directory
from harness.build.toolchain import find_compiler
from harness.launch.bochs import BOCHS_CPU, MACHINE_FAILED, find_bochs, run_self_test
from harness.model import Compiler, Executor, Missing
from harness.place.host import HostPlace
from tests.conftest import Harness

ROOT = Path(__file__).parents[2]
PROGRAMS = Path(__file__).parent / "programs"
TRIPLE = "x86_64-linux-gnu"
QUICK = ("--cc", "gcc", "--opt", "O2", "--build", "plain")
Launch = Callable[..., subprocess.CompletedProcess[str]]


@cache
def tools() -> BochsTools:
    compiler = find_compiler("gcc", TRIPLE, HostPlace())
    native = find_compiler("gcc", HostPlace.native_triple, HostPlace())
    assert isinstance(compiler, Compiler)
    assert isinstance(native, Compiler)
    builder = Builder(HostPlace(), cache_directory(), ROOT / "csrc" / "guest")
    return build_bochs_tools(builder, ROOT / "csrc" / "bochs", compiler, native)


@cache
def missing() -> str:
    """Why there is no Bochs here that these tests can use."""
    if shutil.which("bochs") is None:
        return "no Bochs; the container has one"
    found = find_bochs(HostPlace(), tools().launcher, tools().rom, BOCHS_CPU)
    told = run_self_test(found, HostPlace(), Path("/tmp")) if isinstance(found, Executor) else found
    return str(told) if isinstance(told, Missing) else ""


@pytest.fixture(autouse=True)
def _needs_bochs() -> None:
    if missing():
        pytest.skip(missing())


def compiled(name: str, directory: Path) -> Path:
    program = directory / name
    source = PROGRAMS / f"{name}.c"
    subprocess.run([f"{TRIPLE}-gcc", "-O1", "-static", "-o", program, source], check=True)
    return program


@pytest.fixture
def launch(tmp_path: Path) -> Launch:
    """Run a command line in Bochs, in a directory of its own."""

    def call(*arguments: str | Path, rom: Path | None = None, limit: int | None = None, timeout_s: float = 120):  # type: ignore[no-untyped-def]
        bochs = shutil.which("bochs")
        command = [tools().launcher, bochs, rom or tools().rom, BOCHS_CPU, *arguments]

        def set_limit() -> None:
            if limit:
                resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

        return subprocess.run(
            list(map(str, command)),
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=timeout_s,
            preexec_fn=set_limit,
            stdin=subprocess.DEVNULL,
        )

    return call


def left_behind(directory: Path) -> list[str]:
    return [path.name for path in directory.glob("bochs-*")]


# ---- the monitor ---------------------------------------------------------------------------------------------------


@pytest.mark.skipif(os.uname().machine != "x86_64", reason="compares with this machine's own Linux")
def test_a_program_is_treated_as_linux_treats_it(launch: Launch, tmp_path: Path) -> None:
    program = compiled("like_linux", tmp_path)
    empty = tmp_path / "empty"
    empty.write_text("")
    arguments = [str(program), str(empty), "", "last"]
    native = subprocess.run(arguments, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)
    there = launch(program, empty, tmp_path / "out", "last")
    assert native.stdout.count("\n") >= 50
    assert there.stdout.splitlines() == native.stdout.splitlines()
    assert (there.stderr, there.returncode) == (native.stderr, native.returncode) == ("done\n", 7)
    assert left_behind(tmp_path) == []


@pytest.mark.parametrize(("how", "status"), [("normally", 3), ("by fault", -11), ("by signal", -15)])
def test_the_launcher_ends_as_the_program_ended(launch: Launch, tmp_path: Path, how: str, status: int) -> None:
    (tmp_path / "in").write_text("")
    ended = launch(compiled("ends", tmp_path), tmp_path / "in", tmp_path / "out", how)
    assert ended.returncode == status, ended.stderr
    assert ended.stdout == "to standard output\n"
    assert ended.stderr == "to standard error\n"


def test_memory_that_is_used_up_is_refused_not_fatal(launch: Launch, tmp_path: Path) -> None:
    (tmp_path / "in").write_text("")
    ended = launch(compiled("ends", tmp_path), tmp_path / "in", tmp_path / "out", "out of memory")
    assert ended.returncode == 5, ended.stderr


def test_input_and_output_beyond_100_mb(launch: Launch, tmp_path: Path) -> None:
    block = os.urandom(1 << 20)
    (tmp_path / "in").write_bytes(block * 110)
    ended = launch(compiled("copy", tmp_path), tmp_path / "in", tmp_path / "out")
    assert ended.returncode == 0, ended.stderr
    assert (tmp_path / "out").read_bytes() == block * 110


# ---- what can go wrong around it -----------------------------------------------------------------------------------


def test_a_full_disk_is_told(launch: Launch, tmp_path: Path) -> None:
    (tmp_path / "in").write_bytes(b"x" * 100_000)
    ended = launch(compiled("copy", tmp_path), tmp_path / "in", "/dev/full")
    assert ended.returncode == MACHINE_FAILED
    assert "what the program wrote cannot be kept: No space left on device" in ended.stderr
    assert left_behind(tmp_path) == []


def test_more_output_than_files_may_have_is_the_programs_to_handle(launch: Launch, tmp_path: Path) -> None:
    (tmp_path / "in").write_bytes(b"x" * (6 << 20))
    ended = launch(compiled("copy", tmp_path), tmp_path / "in", tmp_path / "out", limit=8 << 20)
    assert ended.returncode == 0, ended.stderr
    (tmp_path / "in").write_bytes(b"x" * (12 << 20))
    ended = launch(compiled("copy", tmp_path), tmp_path / "in", tmp_path / "out", limit=14 << 20)
    assert ended.returncode == MACHINE_FAILED, ended.stderr  # the disk that goes in fits, both outputs do not
    assert "bochs: " in ended.stderr


def test_a_triple_fault_is_told(launch: Launch, tmp_path: Path) -> None:
    rom = bytearray(65536)
    rom[0xFFF0:0xFFF7] = bytes.fromhex("2e 0f 01 1e 00 00 cc")  # lidt %cs:0, where the limit is 0; int3
    (tmp_path / "rom").write_bytes(rom)
    ended = launch(compiled("ends", tmp_path), tmp_path / "rom", tmp_path / "out", rom=tmp_path / "rom")
    assert ended.returncode == MACHINE_FAILED
    assert "the machine did not start: exception(): 3rd (13) exception with no resolution" in ended.stderr


def test_a_program_that_is_none_is_told(launch: Launch, tmp_path: Path) -> None:
    (tmp_path / "text").write_text("#!/bin/sh\n")
    ended = launch(tmp_path / "text")
    assert ended.returncode == MACHINE_FAILED
    assert "the program is no static x86-64 ELF executable" in ended.stderr


def test_a_bochs_that_does_not_start_is_told(tmp_path: Path) -> None:
    command = [str(tools().launcher), "/no/such/bochs", str(tools().rom), BOCHS_CPU]
    ended = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert ended.returncode == MACHINE_FAILED
    assert "the machine did not start: /no/such/bochs: No such file or directory" in ended.stderr


def test_the_self_test_knows_what_bochs_3_has_wrong() -> None:
    found = find_bochs(HostPlace(), tools().launcher, tools().rom, BOCHS_CPU)
    assert isinstance(found, Executor)
    told = run_self_test(found, HostPlace(), Path("/tmp"))
    assert not isinstance(told, Missing)
    if told.version in ("3.0", "3.1"):
        assert told.wrong_instructions == {"vrsqrt14"}


# ---- the harness over it -------------------------------------------------------------------------------------------


def test_a_kernel_passes_in_bochs_with_its_width_attested(harness: Harness, tmp_path: Path) -> None:
    record = tmp_path / "r.json"
    done = harness("run", "rms_norm_f32/avx512", "--suite", "boundary", "--emulator", "bochs", *QUICK, "--json", record)
    assert done.returncode == 0, done.stdout + done.stderr
    told = json.loads(record.read_text())
    assert told["summary"]["PASS"] == 100
    job = told["jobs"][0]
    assert (job["emulator"]["name"], job["emulator"]["cpu"]) == ("bochs", BOCHS_CPU)
    assert job["emulator"]["version"][0].isdigit()
    assert job["attestation"]["avx512_bits"] == 512
    rows = told["verdicts"]
    assert all(row["instructions"] > 0 and "--emulator bochs" in row["reproduce"] for row in rows)
    again = tmp_path / "again.json"
    harness("run", "rms_norm_f32/avx512", "--suite", "boundary", "--emulator", "bochs", *QUICK, "--json", again)
    assert [row["instructions"] for row in json.loads(again.read_text())["verdicts"]] == [
        row["instructions"] for row in rows
    ]


def manifest(directory: Path, body: str) -> Path:
    (directory / "kernel.c").write_text(
        f"#include <immintrin.h>\n#include <stddef.h>\nvoid k(float *row, size_t len, float eps) {{ {body} }}\n"
    )
    toml = directory / "harness.toml"
    toml.write_text('[[kernel]]\nop = "rms_norm_f32"\nisa = "avx512"\nsources = ["kernel.c"]\nsymbol = "k"\n')
    return toml


@pytest.mark.parametrize(
    ("body", "outcome", "detail"),
    [
        ('for (;;) __asm__ volatile("");', "TIMEOUT", "no return after"),
        ("row[len] = 1;", "OUT_OF_BOUNDS", "wrote row[1], behind its end"),
        ('__asm__ volatile("ud2");', "CRASH", "SIGILL"),
        ("*(volatile char *)0;", "CRASH", "SIGSEGV at address 0x0"),
        ('__asm__ volatile("syscall" :: "a"(57) : "rcx", "r11");', "CRASH", "SIGSYS"),
    ],
)
def test_what_a_kernel_does_wrong_shows_in_bochs(
    harness: Harness, tmp_path: Path, body: str, outcome: str, detail: str
) -> None:
    record = tmp_path / "r.json"
    toml = manifest(tmp_path, body)
    command = ["run", "--config", toml, "--emulator", "bochs", *QUICK, "--size", "1", "--timeout", "1"]
    done = harness(*command, "--json", record)
    assert done.returncode == 1, done.stdout + done.stderr
    rows = json.loads(record.read_text())["verdicts"]
    assert {row["outcome"] for row in rows} == {outcome}
    assert all(detail in row["detail"] for row in rows), rows[0]["detail"]


def test_a_kernel_that_executes_what_bochs_has_wrong_is_unavailable_there(harness: Harness, tmp_path: Path) -> None:
    estimate = "_mm512_storeu_ps(row, _mm512_rsqrt14_ps(_mm512_set1_ps(eps + (float)len)));"
    done = harness("run", "--config", manifest(tmp_path, estimate), "--emulator", "bochs", *QUICK, "--size", "16")
    assert done.returncode == 4, done.stdout + done.stderr
    assert "computes vrsqrt14ps wrongly, as its self-test shows: run it natively or under SDE" in done.stdout


def test_bochs_and_the_processor_agree_to_the_bit(harness: Harness, tmp_path: Path) -> None:
    record = tmp_path / "r.json"
    command = ["run", "*/avx512", "*/avx2", "--suite", "boundary", "--emulator", "all", "--cc", "gcc", "--opt", "O2"]
    done = harness(*command, "--build", "plain", "--json", record, timeout_s=900)
    assert done.returncode == 0, done.stdout + done.stderr
    told = json.loads(record.read_text())
    hows = {row["emulator"].split()[0] for row in told["verdicts"] if row["outcome"] == "PASS"}
    assert "bochs" in hows
    assert not told["summary"]["HARNESS_ERROR"]
