"""What the documents show works as it stands there."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from harness.contract.loading import load_contracts
from harness.model import Contract, Outcome, Selection
from harness.project import load_project
from harness.project.bundled import bundled_contract, bundled_ops
from harness.pytest_plugin import flags_of
from harness.report.table import GATE, HEADERS, LEFT_OUT
from harness.settings import options_of

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()


def blocks(text: str, language: str) -> list[str]:
    return re.findall(rf"(?ms)^```{language}\n(.*?)^```", text)


def test_the_contract_of_the_guide_loads(tmp_path: Path) -> None:
    contracts: dict[str, Contract] = {}
    for number, source in enumerate(blocks((ROOT / "docs" / "contracts.md").read_text(), "python")):
        path = tmp_path / f"block{number}.py"
        path.write_text(source)
        contracts |= load_contracts(path)
    cases = {op: len(contract.suites["boundary"](4)) for op, contract in contracts.items()}
    gemm = cases.pop("gemm_f32")
    assert cases == dict.fromkeys(["sum_f32", "rms_norm_f32", "add_i16", "cube_f32", "total_f32"], 47)
    assert gemm >= 7 * 4


def test_the_contract_of_the_readme_loads(tmp_path: Path) -> None:
    (source,) = blocks(README, "python")
    (tmp_path / "contract.py").write_text(source)
    (contract,) = load_contracts(tmp_path / "contract.py").values()
    assert {"boundary", "residues", "sensitivity", "special"} <= contract.suites.keys()
    assert len(contract.suites["boundary"](4)) == 47


def test_the_manifest_of_the_readme_is_complete(tmp_path: Path) -> None:
    (text,) = blocks(README, "toml")
    for kernel in tomllib.loads(text)["kernel"]:
        for source in kernel["sources"]:
            (tmp_path / source).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / source).write_text("")
    (tmp_path / "harness.toml").write_text(text)
    (kernel,) = load_project(None, tmp_path).kernels
    assert kernel.id == "rms_norm_f32/sve"


def headings(page: Path) -> set[str]:
    """Return the anchors of a page's headings, by the rule that GitHub and the site share."""
    text = re.sub(r"(?ms)^```.*?^```$", "", page.read_text())
    titles = (re.sub(r"[`*]", "", title).strip().lower() for title in re.findall(r"(?m)^#+ (.*)$", text))
    return {re.sub(r"[^\w\- ]", "", title).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("document", sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")], key=str))
def test_links_lead_somewhere(document: Path) -> None:
    for target, anchor in re.findall(r"\]\(([^)#:]*)(?:#([^)]+))?\)", document.read_text()):
        page = document.parent / target if target else document
        assert page.exists(), target
        assert not anchor or anchor in headings(page), f"{target}#{anchor}"


def test_the_glossary_has_every_word_of_the_table() -> None:
    entries = set(re.findall(r"(?m)^## (.*)$", (ROOT / "docs" / "glossary.md").read_text()))
    assert {outcome.value for outcome in Outcome} | {LEFT_OUT} <= entries
    assert set(HEADERS) <= entries
    assert set(Selection().variants) <= entries
    suites = {suite for op in bundled_ops() for suite in bundled_contract(op).suites}
    assert suites | {GATE, "size"} <= entries


def test_the_glossary_is_in_order_and_each_entry_is_short() -> None:
    terms = re.findall(r"(?ms)^## ([^\n]*)\n\n(.*?)(?=^## |\Z)", (ROOT / "docs" / "glossary.md").read_text())
    names = [name.lower().replace("_", " ") for name, _ in terms]
    assert names == sorted(names)
    for name, text in terms:
        assert 5 < len(text.split()) <= 75, name


def test_every_outcome_has_a_section() -> None:
    page = (ROOT / "docs" / "outcomes.md").read_text()
    assert set(re.findall(r"(?m)^## (\w+)$", page)) == {outcome.value for outcome in Outcome}
    table = (ROOT / "docs" / "pytest.md").read_text().split("| what it came to")[1].split("\n\n")[0]
    assert set(re.findall(r"\b[A-Z]{3,}[A-Z_]*\b", table)) | {"PASS"} == {outcome.value for outcome in Outcome}


def test_the_page_on_pytest_names_every_option() -> None:
    page = (ROOT / "docs" / "pytest.md").read_text()
    expected = {flag for option in options_of("pytest") for flag in flags_of(option)}
    assert set(re.findall(r"`(--(?:harness-|svl|vl)[a-z-]*)`", page)) == expected


def test_the_page_on_python_names_everything_that_is_offered() -> None:
    import harness

    page = (ROOT / "docs" / "python.md").read_text()
    functions = {name for name in harness.__all__ if name.islower()}
    assert (
        set(re.findall(r"(?m)^\| `(\w+)\(\w+, ", page)) | set(re.findall(r"(?m)^\| `(\w+)\(run\)`", page)) == functions
    )
    attributes = {name for name in vars(harness.Result) if not name.startswith("_")}
    said = page.split("| attribute | is |")[1].split("\n\n")[0]
    assert {name.removesuffix("()") for name in re.findall(r"`(\w+(?:\(\))?)`", said)} == attributes


def test_every_page_is_in_the_navigation() -> None:
    index = (ROOT / "docs" / "index.md").read_text()
    trees = re.findall(r"(?ms)^```{toctree}\n(.*?)^```", index)
    listed = [line for tree in trees for line in tree.split() if not line.startswith(":")]
    pages = {page.stem for page in (ROOT / "docs").glob("*.md")} - {"index"}
    assert pages <= set(listed), "add it to docs/index.md"
