"""Where tools and guests run: what can be said without an engine."""

from __future__ import annotations

import hashlib
import random
import re
import shutil
import socket
import struct
import subprocess
import tarfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from harness.backend import run_lengths as runs
from harness.backend import supervisor
from harness.backend.image import Installed
from harness.backend.image_context import SDE_TARBALL, Recipe, find_recipe
from harness.backend.supervisor import FRAME, REPLY, ContainerLostError, ReplyKind, Supervisor
from harness.errors import UnavailableError, UsageError
from harness.pipeline import compiled_sources
from harness.project import load_project
from harness.resources import bundled_root
from harness.storage.source_files import closure, topmost

ROOT = Path(__file__).parents[2]
CHANNEL = (ROOT / "docker" / "supervisor" / "channel.h").read_text()
Said = Callable[..., Supervisor]
C_SIZES = {"uint32_t": 4, "uint64_t": 8}


def test_compilers_elsewhere_get_whatever_guests_and_probes_are_made_of() -> None:
    project = replace(load_project(None, Path("/")), kernels=())
    names = {str(path.relative_to(bundled_root())) for path in compiled_sources(project)}
    probes = {f"csrc/probe/{name}" for name in ("c.c", "cpp.cpp", "nothing.c")}
    assert names >= probes | {"csrc/guest/aarch64/support.S", "csrc/guest/aarch64/registers.inc"}
    assert all(name.startswith("csrc/") for name in names)


@pytest.mark.parametrize("name", ["request", "run", "reply", "result"])
def test_structures_have_the_layout_of_the_other_end(name: str) -> None:
    body = re.search(rf"struct {name} {{(.*?)}};", CHANNEL, re.S)
    assert body
    sizes = [C_SIZES[kind] for kind in re.findall(r"\b(uint(?:32|64)_t) \w+;", body[1])]
    layout: struct.Struct = getattr(supervisor, name.upper())
    assert layout.format == "<" + "".join("I" if size == 4 else "Q" for size in sizes)
    assert layout.size == sum(sizes)


@pytest.mark.parametrize(("enum", "kinds"), [("REQUEST", supervisor.RequestKind), ("REPLY", ReplyKind)])
def test_kinds_have_the_numbers_of_the_other_end(enum: str, kinds: type[ReplyKind]) -> None:
    found = {name: int(number) for name, number in re.findall(rf"\b{enum}_(\w+) = (\d+)", CHANNEL)}
    assert found == {kind.name: kind.value for kind in kinds}


@pytest.fixture
def said() -> Iterator[Said]:
    """A supervisor that has said this, in the engine's frames, and hung up: `said(piece, ...)`."""
    ours, theirs = socket.socketpair()

    def say(*pieces: bytes) -> Supervisor:
        ours.settimeout(5)
        for piece in pieces:
            theirs.sendall(FRAME.pack(1, len(piece)) + piece)
        theirs.shutdown(socket.SHUT_WR)
        return Supervisor(ours)

    yield say
    ours.close()
    theirs.close()


def test_replies_are_put_together_from_pieces(said: Said) -> None:
    reply = REPLY.pack(ReplyKind.DONE, 0, 5) + b"".join(runs.encode(b"hello"))
    assert said(reply[:3], reply[3:18], reply[18:]).get("/job/observation") == b"hello"


def test_signs_of_life_are_not_answers(said: Said) -> None:
    assert (
        said(REPLY.pack(ReplyKind.ALIVE, 0, 0), REPLY.pack(ReplyKind.DONE, 0, 1), *runs.encode(b"x")).get("/x") == b"x"
    )


