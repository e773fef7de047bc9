"""The verb init: writes a manifest, a contract and a CI job for what a directory holds, and overwrites nothing."""

from __future__ import annotations

import argparse
import json
import os
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import replace
from importlib import metadata
from pathlib import Path
from typing import Any

from harness.discovery.files import candidates_in, read_text
from harness.errors import ExitCode, HarnessError, NothingFoundError
from harness.model.prototype import Prototype, parse_prototype
from harness.project import MANIFEST_NAME, holds_manifest, kernels_without_contract
from harness.project.adhoc import Contracts
from harness.report.text import visible
from harness.resources import bundled_root
from harness.scaffold.contract import contract_text, is_describable
from harness.scaffold.inventory import Inventory, take_inventory
from harness.scaffold.jobs import PLACEHOLDER, action_of, github_job, gitlab_job
from harness.scaffold.manifest import Found, manifest_text

_LEFT_OUT_AT_MOST = 8
_COPIED = (
    "# A copy of the harness's own contract, to start from: change it, and name it under `contracts` in harness.toml.\n"
)


def main(parsed: argparse.Namespace, _command: Sequence[str]) -> ExitCode:
    """Carry out `harness init`."""
    return write_project(parsed.directory)


def write_project(directory: str | None) -> ExitCode:
    """Write what is not there yet, and say what was found, what was written and what to run next.

    Raises:
        UsageError: there is no such directory.
        NothingFoundError: it holds nothing that could be a kernel.
        HarnessError: a file cannot be written.
    """
    root = Path(directory or ".")
    inventory = take_inventory(root, Contracts({}))
    missing = _drafts(root)
    if missing:  # the manifest is there, and this is what it lacks
        for line in (*_write_drafts(root, missing), "next   harness check"):
            print(visible(line))
        return ExitCode.PASSED
    if not inventory.kernels:
        raise NothingFoundError(_nothing(root, inventory))
    ready = [kernel for kernel in inventory.kernels if kernel.op not in inventory.own_ops and kernel.is_declared]
    kernels = [
        replace(kernel, is_active=kernel in ready if ready else kernel.is_declared) for kernel in inventory.kernels
    ]
    for kernel in kernels:
        lacks = "it needs a contract" if kernel.is_declared else "nothing declares its parameters"
        state = "" if kernel.is_active else f" (as a comment: {lacks})"
        print(
            visible(f"found  {kernel.op}/{kernel.name}  {kernel.function} in {kernel.where}, {kernel.why_isa}{state}")
        )
    for text in inventory.left_out[:_LEFT_OUT_AT_MOST]:
        print(visible(f"left   {text}"))
    if len(inventory.left_out) > _LEFT_OUT_AT_MOST:
        print(f"left   {len(inventory.left_out) - _LEFT_OUT_AT_MOST} more")
    hints = [*_write_project(root, kernels, inventory), *_write_job(root, inventory.build_first)]
    entering = [f"cd {shlex.quote(directory)}"] if directory and root.resolve() != Path.cwd() else []
    for hint in hints:
        print(visible(hint))
    print(visible(f"next   {' && '.join([*entering, *inventory.build_first, 'harness run'])}"))
    print("       (or harness run --in docker, which brings compilers and emulators along)")
    return ExitCode.PASSED


def _manifest(root: Path) -> Path | None:
    """Return the manifest that is there already."""
    if (root / MANIFEST_NAME).exists():
        return root / MANIFEST_NAME
    return root / "pyproject.toml" if holds_manifest(root / "pyproject.toml") else None


def _drafts(root: Path) -> dict[str, Prototype | None]:
    """Return the ops of a manifest that no contract is there for, with the prototype of a kernel; None if it has none.

    Raises:
        ConfigurationError: the manifest cannot be read, or names a file that is not there.
        ContractError: one of its contracts cannot be loaded.
    """
    manifest = _manifest(root)
    found: dict[str, Prototype | None] = {}
    for values in kernels_without_contract(manifest) if manifest else []:
        found[values["op"]] = found.get(values["op"]) or _prototype(values)
    return found


def _prototype(values: Mapping[str, Any]) -> Prototype | None:
    """Return the prototype of a kernel of a manifest: its own, else what its sources declare; None where none does."""
    if values["prototype"]:
        return parse_prototype(values["prototype"])
    candidates = [candidate for source in values["sources"] for candidate in candidates_in(source)[0]]
    hits = (one.prototype for one in candidates if values["symbol"] in (one.symbol, one.name))
    return next((hit for hit in hits if hit), None)


