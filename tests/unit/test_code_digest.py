"""What is remembered is remembered of the code that computed it: all of it, and not more than that."""

from __future__ import annotations

import ast
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from harness.contract.loading import load_contracts
from harness.model import Contract, Selection
from harness.plan import make_cases
from harness.sensitivity import proof
from harness.storage import code_digest as digests
from harness.storage.code_digest import code_digest, imported_files, imports_digest
from harness.survey import _PROBING
from tests.unit.samples import boundary_cases, rms_norm

PACKAGE = Path(proof.__file__).parent.parent

# Computes a proof with as little else as possible, and says what of this package was imported for it.
PROVES = """
import sys
from pathlib import Path
from harness.contract.loading import load_contracts
from harness.numerics.inputs import InputStream
from harness.sensitivity.gaps import find_gaps
from harness.model import Case
(contract,) = load_contracts(Path(sys.argv[1])).values()
specs = contract.suites["sensitivity"](4)[:2]
cases = [Case(contract.op, "sensitivity", str(n), s.sizes, (), s.pattern, s.placement, n) for n, s in enumerate(specs)]
stream = InputStream()
sizes, _ = find_gaps(contract, cases, lambda case: stream.inputs(contract, case))
assert sizes
print(*sorted(name for name in sys.modules if name.startswith("harness.")))
"""


def really_imported() -> set[str]:
    command = [sys.executable, "-c", PROVES, str(PACKAGE.parent / "cases" / "softmax_f32.py")]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return set(done.stdout.split())


def test_a_proof_is_keyed_by_every_module_that_is_imported_for_it() -> None:
    """Fails when a module that matters is not covered, wherever it comes to lie."""
    imported = really_imported() - {"harness.contract.loading"}  # which reads what the contract's own digest is of
    assert {
        "harness.judge.tolerance",
        "harness.numerics.inputs",
        "harness.model.prototype",
        "harness.numerics.formats",
    } <= imported
    covered = imported_files(proof.ROOTS)
    assert imported <= covered.keys(), sorted(imported - covered.keys())
    for name, path in covered.items():
        module = sys.modules.get(name)
        assert module is None or module.__file__ == str(path)
    assert "harness.contract.passes" in covered, "what a contract is made of"
    assert "harness.report.table" not in covered, "a change of the table proves nothing anew"


def test_probes_are_keyed_by_every_module_that_asks() -> None:
    covered = imported_files(_PROBING)
    for name in (
        "survey",
        "build.probes",
        "build.toolchain",
        "launch",
        "launch.emulators",
        "backend.host",
        "guest.pack",
    ):
        assert f"harness.{name}" in covered


def imported_by_syntax(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_are_read_as_python_reads_them(path: Path) -> None:
    assert set(imported_by_syntax(path)) <= set(digests._imports(path.read_text()))


@pytest.fixture
def copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A copy of the package that digests are taken of."""
    copy = tmp_path / "harness"
    shutil.copytree(PACKAGE, copy, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(digests, "_PACKAGE", copy)
    code_digest.cache_clear()
    yield copy
    code_digest.cache_clear()


@pytest.mark.parametrize(
    ("changed", "matters"),
    [
        ("judge/tolerance.py", True),
        ("model/prototype.py", True),
        ("model/contract.py", True),
        ("contract/expressions.py", True),
        ("report/table.py", False),
        ("__init__.py", False),
    ],
)
def test_a_change_counts_where_it_can_matter(copied: Path, changed: str, matters: bool) -> None:
    before = code_digest(*proof.ROOTS)
    with (copied / changed).open("a") as file:
        file.write("\n# changed\n")
    code_digest.cache_clear()
    assert (code_digest(*proof.ROOTS) != before) is matters


def test_a_module_that_is_not_there_is_a_mistake() -> None:
    with pytest.raises(ValueError, match=r"no module harness\.judge\.gone"):
        code_digest("harness.judge.gone")


def with_helper(directory: Path, monkeypatch: pytest.MonkeyPatch, helper: str) -> Contract:
    (directory / "mine.py").write_text("import numpy as np\n" + helper)
    (directory / "contract.py").write_text("import mine\n" + (PACKAGE.parent / "cases" / "sum_f32.py").read_text())
    monkeypatch.syspath_prepend(str(directory))
    monkeypatch.delitem(sys.modules, "mine", raising=False)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    (contract,) = load_contracts(directory / "contract.py").values()
    return contract


def test_what_a_contract_imports_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = set()
    for helper in ("SCALE = 1\n", "SCALE = 2\n", "SCALE = 1\n"):
        contract = with_helper(tmp_path, monkeypatch, helper)
        seen.add((contract.source_digest, imports_digest(contract.origin)))
    assert len(seen) == 2
    assert len({source for source, _ in seen}) == 1, "the contract itself is the same"


class Proving:
    """Stands for the proof, and counts how often it is made."""

    made = 0

    def __call__(self, *_: object) -> tuple[int, list[object]]:
        self.made += 1
        return 1, []


def test_a_proof_is_made_anew_when_a_contracts_helper_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    proving = Proving()
    monkeypatch.setattr(proof, "find_gaps", proving)
    for helper, count in (("A = 1\n", 1), ("A = 1\n", 1), ("A = 2\n", 2)):
        contract = with_helper(tmp_path, monkeypatch, helper)
        cases = make_cases(contract, contract.conventions, Selection(suites=("sensitivity",)), 128)[:1]
        proof.prove(contract, cases, tmp_path / "proofs")
        assert proving.made == count


def test_a_proof_is_made_anew_when_its_code_or_numpy_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    proving = Proving()
    monkeypatch.setattr(proof, "find_gaps", proving)
    contract = rms_norm()
    cases = boundary_cases(contract)[:1]

    def prove() -> int:
        proof.prove(contract, cases, tmp_path)
        return proving.made

    assert [prove(), prove()] == [1, 1]
    monkeypatch.setattr(proof, "code_digest", lambda *_: "another")
    assert [prove(), prove()] == [2, 2]
    monkeypatch.setattr(np, "__version__", "0.0")
    assert [prove(), prove()] == [3, 3]
