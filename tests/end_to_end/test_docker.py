"""`harness run --in docker`: the same verdicts, and kernels that cannot get out."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import docker
from harness.backend.containers import OWNER_LABEL
from tests.conftest import Harness, ManifestOf, Once
from tests.kernels import ROOT, kernels_in

pytestmark = pytest.mark.docker

CONTAINED = ROOT / "must_be_contained"
ONE_BUILD = ("--cc", "gcc", "--opt", "O2", "--build", "plain")
PATIENCE_S = 60


def until(condition: Callable[[], object], within_s: float = PATIENCE_S) -> bool:
    """Whether something comes true in time."""
    deadline = time.monotonic() + within_s
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True


def containers(process: int) -> list[Any]:
    """The containers of one harness process."""
    found = docker.from_env().containers.list(
        all=True, filters={"label": f"{OWNER_LABEL}={process}"}, ignore_removed=True
    )
    return list(found)


def running(process: int) -> list[Any]:
    """Those that can be looked into."""
    return [found for found in containers(process) if found.status == "running"]


@contextlib.contextmanager
def started(*arguments: str, cwd: Path, **environment: str) -> Iterator[subprocess.Popen[str]]:
    """The harness at work."""
    command = [sys.executable, "-m", "harness", *arguments]
    process = subprocess.Popen(
        command, cwd=cwd, env=os.environ | environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


@pytest.fixture(scope="session", autouse=True)
def image(once: Once) -> None:
    """Have the image built by one worker, so that no test's own patience is spent on it."""

    def build(_folder: Path) -> None:
        command = [
            sys.executable,
            "-m",
            "harness",
            "run",
            "--in",
            "docker",
            "sum_f32/scalar",
            *ONE_BUILD,
            "--size",
            "1",
        ]
        done = subprocess.run(command, capture_output=True, text=True, cwd=_folder)
        assert done.returncode == 0, done.stdout + done.stderr

    once("image", build)


def verdicts(record: Path) -> dict[str, list[dict[str, Any]]]:
    """The verdicts of a record by kernel."""
    found: dict[str, list[dict[str, Any]]] = {}
    for row in json.loads(record.read_text())["verdicts"]:
        found.setdefault(row["kernel"].rpartition("/")[2], []).append(row)
    return found


# ---- the same verdicts ---------------------------------------------------------------------------------------------


def test_a_kernel_passes_and_the_record_says_with_what(harness: Harness, tmp_path: Path) -> None:
    record = tmp_path / "record.json"
    done = harness("run", "rms_norm_f32/sve", "--in", "docker", *ONE_BUILD, "--suite", "boundary", "--json", record)
    assert done.returncode == 0, done.stderr
    assert "300 of 300 cases passed; vector lengths attested by the guest: 128, 256, 512 bits" in done.stdout
    text = json.loads(record.read_text())
    backend = text["place"]
    assert backend["in"] == "docker"
    assert re.fullmatch(r"sha256:[0-9a-f]{64}", backend["image"])
    assert backend["packages"]["gcc-14"].startswith("14.")
    assert backend["packages"]["clang-19"].startswith("1:19.")
    assert backend["packages"]["qemu-user"].startswith("1:10.")
    assert re.fullmatch(r"\d{8}T\d{6}Z", backend["archives"]["trixie"])
    assert {job["compiler"]["version"][:3] for job in text["jobs"]} == {"14."}
    assert {job["emulator"]["version"][:3] for job in text["jobs"]} == {"10."}


@pytest.mark.parametrize("core", ["neoverse-v1", "neoverse-n2", "cortex-a710"])
def test_cores_that_qemu_10_adds(core: str, harness: Harness) -> None:
    bits = {"neoverse-v1": 256}.get(core, 128)
    done = harness("run", "rms_norm_f32/sve", "--in", "docker", "--target", core, *ONE_BUILD, "--suite", "boundary")
    assert f"100 of 100 cases passed; vector lengths attested by the guest: {bits} bits" in done.stdout
    assert done.returncode == 0


