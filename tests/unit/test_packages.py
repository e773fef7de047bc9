"""What is missing comes with the command that installs it, for the distribution at hand."""

from __future__ import annotations

import platform
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from harness.backend.host import HostBackend
from harness.backend.packages import family_of, how_to_install
from harness.build.toolchain import find_compiler
from harness.cli import main
from harness.launch.emulators import Tools, emulator_of
from harness.model import Missing

X86, ARM, RISCV = "x86_64-linux-gnu", "aarch64-linux-gnu", "riscv64-linux-gnu"
DOCKER = "; or --in docker, which needs none of it"


@pytest.mark.parametrize(
    ("text", "family"),
    [
        ('NAME="Ubuntu"\nID=ubuntu\nID_LIKE=debian\n', "debian"),
        ("ID=debian", "debian"),
        ('ID="rocky"\nID_LIKE="rhel centos fedora"', "fedora"),
        ("ID=manjaro\nID_LIKE=arch", "arch"),
        ("ID=nixos", ""),
        ("", ""),
    ],
)
def test_families_of_distributions(text: str, family: str) -> None:
    assert family_of(text) == family


@pytest.mark.parametrize(
    ("tool", "triple", "native", "family", "said"),
    [
        ("gcc", ARM, X86, "debian", "apt-get install gcc-aarch64-linux-gnu libc6-dev-arm64-cross"),
        ("gcc", RISCV, X86, "debian", "apt-get install gcc-riscv64-linux-gnu libc6-dev-riscv64-cross"),
        ("gcc", X86, ARM, "debian", "apt-get install gcc-x86-64-linux-gnu libc6-dev-amd64-cross"),
        ("gcc", X86, X86, "debian", "apt-get install gcc libc6-dev"),
        ("gcc-12", ARM, X86, "debian", "apt-get install gcc-12-aarch64-linux-gnu libc6-dev-arm64-cross"),
        ("clang", ARM, X86, "debian", "apt-get install clang-19"),
        ("clang-18", ARM, X86, "debian", "apt-get install clang-18"),
        ("libc", ARM, X86, "debian", "apt-get install libc6-dev-arm64-cross"),
        ("qemu-user", X86, X86, "debian", "apt-get install qemu-user"),
        ("gcc qemu-user", RISCV, X86, "arch", "pacman -S riscv64-linux-gnu-gcc qemu-user"),
        ("gcc", X86, X86, "fedora", "dnf install gcc glibc-static"),
        ("qemu-user", X86, X86, "fedora", "dnf install qemu-user"),
        ("gcc", ARM, X86, "arch", "pacman -S aarch64-linux-gnu-gcc"),
        ("clang-18", ARM, X86, "arch", "pacman -S clang"),
        ("g++", ARM, X86, "debian", "apt-get install g++-aarch64-linux-gnu"),
        ("g++", X86, X86, "debian", "apt-get install g++"),
        ("g++", X86, ARM, "debian", "apt-get install g++-x86-64-linux-gnu"),
        ("g++", X86, X86, "fedora", "dnf install gcc-c++ libstdc++-static"),
        ("g++", ARM, X86, "arch", "pacman -S aarch64-linux-gnu-gcc"),
        ("binutils", ARM, X86, "debian", "apt-get install binutils-aarch64-linux-gnu"),
        ("binutils", X86, X86, "debian", "apt-get install binutils"),
        ("binutils", ARM, X86, "fedora", "dnf install binutils-aarch64-linux-gnu"),
        ("binutils", ARM, X86, "arch", "pacman -S aarch64-linux-gnu-binutils"),
    ],
)
def test_commands_name_the_packages(tool: str, triple: str, native: str, family: str, said: str) -> None:
    assert how_to_install(tool, triple, native, family=family) == said + DOCKER


def test_where_a_distribution_has_none_the_container_is_named() -> None:
    said = how_to_install("gcc", ARM, X86, family="fedora")
    assert said == f"Fedora has no static C library for {ARM}: --in docker brings all of it along"


def test_an_unknown_distribution_gets_each_command() -> None:
    said = how_to_install("qemu-user", X86, X86, family="")
    assert said.startswith(
        "apt-get install qemu-user (Debian, Ubuntu); or dnf install qemu-user (Fedora); or pacman -S "
    )


def test_what_is_missing_here_is_told_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("harness.backend.packages.distribution", lambda: "debian")
    backend = HostBackend()
    missing = find_compiler("gcc", RISCV, backend)
    assert isinstance(missing, Missing)
    assert missing.remedy.startswith("apt-get install gcc-riscv64-linux-gnu libc6-dev-riscv64-cross; or --in docker")
    tools = cast(Tools, SimpleNamespace(backend=backend))
    none = emulator_of("qemu-user").find(ARM, "max", tools)
    assert isinstance(none, Missing)
    assert none.remedy == f"apt-get install qemu-user{DOCKER}"


def test_elsewhere_than_on_linux_the_container_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(platform, "system", lambda: "Darwin")
    assert main(["run", "dot_f32/sve"]) == 4
    said = "harness: kernels run on Linux, and this is macOS: --in docker runs them in a container\n"
    assert capsys.readouterr().err == said
