"""Bochs as an executor: the monitor treats a program as Linux does, the launcher says what went wrong.

Runs wherever a Bochs with AVX-512 is found; else, as on Debian 12, in the container with --require docker.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from harness.backend import Backend, Exit
from harness.backend.container import ContainerBackend
from harness.backend.host import HostBackend
from harness.build import Builder
from harness.build.toolchain import find_compiler
from harness.launch.emulators import Tools
from harness.launch.emulators.bochs import DEFAULT_CPU, MACHINE_FAILED, compile_machine, executor_of, self_test
from harness.model import Compiler, Executor, Missing
from harness.storage.cache import cache_directory
from tests.conftest import Harness, ManifestOf
from tests.kernels import FOLDERS

ROOT = Path(__file__).parents[2]
PROGRAMS = Path(__file__).parent / "programs"
TRIPLE = "x86_64-linux-gnu"
QUICK = ("--cc", "gcc", "--opt", "O2", "--build", "plain")
Launch = Callable[..., Exit]


@dataclass(frozen=True)
class Bench:
    """Where Bochs is, and what csrc/bochs comes to there."""

    backend: Backend
    machine: Executor
    program: str
    options: tuple[str, ...] = ()
    """Of the harness, so that it works there too."""


def bench_in(backend: Backend, *options: str) -> Bench | str:
    """What these tests need, or why it cannot be had."""
    program = backend.find("bochs")
    if program is None:
        return "no Bochs; the container has one"
    compiler, native = (find_compiler("gcc", triple, backend) for triple in (TRIPLE, backend.native_triple))
    assert isinstance(compiler, Compiler)
    assert isinstance(native, Compiler)
    builder = Builder(backend, cache_directory(), ROOT / "csrc" / "guest")
    tools = Tools(backend, compiler, lambda: native, builder.make, lambda _, ask: ask(), ROOT / "csrc")
    machine = executor_of(program.path, program.identity, compile_machine(tools, native), DEFAULT_CPU)
    found = self_test(machine, backend)
    return str(found) if isinstance(found, Missing) else Bench(backend, machine, program.path, options)


@pytest.fixture(scope="module")
def bench(request: pytest.FixtureRequest) -> Iterator[Bench]:
    """This machine's Bochs, or else the image's, where an engine is required."""
    found = bench_in(HostBackend())
    if isinstance(found, Bench):
        yield found
        return
    if "docker" not in request.config.getoption("--require"):
        pytest.skip(f"{found}: --require docker")
    sources = [*(ROOT / "csrc" / "bochs").rglob("*.[chS]")]
    backend = ContainerBackend(ROOT / "docker", cache_directory(), sources, slots=1, quiet=True)
    with contextlib.closing(backend):
        in_image = bench_in(backend, "--in", "docker")
        assert isinstance(in_image, Bench), in_image
        yield in_image


@pytest.fixture
def harness_there(harness: Harness, bench: Bench) -> Harness:
    """The command line, with its Bochs."""

    def call(*arguments: str | Path, timeout_s: float = 300) -> subprocess.CompletedProcess[str]:
        return harness(*arguments, *bench.options, timeout_s=timeout_s)

    return call


def compiled(name: str, directory: Path) -> Path:
    program = directory / name
    source = PROGRAMS / f"{name}.c"
    subprocess.run([f"{TRIPLE}-gcc", "-O1", "-static", "-o", program, source], check=True)
    return program


@pytest.fixture
def launch(tmp_path: Path, bench: Bench) -> Launch:
    """Run a command line in Bochs, in a directory of its own."""

    def call(*arguments: str | Path, rom: Path | None = None, limit: int | None = None) -> Exit:
        launcher, its_rom = bench.machine.files
        command = (str(launcher), bench.program, str(rom or its_rom), DEFAULT_CPU, *map(str, arguments))
        if limit:
            command = ("/bin/sh", "-c", f'ulimit -f {limit // 512} && exec "$0" "$@"', *command)
        needs = [path for path in map(Path, command) if path.is_file() and str(path) not in (bench.program, "/bin/sh")]
        made = [path.name for path in map(Path, arguments[2:3]) if path.parent == tmp_path]
        return bench.backend.run_tools([command], tmp_path, 120, needs=needs, products=made)[0]

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
    assert (there.stderr, there.status) == (native.stderr, native.returncode) == ("done\n", 7)
    assert left_behind(tmp_path) == []


@pytest.mark.parametrize(("how", "status"), [("normally", 3), ("by fault", -11), ("by signal", -15)])
def test_the_launcher_ends_as_the_program_ended(launch: Launch, tmp_path: Path, how: str, status: int) -> None:
    (tmp_path / "in").write_text("")
    ended = launch(compiled("ends", tmp_path), tmp_path / "in", tmp_path / "out", how)
    assert ended.status == status, ended.stderr
    assert ended.stdout == "to standard output\n"
    assert ended.stderr == "to standard error\n"


def test_memory_that_is_used_up_is_refused_not_fatal(launch: Launch, tmp_path: Path) -> None:
    (tmp_path / "in").write_text("")
    ended = launch(compiled("ends", tmp_path), tmp_path / "in", tmp_path / "out", "out of memory")
    assert ended.status == 5, ended.stderr


def test_input_and_output_beyond_100_mb(launch: Launch, tmp_path: Path) -> None:
    block = os.urandom(1 << 20)
    (tmp_path / "in").write_bytes(block * 110)
    ended = launch(compiled("copy", tmp_path), tmp_path / "in", tmp_path / "out")
    assert ended.status == 0, ended.stderr
    assert (tmp_path / "out").read_bytes() == block * 110


# ---- what can go wrong around it -----------------------------------------------------------------------------------


def test_a_full_disk_is_told(launch: Launch, tmp_path: Path) -> None:
    (tmp_path / "in").write_bytes(b"x" * 100_000)
    ended = launch(compiled("copy", tmp_path), tmp_path / "in", "/dev/full")
    assert ended.status == MACHINE_FAILED
    assert "what the program wrote cannot be kept: No space left on device" in ended.stderr
    assert left_behind(tmp_path) == []


def test_more_output_than_files_may_have_is_the_programs_to_handle(launch: Launch, tmp_path: Path) -> None:
    (tmp_path / "in").write_bytes(b"x" * (6 << 20))
    ended = launch(compiled("copy", tmp_path), tmp_path / "in", tmp_path / "out", limit=8 << 20)
    assert ended.status == 0, ended.stderr
    (tmp_path / "in").write_bytes(b"x" * (12 << 20))
    ended = launch(compiled("copy", tmp_path), tmp_path / "in", tmp_path / "out", limit=14 << 20)
    assert ended.status == MACHINE_FAILED, ended.stderr  # the disk that goes in fits, both outputs do not
    assert "bochs: " in ended.stderr


def test_a_triple_fault_is_told(launch: Launch, tmp_path: Path) -> None:
    rom = bytearray(65536)
    rom[0xFFF0:0xFFF7] = bytes.fromhex("2e 0f 01 1e 00 00 cc")  # lidt %cs:0, where the limit is 0; int3
    (tmp_path / "rom").write_bytes(rom)
    ended = launch(compiled("ends", tmp_path), tmp_path / "rom", tmp_path / "out", rom=tmp_path / "rom")
    assert ended.status == MACHINE_FAILED
    assert "the machine did not start: exception(): 3rd (13) exception with no resolution" in ended.stderr


def test_a_program_that_is_none_is_told(launch: Launch, tmp_path: Path) -> None:
    (tmp_path / "text").write_text("#!/bin/sh\n")
    ended = launch(tmp_path / "text")
    assert ended.status == MACHINE_FAILED
    assert "the program is no static x86-64 ELF executable" in ended.stderr


def test_a_bochs_that_does_not_start_is_told(bench: Bench, tmp_path: Path) -> None:
    launcher, rom = bench.machine.files
    command = (str(launcher), "/no/such/bochs", str(rom), DEFAULT_CPU)
    (ended,) = bench.backend.run_tools([command], Path("/tmp"), 60, needs=bench.machine.files)
    assert ended.status == MACHINE_FAILED
    assert "the machine did not start: /no/such/bochs: No such file or directory" in ended.stderr


def test_the_self_test_knows_what_bochs_3_has_wrong(bench: Bench) -> None:
    found = self_test(bench.machine, bench.backend)
    assert not isinstance(found, Missing)
    if found["version"] in ("3.0", "3.1"):
        assert found["wrong"] == ["vrsqrt14"]


# ---- the harness over it -------------------------------------------------------------------------------------------


def test_a_kernel_passes_in_bochs_with_its_width_attested(harness_there: Harness, tmp_path: Path) -> None:
    record = tmp_path / "r.json"
    done = harness_there(
        "run", "rms_norm_f32/avx512", "--suite", "boundary", "--emulator", "bochs", *QUICK, "--json", record
    )
    assert done.returncode == 0, done.stdout + done.stderr
    said = json.loads(record.read_text())
    assert said["summary"]["PASS"] == 100
    job = said["jobs"][0]
    assert (job["emulator"]["name"], job["emulator"]["cpu"]) == ("bochs", DEFAULT_CPU)
    assert job["emulator"]["version"][0].isdigit()
    assert job["attestation"]["avx512_bits"] == 512
    rows = said["verdicts"]
    assert all(row["instructions"] > 0 and "--emulator bochs" in row["reproduce"] for row in rows)
    again = tmp_path / "again.json"
    harness_there("run", "rms_norm_f32/avx512", "--suite", "boundary", "--emulator", "bochs", *QUICK, "--json", again)
    assert [row["instructions"] for row in json.loads(again.read_text())["verdicts"]] == [
        row["instructions"] for row in rows
    ]


def manifest(directory: Path, bodies: Mapping[str, str]) -> Path:
    """A project of kernels by name."""
    toml = '[defaults]\nop = "rms_norm_f32"\nisa = "avx512"\n'
    for name, body in bodies.items():
        text = f"void {name}(float *row, size_t len, float eps) {{ {body} }}\n"
        (directory / f"{name}.c").write_text(f"#include <immintrin.h>\n#include <stddef.h>\n{text}")
        toml += f'[[kernel]]\nname = "{name}"\nsources = ["{name}.c"]\nsymbol = "{name}"\n'
    (directory / "harness.toml").write_text(toml)
    return directory / "harness.toml"


WRONG = {
    "never_ends": ('for (;;) __asm__ volatile("");', "TIMEOUT", "no return after"),
    "writes_behind": ("row[len] = 1;", "OUT_OF_BOUNDS", "wrote row[1], past the end"),
    "illegal": ('__asm__ volatile("ud2");', "CRASH", "SIGILL"),
    "reads_page_0": ("*(volatile char *)0;", "CRASH", "SIGSEGV at address 0x0"),
    "forks": ('__asm__ volatile("syscall" :: "a"(57) : "rcx", "r11");', "CRASH", "SIGSYS"),
}


def test_what_a_kernel_does_wrong_shows_in_bochs(harness_there: Harness, tmp_path: Path) -> None:
    record = tmp_path / "r.json"
    toml = manifest(tmp_path, {name: body for name, (body, _, _) in WRONG.items()})
    command = ["run", "--config", toml, "--emulator", "bochs", *QUICK, "--size", "1", "--timeout", "0.2"]
    done = harness_there(*command, "--json", record)
    assert done.returncode == 1, done.stdout + done.stderr
    rows = json.loads(record.read_text())["verdicts"]
    assert {row["kernel"].partition("/")[2] for row in rows} == set(WRONG)
    for row in rows:
        _, outcome, detail = WRONG[row["kernel"].partition("/")[2]]
        assert row["outcome"] == outcome, row["detail"]
        assert detail in row["detail"]


def test_a_kernel_that_executes_what_bochs_has_wrong_is_unavailable_there(
    harness_there: Harness, tmp_path: Path
) -> None:
    estimate = "_mm512_storeu_ps(row, _mm512_rsqrt14_ps(_mm512_set1_ps(eps + (float)len)));"
    done = harness_there(
        "run", "--config", manifest(tmp_path, {"estimates": estimate}), "--emulator", "bochs", *QUICK, "--size", "16"
    )
    assert done.returncode == 4, done.stdout + done.stderr
    assert "computes vrsqrt14ps wrongly, as its self-test shows: run it natively or under SDE" in done.stdout


@pytest.mark.parametrize(
    ("kernels", "hows"),
    [
        # Of those for AVX2 QEMU runs the ones without VMASKMOV, which makes it accuse correct kernels.
        (("*/avx512", "*/avx2"), {"bochs", "qemu-user"}),
        (("*/avx2_ms_abi_saves", "*/avx2_aligned_by_promise", "--config", "must_pass"), {"bochs", "qemu-user"}),
    ],
)
def test_executors_of_one_target_agree_to_the_bit(
    harness_there: Harness, manifest_of: ManifestOf, tmp_path: Path, kernels: tuple[str, ...], hows: set[str]
) -> None:
    record = tmp_path / "r.json"
    which = [manifest_of(word) if word in FOLDERS else word for word in kernels]
    done = harness_there("run", *which, "--suite", "residues", "--emulator", "all", *QUICK, "--json", record)
    assert done.returncode == 0, done.stdout + done.stderr
    said = json.loads(record.read_text())
    if "avx2" in Path("/proc/cpuinfo").read_text():
        hows = hows | {"native"}
    assert {row["emulator"].split()[0] for row in said["verdicts"] if row["outcome"] == "PASS"} == hows
    assert not said["summary"]["HARNESS_ERROR"]
