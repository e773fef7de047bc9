"""`./dev` on machines that have and lack things: every tool it may start is a stub that notes its arguments."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.conftest import pytest_runtest_setup

ORDINARY = (
    *("basename", "cat", "cksum", "cp", "cut", "dirname", "env", "mkdir", "readlink", "rm", "sed", "setsid", "sh"),
    *("sleep", "tail", "touch", "uname"),
)

NOTE = 'echo "$(basename "$0") $*" >>"$NOTES"'
COMPILER = f"{NOTE}\necho /usr/lib/libc.a"
# Making an environment puts further stubs into it.
PYTHON = f"""{NOTE}
case "$*" in
-V) echo Python 3.12.1 ;;
"-c import docker"*) [ -e "$STUBS/engine-runs" ] ;;
"-m venv"*)
    for venv; do :; done
    mkdir -p "$venv/bin"
    cp "$0" "$venv/bin/python"
    cp "$STUBS/noting" "$venv/bin/harness"
    cp "$STUBS/noting" "$venv/bin/pytest"
    ;;
esac"""
# What a package brings is the same stub under the name of the tool.
APT_GET = f"""{NOTE}
case "$*" in *qemu-user*) cp "$STUBS/noting" "$STUBS/qemu-aarch64" ;; esac
case "$*" in *docker.io*) cp "$STUBS/starting" "$STUBS/dockerd" ;; esac"""
DOCKERD = f"""{NOTE}
trap 'rm "$STUBS/engine-runs"; echo dockerd ended >>"$NOTES"; exit' TERM
touch "$STUBS/engine-runs"
while :; do sleep 0.1; done"""


@dataclass
class Machine:
    """A checkout that holds no more than `./dev` needs, and the stubs on its PATH."""

    checkout: Path
    stubs: Path
    notes: Path

    def add(self, name: str, script: str = NOTE) -> None:
        path = self.stubs / name
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)

    def remove(self, name: str) -> None:
        (self.stubs / name).unlink()

    def dev(self, *arguments: str, cwd: Path | None = None, **environment: str) -> subprocess.CompletedProcess[str]:
        environment |= {"PATH": str(self.stubs), "STUBS": str(self.stubs), "NOTES": str(self.notes)}
        command = [str(self.checkout / "dev"), *arguments]
        return subprocess.run(command, cwd=cwd or self.checkout, env=environment, capture_output=True, text=True)

    def calls(self, tool: str) -> list[str]:
        """The arguments of each call of a tool, in order."""
        lines = self.notes.read_text().splitlines() if self.notes.exists() else []
        return [line.removeprefix(tool).strip() for line in lines if line.split()[0] == tool]


@pytest.fixture
def machine(tmp_path: Path, repository: Path) -> Machine:
    """A machine that lacks nothing but the virtual environment."""
    checkout, stubs = tmp_path / "a checkout", tmp_path / "stubs"
    checkout.mkdir()
    stubs.mkdir()
    for name in ("dev", "pyproject.toml"):
        shutil.copy(repository / name, checkout)
    for name in ORDINARY:
        (stubs / name).symlink_to(shutil.which(name) or f"/bin/{name}")
    made = Machine(checkout, stubs, tmp_path / "notes")
    made.add("noting")
    made.add("qemu-aarch64")
    made.add("gcc", COMPILER)
    made.add("qemu-riscv64")
    made.add("aarch64-linux-gnu-gcc", COMPILER)
    made.add("riscv64-linux-gnu-gcc", COMPILER)
    made.add("g++")
    made.add("aarch64-linux-gnu-g++")
    made.add("clang", f"{NOTE}\necho 19.1.7")
    made.add("python3", PYTHON)
    made.add("id", "echo 1000")
    return made


def add_apt(machine: Machine) -> None:
    machine.add("apt-get", APT_GET)
    machine.add("apt-cache")
    machine.add("sudo", f'{NOTE}\n"$@"')


def test_run_makes_the_environment_and_says_so(machine: Machine) -> None:
    done = machine.dev("run", "-v")
    assert done.returncode == 0, done.stderr
    assert "pyproject.toml" in done.stderr
    assert machine.calls("python")[-2:] == [
        "-m pip install --quiet --disable-pip-version-check --editable .[html]",
        "-V",
    ]
    assert machine.calls("harness") == ["run --svl 128,256,512 -v"]


def test_second_run_installs_and_says_nothing(machine: Machine) -> None:
    machine.dev("run")
    machine.notes.unlink()
    done = machine.dev("run")
    assert (done.returncode, done.stderr) == (0, "")
    assert machine.calls("python3") == []
    assert [call for call in machine.calls("python") if call != "-V"] == []


def test_changed_dependencies_are_installed(machine: Machine) -> None:
    machine.dev("run")
    machine.notes.unlink()
    with (machine.checkout / "pyproject.toml").open("a") as project:
        project.write("# changed\n")
    machine.dev("run")
    assert any("pip install" in call for call in machine.calls("python"))


def test_environment_of_another_python_is_made_anew(machine: Machine) -> None:
    machine.dev("run")
    machine.notes.unlink()
    machine.add("python3", PYTHON.replace("3.12.1", "3.13.0"))
    (machine.checkout / ".venv/bin/python").unlink()  # as after an upgrade of the distribution: a link to nowhere
    assert machine.dev("run").returncode == 0
    assert any("-m venv --clear" in call for call in machine.calls("python3"))


def test_what_a_test_needs_is_enough_for_a_run(machine: Machine) -> None:
    assert machine.dev("test", "-q").returncode == 0
    assert any("--editable .[test]" in call for call in machine.calls("python"))
    assert machine.dev("run").stderr == ""


def test_what_a_run_needs_is_not_enough_for_a_test(machine: Machine) -> None:
    machine.dev("run")
    machine.dev("test")
    assert any("--editable .[test]" in call for call in machine.calls("python"))


@pytest.mark.parametrize("widths", [["--svl", "all"], ["--svl=1024"], ["--vl", "128"], ["--vl=128"]])
def test_widths_asked_for_replace_the_usual_ones(machine: Machine, widths: list[str]) -> None:
    machine.dev("run", "rms_norm_f32/sve", *widths)
    assert machine.calls("harness") == [" ".join(["run", "rms_norm_f32/sve", *widths])]


def test_tests_run_from_anywhere(machine: Machine, tmp_path: Path) -> None:
    machine.dev("test", "-k", "plan", cwd=tmp_path)
    root = machine.checkout
    assert machine.calls("pytest") == [f"-c {root}/pyproject.toml -k plan {root}/tests"]


def test_named_test_files_replace_the_suite(machine: Machine, tmp_path: Path) -> None:
    (tmp_path / "test_it.py").touch()
    machine.dev("test", "test_it.py::test_this", cwd=tmp_path)
    assert machine.calls("pytest") == [f"-c {machine.checkout}/pyproject.toml test_it.py::test_this"]


def test_packages_are_installed_by_sudo_after_saying_so(machine: Machine) -> None:
    machine.remove("qemu-aarch64")
    add_apt(machine)
    done = machine.dev("run")
    assert done.returncode == 0, done.stderr
    assert "apt-get will install these, which may take a minute or two: qemu-user" in done.stderr
    (installed,) = machine.calls("sudo")
    assert installed.startswith("env DEBIAN_FRONTEND=noninteractive apt-get install -y")
    assert installed.endswith(" qemu-user")


def test_empty_package_lists_are_fetched_first(machine: Machine) -> None:
    machine.remove("qemu-aarch64")
    add_apt(machine)
    machine.add("apt-cache", "exit 100")
    machine.dev("run")
    assert [call.split()[0] for call in machine.calls("apt-get")] == ["update", "install"]


def test_root_needs_no_sudo(machine: Machine) -> None:
    machine.remove("qemu-aarch64")
    add_apt(machine)
    machine.remove("sudo")
    machine.add("id", "echo 0")
    assert machine.dev("run").returncode == 0


def test_user_without_sudo_is_told_the_command(machine: Machine) -> None:
    machine.remove("qemu-aarch64")
    add_apt(machine)
    machine.remove("sudo")
    done = machine.dev("run")
    assert done.returncode == 4
    assert "apt-get install qemu-user" in done.stderr


def test_without_apt_every_missing_tool_is_named(machine: Machine) -> None:
    for name in ("qemu-aarch64", "gcc"):
        machine.remove(name)
    done = machine.dev("run")
    assert done.returncode == 4
    assert "qemu-aarch64" in done.stderr
    assert "gcc with a static C library" in done.stderr
    assert machine.calls("harness") == []


def test_compiler_without_a_static_library_counts_as_missing(machine: Machine) -> None:
    machine.add("gcc", "echo libc.a")  # what gcc answers when it finds none
    assert "static C library" in machine.dev("run").stderr


def test_tests_need_a_recent_clang(machine: Machine) -> None:
    machine.add("clang", "echo 14.0.6")
    assert "clang 18 or later" in machine.dev("test").stderr
    assert machine.dev("run").returncode == 0


def test_tests_need_a_compiler_for_riscv_and_a_run_does_not(machine: Machine) -> None:
    machine.remove("riscv64-linux-gnu-gcc")
    done = machine.dev("test")
    assert done.returncode == 4
    assert "riscv64-linux-gnu-gcc with a static C library" in done.stderr
    assert machine.dev("run").returncode == 0


def test_no_verb_is_a_usage_error(machine: Machine) -> None:
    assert machine.dev().returncode == 2
    assert machine.dev("--help").returncode == 0


# ---- a container engine for the tests ------------------------------------------------------------------------------


@pytest.fixture
def root(machine: Machine) -> Machine:
    """A machine on which we are root, with all that an engine of our own needs."""
    machine.add("id", "echo 0")
    machine.add("starting", DOCKERD)
    machine.add("dockerd", DOCKERD)
    machine.add("debootstrap")
    return machine


def test_an_engine_is_started_for_the_tests_and_ended_with_them(root: Machine) -> None:
    done = root.dev("test", "--require", "docker", "-q")
    assert done.returncode == 0, done.stderr
    assert "starting a container engine, which ends with the tests" in done.stderr
    lines = root.notes.read_text().splitlines()
    (begin,) = [number for number, line in enumerate(lines) if line.startswith("dockerd --bridge=none")]
    (tests,) = [number for number, line in enumerate(lines) if line.startswith("pytest ")]
    assert begin < tests < lines.index("dockerd ended")
    assert lines[tests].endswith(f"--require docker -q {root.checkout}/tests")


def test_a_directory_named_docker_is_no_test(root: Machine) -> None:
    (root.checkout / "docker").mkdir()
    root.dev("test", "--require", "docker")
    assert root.calls("pytest") == [f"-c {root.checkout}/pyproject.toml --require docker {root.checkout}/tests"]


def test_failing_tests_fail_with_an_engine_too(root: Machine) -> None:
    root.dev("test")
    (root.checkout / ".venv/bin/pytest").write_text("#!/bin/sh\nexit 3\n")
    assert root.dev("test", "--require=docker").returncode == 3
    assert not (root.stubs / "engine-runs").exists()


def test_an_engine_that_runs_is_left_alone(root: Machine) -> None:
    (root.stubs / "engine-runs").touch()
    assert root.dev("test", "--require", "docker").returncode == 0
    assert root.calls("dockerd") == []


def test_without_the_option_no_engine_is_touched(root: Machine) -> None:
    assert root.dev("test").returncode == 0
    assert root.calls("dockerd") == []


def test_an_engine_is_installed_where_none_is(root: Machine) -> None:
    root.remove("dockerd")
    root.remove("debootstrap")
    add_apt(root)
    done = root.dev("test", "--require", "docker")
    assert done.returncode == 0, done.stderr
    assert root.calls("apt-get")[-1].endswith(" docker.io debootstrap")
    assert len(root.calls("pytest")) == 1


@pytest.mark.parametrize(
    ("user", "address", "reason"),
    [
        ("1000", "", "no container engine answers: start one, or run this as root"),
        ("0", "unix:///x", "no container engine answers at unix:///x"),
    ],
)
def test_no_engine_is_no_pass(root: Machine, user: str, address: str, reason: str) -> None:
    root.add("id", f"echo {user}")
    done = root.dev("test", "--require", "docker", DOCKER_HOST=address)
    assert done.returncode == 4
    assert reason in done.stderr
    assert root.calls("pytest") == []


def test_an_engine_that_does_not_come_up_is_no_pass(root: Machine) -> None:
    root.add("dockerd", "echo something is wrong\nexit 1")
    done = root.dev("test", "--require", "docker")
    assert done.returncode == 4
    assert "dockerd does not answer; it said last: something is wrong" in done.stderr
    assert root.calls("pytest") == []


# ---- Rust for the tests --------------------------------------------------------------------------------------------


def test_a_rustc_that_compiles_for_aarch64_is_enough(machine: Machine, tmp_path: Path) -> None:
    (tmp_path / "libcore-1.rlib").touch()
    machine.add("rustc", f"{NOTE}\necho '{tmp_path}'")
    assert machine.dev("test", "--require", "rust").returncode == 0
    assert machine.calls("rustc") == ["--print target-libdir --target aarch64-unknown-linux-gnu"]
    assert len(machine.calls("pytest")) == 1


def test_rust_that_cannot_be_had_is_no_pass(machine: Machine, tmp_path: Path) -> None:
    machine.add("rustc", f"echo '{tmp_path}'")  # where nothing is
    done = machine.dev("test", "--require", "rust")
    assert done.returncode == 4
    assert "rustup target add aarch64-unknown-linux-gnu" in done.stderr
    assert machine.calls("pytest") == []


# ---- a browser for the tests ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("option", [["--require", "browser"], ["--require=browser"]])
def test_a_browser_is_installed_where_none_is(machine: Machine, option: list[str]) -> None:
    add_apt(machine)
    done = machine.dev("test", *option)
    assert done.returncode == 0, done.stderr
    (installed,) = machine.calls("sudo")
    assert installed.endswith(" chromium")
    assert len(machine.calls("pytest")) == 1


def test_a_browser_that_is_there_is_not_installed_again(machine: Machine) -> None:
    machine.add("chromium")
    assert machine.dev("test", "--require", "browser").returncode == 0
    assert machine.calls("apt-get") == []


def test_no_browser_is_no_pass(machine: Machine) -> None:
    done = machine.dev("test", "--require", "browser")
    assert done.returncode == 4
    assert "no chromium: install it with your package manager" in done.stderr
    assert machine.calls("pytest") == []


@pytest.mark.parametrize(
    ("required", "there", "outcome"),
    [
        (["browser"], None, pytest.fail.Exception),
        (["docker"], None, pytest.skip.Exception),
        ([], "/usr/bin/chromium", None),
    ],
)
def test_what_is_required_is_not_skipped(
    monkeypatch: pytest.MonkeyPatch, required: list[str], there: str | None, outcome: type[BaseException] | None
) -> None:
    monkeypatch.setattr(shutil, "which", lambda _name: there)
    marked: Any = SimpleNamespace(
        get_closest_marker={"browser": True}.get, config=SimpleNamespace(getoption={"--require": required}.get)
    )
    with pytest.raises(outcome) if outcome else contextlib.nullcontext():
        pytest_runtest_setup(marked)
