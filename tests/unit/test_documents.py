"""What the documents show works as it stands there."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from harness.contract.loading import load_contracts
from harness.project import load_project

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()


def blocks(text: str, language: str) -> list[str]:
    return re.findall(rf"(?ms)^```{language}\n(.*?)^```", text)


def test_the_contract_of_the_guide_loads(tmp_path: Path) -> None:
    (source,) = blocks((ROOT / "docs" / "contracts.md").read_text(), "python")
    path = tmp_path / "rms_norm_f32.py"
    path.write_text(source)
    contract = load_contracts(path)["rms_norm_f32"]
    assert len(contract.suites["boundary"](4)) == 35


def test_the_manifest_of_the_readme_is_complete(tmp_path: Path) -> None:
    (text,) = blocks(README, "toml")
    for kernel in tomllib.loads(text)["kernel"]:
        for source in kernel["sources"]:
            (tmp_path / source).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / source).write_text("")
    (tmp_path / "harness.toml").write_text(text)
    (kernel,) = load_project(None, tmp_path).kernels
    assert kernel.id == "rms_norm_f32/sve"


@pytest.mark.parametrize("document", sorted([ROOT / "README.md", *(ROOT / "docs").glob("*.md")], key=str))
def test_links_lead_somewhere(document: Path) -> None:
    for target in re.findall(r"\]\(([^)#:]+)\)", document.read_text()):
        assert (document.parent / target).exists(), target