def _write_drafts(root: Path, missing: Mapping[str, Prototype | None]) -> list[str]:
    """Write contracts for ops that a manifest names; return what the user has to do about them."""
    hints = []
    for op, prototype in missing.items():
        if prototype is None or not is_describable(prototype):
            why = f"{prototype} has no buffer with a size" if prototype else "nothing declares its kernel's parameters"
            hints.append(f"todo   write a contract for {op}: {why}, so that none could be drafted")
            continue
        path = root / "contracts" / f"{op}.py"
        _write(path, contract_text(op, prototype), root)
        hints.append(f'todo   name it in the manifest, at its top: contracts = ["contracts/{op}.py"]')
        hints.append(_fill_in(op))
    return hints


def _fill_in(op: str) -> str:
    return f"todo   contracts/{op}.py: say in numpy what {op} computes; until then it is a CONTRACT_ERROR"


def _nothing(root: Path, inventory: Inventory) -> str:
    wanted = "a C, C++, assembly or Rust function with vectors, or one with the name and the parameters of a bundled op"
    reasons = f"; {'; '.join(inventory.left_out[:2])}" if inventory.left_out else ""
    return f"nothing to validate in {root.absolute()}: {inventory.files} sources, none with {wanted}{reasons}"


def _write_project(root: Path, kernels: list[Found], inventory: Inventory) -> list[str]:
    """Write the manifest and its contracts; return what the user has to do about them."""
    if manifest := _manifest(root):
        print(f"kept   {manifest.name}, which is there already; nothing was added to it")
        return []
    used = [op for op in inventory.own_ops if any(kernel.op == op and kernel.is_active for kernel in kernels)]
    texts = {op: contract_text(op, inventory.own_ops[op]) for op in used or list(inventory.own_ops)[:1]}
    if not texts:
        op = kernels[0].op
        texts = {op: _COPIED + read_text(bundled_root() / "cases" / f"{op}.py")}
    paths = {f"contracts/{op}.py": bool(used) for op in texts}
    for op, text in texts.items():
        _write(root / "contracts" / f"{op}.py", text, root)
    _write(root / MANIFEST_NAME, manifest_text(kernels, paths), root)
    hints = [_fill_in(op) for op in used]
    if not any(kernel.is_active for kernel in kernels):
        hints.append(f"todo   {MANIFEST_NAME}: say what parameters its kernels have, and take the # of one away")
    return hints


def _write_job(root: Path, build_first: list[str]) -> list[str]:
    """Write the job for the CI that the repository has, GitHub's where it has none; return what is to be done."""
    top = next(
        (entering for entering in (root.absolute(), *root.absolute().parents) if (entering / ".git").exists()), root
    )
    manifest = os.path.relpath(root.absolute() / MANIFEST_NAME, top.absolute())
    url, commit = _origin()
    if (top / ".gitlab-ci.yml").exists() and not (top / ".github").is_dir():
        template = read_text(bundled_root() / "docs" / "validate.gitlab-ci.yml")
        package = f"harness[html] @ git+{url}@{commit}" if url else ""
        path = top / ".gitlab" / "harness.gitlab-ci.yml"
        if not _write(path, gitlab_job(template, manifest, package), top):
            return []
        hints = ["todo   .gitlab-ci.yml: add  include: {local: .gitlab/harness.gitlab-ci.yml}"]
        return hints if package else [*hints, "todo   .gitlab/harness.gitlab-ci.yml: say what pip installs"]
    action = action_of(url, commit)
    machines = [words[words.index("--target") + 1] for words in map(str.split, build_first)]
    rustup = [f"rustup target add {' '.join(machines)}"] if machines else []
    text = github_job(manifest, action, " && ".join([*rustup, *build_first]))
    is_new = _write(top / ".github" / "workflows" / "harness.yml", text, top)
    return (
        [f"todo   .github/workflows/harness.yml: say where the harness is ({PLACEHOLDER})"]
        if is_new and not action
        else []
    )


def _origin() -> tuple[str, str]:
    """Return the repository and commit that this was installed from (PEP 610); empty where that is not known."""
    try:
        names = json.loads(metadata.distribution("harness").read_text("direct_url.json") or "{}")
        return str(names["url"]), str(names["vcs_info"]["commit_id"])
    except (metadata.PackageNotFoundError, ValueError, KeyError, TypeError):
        return "", ""


def _write(path: Path, text: str, root: Path) -> bool:
    """Write a file that is not there yet, and say so."""
    shown = os.path.relpath(path, root)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        print(visible(f"kept   {shown}, which is there already"))
        return False
    except OSError as error:
        raise HarnessError(f"cannot write {path}: {error.strerror}") from None
    print(visible(f"wrote  {shown}"))
    return True
