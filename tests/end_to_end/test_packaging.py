"""The harness finds what ships with it however it was installed."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.conftest import Once
from tests.end_to_end.test_bring import SVE

PIP = ("-m", "pip", "--disable-pip-version-check", "--quiet")
OFFLINE = ("--no-deps", "--no-index")


@dataclass(frozen=True)
class Distributions:
    """What a release consists of, and where the sdist was unpacked."""

    sdist: Path
    wheel: Path
    unpacked: Path


@dataclass(frozen=True)
class Installation:
    """A Python that can import the harness, how it must be called, and where the package is."""

    package: Path
    cwd: Path
    python: str = sys.executable
    environment: dict[str, str] = field(default_factory=dict)

    def run(self, *arguments: str) -> str:
        """Run Python with the arguments; return its standard output."""
        return call(self.python, *arguments, cwd=self.cwd, **self.environment)


def call(*command: str | Path, cwd: Path, **environment: str) -> str:
    inherited = {key: value for key, value in os.environ.items() if key not in {"PYTHONPATH", "PYTHONSAFEPATH"}}
    done = subprocess.run(command, cwd=cwd, env=inherited | environment, capture_output=True, text=True)
    assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
    return done.stdout


@pytest.fixture(scope="session")
def distributions(once: Once, repository: Path) -> Distributions:
    def build(made: Path) -> None:
        # The wheel is built from the sdist, which thereby proves complete.
        call(sys.executable, "-m", "build", "--no-isolation", "--outdir", made, repository, cwd=made)
        (sdist,) = made.glob("*.tar.gz")
        call("tar", "-xf", sdist, cwd=made)

    made = once("distributions", build)
    (sdist,), (wheel,) = made.glob("*.tar.gz"), made.glob("*.whl")
    return Distributions(sdist, wheel, made / sdist.name.removesuffix(".tar.gz"))


def from_wheel(distributions: Distributions, directory: Path, _repository: Path) -> Installation:
    call(sys.executable, *PIP, "install", *OFFLINE, "--target", directory, distributions.wheel, cwd=directory)
    return Installation(directory / "harness", directory.parent, environment={"PYTHONPATH": str(directory)})


def from_sdist(distributions: Distributions, _directory: Path, _repository: Path) -> Installation:
    return Installation(distributions.unpacked / "harness", distributions.unpacked)


def editable(distributions: Distributions, directory: Path, _repository: Path) -> Installation:
    call(sys.executable, "-m", "venv", "--without-pip", directory, cwd=directory)
    python = str(directory / "bin" / "python")
    # Our own packages are seen, but not the editable install among them: .pth files count in site directories only.
    borrowed = {"PYTHONPATH": sysconfig.get_path("purelib")}
    install = ("install", *OFFLINE, "--no-build-isolation", "--editable", str(distributions.unpacked))
    call(python, *PIP, *install, cwd=directory, **borrowed)
    return Installation(distributions.unpacked / "harness", directory, python, borrowed)


def checkout(_distributions: Distributions, _directory: Path, repository: Path) -> Installation:
    return Installation(repository / "harness", repository)


@pytest.fixture(scope="module", params=[from_wheel, from_sdist, editable, checkout], ids=lambda way: way.__name__)
def installation(
    request: pytest.FixtureRequest,
    distributions: Distributions,
    tmp_path_factory: pytest.TempPathFactory,
    repository: Path,
) -> Installation:
    way: Callable[[Distributions, Path, Path], Installation] = request.param
    return way(distributions, tmp_path_factory.mktemp(way.__name__), repository)


WHERE = """
import json, harness, harness.resources as r
print(json.dumps([harness.__path__[0], str(r.bundled_root()), str(r.targets_directory())]))
"""


def test_everything_that_ships_is_found(installation: Installation) -> None:
    package, root, targets = map(Path, json.loads(installation.run("-c", WHERE)))
    assert package == installation.package
    assert targets == package / "targets"
    assert list(targets.glob("*.toml"))
    assert (root / "cases" / "rms_norm_f32.py").is_file()
    assert (root / "csrc" / "kernels" / "rms_norm_f32" / "sve.c").is_file()
    assert (root / "csrc" / "guest" / "runner" / "wire.h").is_file()


def test_kernels_are_listed(installation: Installation) -> None:
    assert "rms_norm_f32/sve" in installation.run("-m", "harness", "list")


def test_console_script_starts(distributions: Distributions, tmp_path: Path, repository: Path) -> None:
    wheel = from_wheel(distributions, tmp_path, repository)
    assert "usage" in call(tmp_path / "bin" / "harness", "--help", cwd=tmp_path, **wheel.environment)


def test_from_pip_install_to_the_verdict_on_a_foreign_kernel_in_four_commands(
    distributions: Distributions, tmp_path: Path
) -> None:
    work = tmp_path / "project"
    work.mkdir()
    (work / "kernel.c").write_text(SVE)
    # What it depends on is taken from our own environment, since there may be no network.
    borrowed = {"PYTHONPATH": sysconfig.get_path("purelib")}
    programs = tmp_path / "venv" / "bin"
    narrow = ("--svl", "256", "--cc", "gcc", "--opt", "O2", "--build", "plain", "--suite", "boundary")
    commands: list[tuple[str | Path, ...]] = [
        (sys.executable, "-m", "venv", "--without-pip", tmp_path / "venv"),
        (programs / "python", *PIP, "install", *OFFLINE, distributions.wheel),
        (programs / "harness", "init"),
        (programs / "harness", "run", *narrow),
    ]
    *_, said, verdict = [call(*command, cwd=work, **borrowed) for command in commands]
    assert "next   harness run" in said
    assert "100 of 100 cases passed; vector lengths attested by the guest: 256 bits" in verdict
    other = tmp_path / "other"
    other.mkdir()
    (other / "kernel.c").write_text(SVE)
    (other / ".gitlab-ci.yml").write_text("")
    call(programs / "harness", "init", cwd=other, **borrowed)
    assert "extends: .harness" in (other / ".gitlab" / "harness.gitlab-ci.yml").read_text(), (
        "the wheel has the template"
    )


def test_sdist_holds_every_tracked_file(distributions: Distributions, repository: Path) -> None:
    if not (repository / ".git").exists() or not shutil.which("git"):
        pytest.skip("no git checkout, or no git: nothing says which files belong to the project")
    tracked = {Path(name) for name in call("git", "ls-files", cwd=repository).splitlines()}
    there = {path.relative_to(distributions.unpacked) for path in distributions.unpacked.rglob("*") if path.is_file()}
    assert {name for name in tracked - there if (repository / name).exists()} == set()


def test_wheel_holds_no_test_kernel(distributions: Distributions, repository: Path) -> None:
    tests = {path.name for path in (repository / "tests" / "kernels").rglob("*.[cS]")}
    assert len(tests) >= 290
    with zipfile.ZipFile(distributions.wheel) as wheel:
        sources = [Path(name) for name in wheel.namelist() if Path(name).suffix in (".c", ".S")]
    assert "harness/bundled/csrc/kernels/rms_norm_f32/sve.c" in map(str, sources)
    assert not [path for path in sources if path.name in tests]
    folders = {path.parts[3] for path in sources if path.parts[2] == "csrc"}
    assert folders == {"bochs", "guest", "kernels", "probe"}


def test_wheel_states_licence_and_types(distributions: Distributions) -> None:
    with zipfile.ZipFile(distributions.wheel) as wheel:
        names = wheel.namelist()
        (metadata,) = (name for name in names if name.endswith("/METADATA"))
        assert "License-Expression: MIT OR Apache-2.0" in wheel.read(metadata).decode().splitlines()
    assert "harness/py.typed" in names
    assert any(name.endswith("/licenses/LICENSE") for name in names)
    assert not any("__pycache__" in name for name in names)