@pytest.fixture(scope="session")
def other_end(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A program that decodes what comes in and encodes it again, by the supervisor's own code."""
    folder = tmp_path_factory.mktemp("runs")
    source = folder / "again.c"
    source.write_text(
        '#include <stdio.h>\n#include "runs.h"\n'
        "static uint8_t raw[SLAB_BYTES], encoded[ENCODED_LIMIT];\n"
        "int main(void) {\n"
        "    struct slab slab;\n"
        "    while (fread(&slab, sizeof slab, 1, stdin) == 1) {\n"
        "        if (fread(encoded, 1, slab.encoded_bytes, stdin) != slab.encoded_bytes) return 1;\n"
        "        if (!runs_decode(encoded, slab.encoded_bytes, raw, slab.raw_bytes)) return 2;\n"
        "        slab.encoded_bytes = runs_encode(raw, slab.raw_bytes, encoded);\n"
        "        fwrite(&slab, sizeof slab, 1, stdout);\n"
        "        fwrite(encoded, 1, slab.encoded_bytes, stdout);\n"
        "    }\n"
        "    return 0;\n"
        "}\n"
    )
    code = ROOT / "docker" / "supervisor"
    files = ["-o", str(folder / "again"), str(source), str(code / "runs.c")]
    subprocess.run(["gcc", "-fsanitize=address,undefined", f"-I{code}", *files], check=True)
    return folder / "again"


CONTENTS = {
    "nothing": b"",
    "less than a block": b"abc",
    "zeros": bytes(5000),
    "zeros of whole blocks": bytes(6400),
    "a slab of zeros and a byte": bytes((1 << 20) + 1),
    "one value": struct.pack("<f", -120.0) * 3000,
    "no repetition": bytes(random.Random(1).randbytes(10_000)),
    "short runs": b"".join(bytes([number]) * 64 * (number % 12 + 1) for number in range(1, 40)),
    "runs at both ends": bytes(1000) + random.Random(2).randbytes(777) + bytes(2000),
    "several slabs": random.Random(3).randbytes(3_000_000) + bytes(2_000_000),
}


@pytest.mark.parametrize("contents", CONTENTS.values(), ids=CONTENTS)
def test_contents_travel_unchanged_both_ways(contents: bytes, other_end: Path) -> None:
    sent = b"".join(runs.encode(contents))
    back = subprocess.run([other_end], input=sent, stdout=subprocess.PIPE, check=True).stdout
    decoded, at = b"", 0
    while at < len(back):
        raw_bytes, encoded_bytes = runs.SLAB.unpack_from(back, at)
        at += runs.SLAB.size + encoded_bytes
        decoded += runs.decode(back[at - encoded_bytes : at], raw_bytes)
    assert decoded == contents
    assert len(back) == len(sent) <= len(contents) + 16 * (len(contents) // runs.SLAB_BYTES + 1)


def test_long_stretches_of_one_value_cost_next_to_nothing() -> None:
    assert sum(map(len, runs.encode(CONTENTS["one value"] + bytes(100_000)))) < 500


@pytest.mark.parametrize("damaged", [b"", b"\1\0\0\0\0\0\0\0", b"\0\0\0\0\7\0\0\0", b"\0\0\0\0\0\0\0\0x"])
def test_what_is_no_slab_is_refused(damaged: bytes, other_end: Path) -> None:
    with pytest.raises(ValueError, match="a slab"):
        runs.decode(damaged, 64)
    done = subprocess.run([other_end], input=runs.SLAB.pack(64, len(damaged)) + damaged)
    assert done.returncode == 2


def test_an_error_is_the_one_that_the_supervisor_met(said: Said) -> None:
    with pytest.raises(FileNotFoundError) as caught:
        said(REPLY.pack(ReplyKind.DONE, 2, 0)).get("/job/observation")
    assert caught.value.filename == "/job/observation"


def test_half_an_answer_is_a_lost_container(said: Said) -> None:
    with pytest.raises(ContainerLostError):
        said(REPLY.pack(ReplyKind.DONE, 0, 5), b"".join(runs.encode(b"hello"))[:-2]).get("/x")


def test_a_name_for_each_state_of_the_image_directory(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text("FROM a\n")
    names = {Recipe(tmp_path).tag}
    (tmp_path / "Dockerfile").write_text("FROM b\n")
    names.add(Recipe(tmp_path).tag)
    (tmp_path / "Dockerfile").rename(tmp_path / "dockerfile")
    names.add(Recipe(tmp_path).tag)
    assert len(names) == 3
    assert Recipe(tmp_path).tag in names


# ---- Intel SDE, which a user brings ----------------------------------------------------------------------------------


@pytest.fixture
def tarball(tmp_path: Path) -> Path:
    """What stands in for a release: a directory with a program."""
    release = tmp_path / "sde-external-9.0.0-2025-01-01-lin"
    release.mkdir()
    (release / "sde64").write_text("#!/bin/sh\n")
    (release / "sde64").chmod(0o755)
    packed = tmp_path / "sde.tar.xz"
    with tarfile.open(packed, "w:xz") as archive:
        archive.add(release, release.name)
    return packed


def docker_files_that_know(tarball: Path) -> Path:
    copy = tarball.parent / "docker"
    shutil.copytree(ROOT / "docker", copy)
    digest = hashlib.sha256(tarball.read_bytes()).hexdigest()
    with (copy / "sde_releases").open("a") as releases:
        releases.write(f"{digest}  sde-external-9.0.0-2025-01-01-lin.tar.xz\n")
    return copy


def test_a_known_tarball_goes_into_an_image_of_its_own(tarball: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    directory = docker_files_that_know(tarball)
    without = find_recipe(directory)
    monkeypatch.setenv(SDE_TARBALL, str(tarball))
    recipe = find_recipe(directory)
    assert recipe.tag != without.tag
    assert (without.arguments, recipe.arguments) == ({}, {"SDE": "sde.tar.xz"})
    with recipe.context() as context, tarfile.open(fileobj=context) as archive:
        assert {"./Dockerfile", "./supervisor/main.c", "sde.tar.xz"} <= set(archive.getnames())


def test_a_tarball_that_nobody_knows_or_has_is_refused(tarball: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(SDE_TARBALL, str(tarball))
    with pytest.raises(UnavailableError, match=r"is no release that .*sde_releases lists; its sha256 is [0-9a-f]{64}"):
        find_recipe(ROOT / "docker")
    monkeypatch.setenv(SDE_TARBALL, "/none")
    with pytest.raises(UnavailableError, match="SDE_TARBALL: /none: No such file"):
        find_recipe(ROOT / "docker")


def test_the_image_checks_the_tarball_itself(tarball: Path, tmp_path: Path) -> None:
    def install(releases: Path) -> subprocess.CompletedProcess[str]:
        files = [ROOT / "docker" / "install_sde", releases, tarball, tmp_path / "opt", tmp_path / "installed"]
        command = ["sh", *map(str, files)]
        return subprocess.run(command, capture_output=True, text=True)

    refused = install(ROOT / "docker" / "sde_releases")
    assert refused.returncode == 4
    assert "sde.tar.xz is no release in sde_releases: its sha256 is" in refused.stderr
    assert not (tmp_path / "opt").exists()
    assert install(docker_files_that_know(tarball) / "sde_releases").returncode == 0
    installed = Installed((tmp_path / "installed").read_text())
    assert installed.packages == {"intel-sde": "9.0.0-2025-01-01"}
    assert installed.programs == {"sde64": f"{tmp_path}/opt/sde64"}


def test_what_an_image_has_is_read_back() -> None:
    text = "archive trixie 20260912T075541Z\npackage gcc-14 14.2.0-19\nprogram /usr/bin/qemu-aarch64\n"
    installed = Installed(text)
    assert installed.archives == {"trixie": "20260912T075541Z"}
    assert installed.packages == {"gcc-14": "14.2.0-19"}
    assert installed.programs == {"qemu-aarch64": "/usr/bin/qemu-aarch64"}


def test_sources_bring_what_they_include(tmp_path: Path) -> None:
    for name, text in {
        "src/kernel.c": '#include "../include/a.h"\n  # include "near.h"\n#include <math.h>\n',
        "src/beside.h": "",
        "src/notes.txt": "",
        "src/near.h": '__asm__(".incbin \\"table.bin\\"");\n',
        "src/table.bin": "",
        "include/a.h": '#include "deep/b.h"\n',
        "include/deep/b.h": '#include "missing.h"\n',
        "include/unused.h": "",
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    found = {str(path.relative_to(tmp_path)) for path in closure([tmp_path / "src" / "kernel.c"])}
    assert found == {
        "src/kernel.c",
        "src/beside.h",
        "src/near.h",
        "src/table.bin",
        "include/a.h",
        "include/deep/b.h",
    }


def test_directories_below_others_are_not_mounted_twice() -> None:
    paths = [Path(name) for name in ("/home/me/p/src", "/home/me/p", "/home/me/p2", "/tmp")]
    assert topmost(paths) == [Path("/home/me/p"), Path("/home/me/p2"), Path("/tmp")]


@pytest.mark.parametrize("name", ["/", "/usr/lib", "/etc"])
def test_the_compilers_own_directories_are_not_covered(name: str) -> None:
    with pytest.raises(UsageError, match="move them elsewhere"):
        topmost([Path("/home/me"), Path(name)])
