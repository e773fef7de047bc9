"""The headers of test kernels: one file is a kernel, its row of the manifest and what must come of it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from harness.errors import ConfigurationError
from harness.project import load_project
from tests.kernels import EXPECTED_KEYS, FOLDERS, HEADER_KEYS, ROOT, kernels_in, write_manifest

HEADER = """/* Adds with one accumulator, and forgets the last element.
 *
 * KERNEL: op = "sum_f32"
 * EXPECT: outcome = "MISMATCH"
 * EXPECT: passes_at = [256]
 */
"""
BODY = "float neon_forgets_one(const float *x, unsigned long len) { return len ? x[0] : 0; }\n"


def faulty(folder: Path, header: str, name: str = "sve_x.c") -> str:
    (folder / name).write_text(header + BODY)
    with pytest.raises(ConfigurationError) as caught:
        kernels_in(folder)
    return str(caught.value).removeprefix(f"{folder}/")


def test_a_new_kernel_is_one_file(tmp_path: Path) -> None:
    (tmp_path / "neon_forgets_one.c").write_text(HEADER + BODY)
    (kernel,) = kernels_in(tmp_path)
    assert (kernel.id, kernel.expected.outcomes) == ("sum_f32/neon_forgets_one", ("MISMATCH",))
    assert (kernel.expected.passes_at, kernel.expected.cc, kernel.expected.options) == ((256,), "gcc", ())
    project = load_project(write_manifest([kernel], tmp_path / "project"), Path("/"))
    (listed,) = project.kernels
    assert (listed.id, listed.isa, listed.symbol) == ("sum_f32/neon_forgets_one", "neon", "neon_forgets_one")
    assert listed.sources == (tmp_path / "neon_forgets_one.c",)


def test_a_paragraph_is_a_kernel(tmp_path: Path) -> None:
    header = """/* Two of them.
 * KERNEL: op = "sum_f32"
 * KERNEL: isa = "scalar"
 *
 * KERNEL: op = "sum_f32"
 * KERNEL: isa = "neon"
 * KERNEL: name = "again"
 * KERNEL: requires = [
 * KERNEL:     "len > 0",
 * KERNEL: ]
 */
"""
    (tmp_path / "sums.c").write_text(header)
    one, other = kernels_in(tmp_path)
    assert one.manifest == {"op": "sum_f32", "isa": "scalar", "name": "sums", "symbol": "sums"}
    assert other.manifest == {**one.manifest, "isa": "neon", "name": "again", "requires": ["len > 0"]}
    assert one.expected.outcomes == other.expected.outcomes == ("PASS",)


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("EXPECT: outcom = 'PASS'", ":3: unknown key 'outcom' in EXPECT (perhaps you meant 'outcome')"),
        ("KERNEL: sources = ['k.c']", ":3: unknown key 'sources' in KERNEL; known: op, isa, "),
        ("KERNEL: flags = '-O3'", ":3: 'flags' in KERNEL must be a list of strings, not '-O3'"),
        ("EXPECT: outcome = 'FAIL'", ":3: unknown outcome 'FAIL'; expected one of PASS, MISMATCH, "),
        ("EXPECT: outcome = MISMATCH", ":3: what EXPECT: says is not valid TOML: "),
        ("KERNEL: isa = 'mmx'", ":3: there is no ISA 'mmx'; name the file <isa>_<what>, or add a line KERNEL: isa = "),
    ],
)
def test_a_header_that_is_wrong_is_refused_with_its_line(tmp_path: Path, line: str, complaint: str) -> None:
    assert faulty(tmp_path, f'/* Wrong.\n * KERNEL: op = "sum_f32"\n * {line}\n */\n').startswith(f"sve_x.c{complaint}")


def test_a_header_that_is_missing_is_refused(tmp_path: Path) -> None:
    complaint = 'sve_x.c:1: its first comment says nothing of the kernel; add a line KERNEL: op = "..."'
    assert faulty(tmp_path, "/* Says nothing. */\n") == complaint
    behind = "sve_x.c:2: KERNEL: stands behind the file's first comment; move it there"
    assert faulty(tmp_path, '/* Too short. */\n/* KERNEL: op = "sum_f32" */\n') == behind
    assert faulty(tmp_path, '/* No op.\n * EXPECT: outcome = "CRASH"\n */\n').startswith("sve_x.c:2: names no op; add ")


def test_two_kernels_of_one_name_are_refused(tmp_path: Path) -> None:
    (tmp_path / "sve_x.S").write_text(HEADER)
    assert faulty(tmp_path, HEADER).endswith("/sve_x.S has a kernel 'sum_f32/sve_x', too; add a name")


@pytest.mark.parametrize("folder", FOLDERS)
def test_every_file_is_a_kernel_that_the_harness_takes(folder: str, tmp_path: Path) -> None:
    kernels = kernels_in(ROOT / folder)
    project = load_project(write_manifest(kernels, tmp_path), Path("/"))
    assert [kernel.id for kernel in project.kernels] == [kernel.id for kernel in kernels]
    assert {kernel.path for kernel in kernels} == set((ROOT / folder).glob("*.[cS]"))


def test_the_command_writes_a_manifest_for_each_folder(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.kernels", str(tmp_path / "manifests")]
    done = subprocess.run(command, cwd=ROOT.parents[1], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    manifests = [tmp_path / "manifests" / folder / "harness.toml" for folder in FOLDERS]
    assert [line.partition(": ")[0] for line in done.stdout.splitlines()] == [str(path) for path in manifests]
    assert all(load_project(path, Path("/")).kernels for path in manifests)


def test_the_page_on_test_kernels_names_every_key() -> None:
    page = (ROOT.parents[1] / "docs" / "test-kernels.md").read_text()
    assert not [key for key in EXPECTED_KEYS if f"\n| `{key}` | " not in page]
    assert {"op", "isa", "name", "symbol"} <= HEADER_KEYS.keys()
