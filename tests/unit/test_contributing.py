"""What CONTRIBUTING.md and the hooks say of the sources holds for the sources."""

from __future__ import annotations

import ast
import re
import shlex
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "CONTRIBUTING.md").read_text()
STEPS = re.findall(r"(?m)^\d+\. (.*)$", PAGE.split("## A reader's walk")[1].split("\n## ")[0])


def in_code(text: str) -> list[str]:
    return re.findall(r"`([^`]+)`", text)


def definitions(path: Path) -> set[str]:
    """Return the functions, classes and methods ("Class.method") that a file of Python or C defines."""
    text = path.read_text()
    if path.suffix != ".py":
        return set(re.findall(r"(?m)^(?:static )?\w[\w *]*\b(\w+)\(.*\) \{$", text))
    found = set()
    for node in ast.parse(text).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            found.add(node.name)
        if isinstance(node, ast.ClassDef):
            found |= {f"{node.name}.{one.name}" for one in node.body if isinstance(one, ast.FunctionDef)}
    return found


def test_the_walk_has_about_ten_steps_and_visits_each_file_once() -> None:
    files = [in_code(step)[0] for step in STEPS]
    assert 8 <= len(files) <= 15
    assert len(files) == len(set(files))


@pytest.mark.parametrize("step", STEPS, ids=lambda step: in_code(step)[0])
def test_each_step_of_the_walk_is_there(step: str) -> None:
    file, *others = in_code(step)
    functions = [name for name in others if "/" not in name]
    assert functions, "name what to read in it"
    assert set(functions) <= definitions(ROOT / file)


def test_every_file_that_is_named_is_there() -> None:
    paths = [text for text in in_code(PAGE) if "/" in text and not set(text) & set("<> ")]
    assert len(paths) > 15
    for path in paths:
        assert (ROOT / path).exists() or (ROOT / path.removeprefix("./")).exists(), path


def test_the_rooms_are_those_of_the_linter_from_the_bottom_up() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    (layers,) = (contract["layers"] for contract in contracts if contract["type"] == "layers")
    floors = [[room.strip() for room in layer.split("|")] for layer in reversed(layers)]
    height = {room: number for number, floor in enumerate(floors) for room in floor if room != "__main__"}
    shown = [in_code(row) for row in re.findall(r"(?m)^\| \d+ \| (.*?) \|", PAGE)]
    assert sorted(room for rooms in shown for room in rooms) == sorted(height)
    highest = [max(map(height.__getitem__, rooms)) for rooms in shown]
    lowest = [min(map(height.__getitem__, rooms)) for rooms in shown]
    assert all(below < above for below, above in zip(highest, lowest[1:], strict=False))


# ---- hooks ---------------------------------------------------------------------------------------------------------


def hooks() -> list[dict[str, Any]]:
    configuration = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())
    return [hook for repository in configuration["repos"] for hook in repository["hooks"]]


def commands_of_style_tests() -> dict[str, list[str]]:
    """Return, by the name of a test of test_style.py, the tool and the constant arguments that it runs."""
    tree = ast.parse((ROOT / "tests" / "unit" / "test_style.py").read_text())
    found: dict[str, list[str]] = {}
    for test in (node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")):
        calls = (node for node in ast.walk(test) if isinstance(node, ast.Call))
        tools = [call for call in calls if isinstance(call.func, ast.Name) and call.func.id == "accepts"]
        found[test.name] = [
            str(argument.value) for call in tools for argument in call.args if isinstance(argument, ast.Constant)
        ]
    return found


def test_the_hooks_run_every_check_of_the_style_tests() -> None:
    entries = [shlex.split(hook["entry"]) for hook in hooks()]
    (by_name,) = (entry[-1] for entry in entries if "tests/unit/test_style.py" in entry)
    checks = commands_of_style_tests()
    assert len(checks) >= 8
    for test, command in checks.items():
        if command:
            wanted = [f".venv/bin/{command[0]}", *command[1:]]
            assert any(entry[: len(wanted)] == wanted for entry in entries), f"{test}: no hook runs {wanted}"
        else:
            words = by_name.split(" or ")
            assert any(word in test for word in words), f"{test}: the hook of test_style.py leaves it out"


def test_the_hooks_use_the_tools_of_the_environment() -> None:
    for hook in hooks():
        assert hook["language"] == "system"
        assert hook["entry"].startswith(".venv/bin/")