def test_every_compiler_of_the_image_builds_for_every_architecture(harness: Harness) -> None:
    kernels = [f"sum_f32/{isa}" for isa in ("sve", "avx2", "rvv", "scalar")]
    narrow = ("--opt", "O2", "--build", "plain", "--size", "33", "--svl", "128")
    done = harness("run", *kernels, "--in", "docker", "--cc", "gcc,clang", *narrow)
    assert done.returncode == 0, done.stdout + done.stderr
    assert len(re.findall(r"(?m)^sum_f32/\w+ .* gcc,clang O2 plain .* 1/1 ", done.stdout)) == len(kernels), done.stdout


def test_sources_of_a_project_come_along_under_their_own_paths(harness: Harness, tmp_path: Path) -> None:
    for name, text in {
        "p/src/kernel.c": '#include "../include/k.h"\nfloat kernel(const float *x, size_t n) { return TOTAL(x, n); }\n',
        "p/include/k.h": '#include "sum.h"\n',
        "p/include/sum.h": (CONTAINED / "sum.h").read_text() + "\n#define TOTAL(x, len) sum_unless(false, x, len)\n",
        "p/broken.c": "float broken(const float *x, unsigned long n) {\n    return undeclared;\n}\n",
        "p/harness.toml": "".join(
            f'[[kernel]]\nop = "sum_f32"\nisa = "scalar"\nname = "{name}"\nsources = ["{path}"]\nsymbol = "{name}"\n'
            for name, path in (("kernel", "src/kernel.c"), ("broken", "broken.c"))
        ),
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    record = tmp_path / "record.json"
    done = harness("run", "--in", "docker", *ONE_BUILD, "--size", "5", "--json", record, cwd=tmp_path / "p")
    assert done.returncode == 1, done.stdout + done.stderr
    found = verdicts(record)
    assert [row["outcome"] for row in found["kernel"]] == ["PASS"]
    (row,) = found["broken"]
    assert row["outcome"] == "BUILD_ERROR"
    assert row["detail"].startswith(f"{tmp_path}/p/broken.c:2:")
    assert "--in docker" in row["reproduce"]


def test_a_kernel_in_cpp_is_built_by_both_compilers(harness: Harness, tmp_path: Path) -> None:
    (tmp_path / "kernel.cpp").write_text(
        "#include <numeric>\n#include <cstddef>\n"
        'extern "C" float kernel(const float *x, std::size_t n) { return std::accumulate(x, x + n, 0.0f); }\n'
    )
    (tmp_path / "harness.toml").write_text(
        '[[kernel]]\nop = "sum_f32"\nisa = "neon"\nsources = ["kernel.cpp"]\nsymbol = "kernel"\n'
    )
    narrow = ("--opt", "O2", "--build", "plain", "--size", "33", "--target", "neon")
    done = harness("run", "--in", "docker", "--cc", "gcc,clang", *narrow, cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "gcc,clang O2 plain" in done.stdout


# ---- kernels that want out -----------------------------------------------------------------------------------------

KERNELS = {kernel.path.stem: kernel.expected for kernel in kernels_in(CONTAINED)}
"""Those that were kept from what they tried say so by the right sum."""


@pytest.fixture(scope="session")
def contained(manifest_of: ManifestOf) -> tuple[str, ...]:
    """The arguments of a run of them in containers, one size in one build."""
    return ("run", "--in", "docker", "--config", str(manifest_of("must_be_contained")), *ONE_BUILD, "--size", "5")


@pytest.fixture(scope="session")
def judged(once: Once, contained: tuple[str, ...]) -> dict[str, list[dict[str, Any]]]:
    """All of them in one run, one after the other in the same few containers."""

    def run(folder: Path) -> None:
        command = [sys.executable, "-m", "harness", *contained, "-j", "2", "--timeout", "3", "--json", "record.json"]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
        assert done.returncode == 1, done.stdout + done.stderr

    return verdicts(once("must_be_contained", run) / "record.json")


@pytest.mark.parametrize("name", KERNELS)
def test_a_kernel_that_wants_out_is_contained(name: str, judged: dict[str, list[dict[str, Any]]]) -> None:
    (row,) = judged[name]
    assert row["outcome"] in KERNELS[name].outcomes, row["detail"]


def test_every_kernel_that_wants_out_says_what_must_come_of_it() -> None:
    assert len(KERNELS) >= 10
    headers = {path.stem: path.read_text().partition("*/")[0] for path in CONTAINED.glob("*.c")}
    assert headers.keys() == KERNELS.keys()
    assert not [name for name, header in headers.items() if "EXPECT: outcome = " not in header]


def test_the_host_has_nothing_of_them(judged: dict[str, list[dict[str, Any]]]) -> None:
    assert judged
    assert not list(Path("/tmp").glob("harness-outside*"))
    assert not [process for process in Path("/proc").glob("[0-9]*/cmdline") if b"/job/guest" in _contents(process)]


def _contents(path: Path) -> bytes:
    with contextlib.suppress(OSError):
        return path.read_bytes()
    return b""


@pytest.mark.parametrize("name", ["reads_sources", "writes_outside"])
def test_on_the_host_it_gets_away_with_it(name: str, harness: Harness, contained: tuple[str, ...]) -> None:
    """What these two try is really possible: the container is what keeps them from it."""
    done = harness("run", f"sum_f32/{name}", *contained[3:])
    assert done.returncode == 1
    assert f"MISMATCH  sum_f32/{name}" in done.stdout


# ---- what ends, and how --------------------------------------------------------------------------------------------


def test_no_container_outlives_a_run(contained: tuple[str, ...], tmp_path: Path) -> None:
    with started(*contained, "sum_f32/sums", cwd=tmp_path) as process:
        assert process.wait(PATIENCE_S) == 0
        assert until(lambda: not containers(process.pid), 20)


@pytest.mark.parametrize("ended_by", [signal.SIGKILL, signal.SIGINT])
def test_no_container_outlives_a_harness_that_is_killed(
    ended_by: signal.Signals, contained: tuple[str, ...], tmp_path: Path
) -> None:
    with started(*contained, "sum_f32/never_returns", "--timeout", "60", cwd=tmp_path) as process:
        guest = "/job/guest /job/pack /job/observation"
        assert until(
            lambda: any(guest in str(found.top()) for found in containers(process.pid) if found.status == "running")
        )
        process.send_signal(ended_by)
        process.wait(PATIENCE_S)
        assert until(lambda: not containers(process.pid), 20)


class Proxy:
    """Passes everything on to the engine until it is cut."""

    def __init__(self, engine: str) -> None:
        self.directory = tempfile.mkdtemp()  # short: the path of a socket has 107 characters at most
        self.address = f"{self.directory}/engine"
        self.engine = engine
        self.open: list[socket.socket] = []
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(self.address)
        self.listener.listen()
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self) -> None:
        while True:
            try:
                near, _ = self.listener.accept()
                far = socket.socket(socket.AF_UNIX)
                far.connect(self.engine)
            except OSError:
                return
            self.open += [near, far]
            for pair in ((near, far), (far, near)):
                threading.Thread(target=self.pump, args=pair, daemon=True).start()

    def pump(self, source: socket.socket, sink: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while piece := source.recv(1 << 16):
                sink.sendall(piece)
            sink.shutdown(socket.SHUT_WR)

    def cut(self) -> None:
        shutil.rmtree(self.directory)
        for one in (self.listener, *self.open):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()


def test_what_was_finished_is_kept_when_the_engine_is_lost(contained: tuple[str, ...], tmp_path: Path) -> None:
    address = docker.from_env().api.base_url
    if not address.startswith("http+docker"):
        pytest.fail("this test needs an engine at a socket of this machine")
    proxy = Proxy(os.environ.get("DOCKER_HOST", "unix:///var/run/docker.sock").removeprefix("unix://"))
    record = tmp_path / "record.json"
    kernels = ("sum_f32/sums", "sum_f32/never_returns", "sum_f32/fills_disk")
    arguments = (*contained, *kernels, "-j", "1", "--timeout", "60", "--json", str(record))
    with started(*arguments, cwd=tmp_path, DOCKER_HOST=f"unix://{proxy.address}") as process:
        assert until(lambda: record.is_file() and "sums" in verdicts(record))
        proxy.cut()
        output, _ = process.communicate(timeout=PATIENCE_S)
        assert process.returncode == 5, output
        assert until(lambda: not containers(process.pid), 20)
    found = {name: [row["outcome"] for row in rows] for name, rows in verdicts(record).items()}
    assert found == {"sums": ["PASS"], "never_returns": ["HARNESS_ERROR"], "fills_disk": ["HARNESS_ERROR"]}
    assert "the container engine was lost" in verdicts(record)["never_returns"][0]["detail"]
