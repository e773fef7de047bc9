"""GitHub's workflow commands: failures beside the lines of the kernel's source that they come from."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from harness.model import Verdict
from harness.report.failures import common_lines
from harness.report.run import RunResult
from harness.report.table import replay_line
from harness.report.text import clipped, visible

_SHOWN = 10
"""GitHub shows no more errors than this per step."""
_MESSAGE_CHARACTERS = 4000
_TITLE_CHARACTERS = 200


def render(run: RunResult, root: Path) -> str:
    """Return one annotation per source line and outcome, the worst first; paths are relative to `root`."""
    sources = run.sources()
    common = {id(verdict): common_lines(cause) for cause in run.causes for verdict in cause.failures}
    groups: dict[tuple[str, str, str], list[Verdict]] = {}
    for verdict in run.failures:
        path, line = _location(verdict, sources.get(verdict.kernel, ()), root)
        groups.setdefault((path, line, verdict.outcome.value), []).append(verdict)
    lines = [
        _annotation(path, line, group, common[id(group[0])]) for (path, line, _), group in list(groups.items())[:_SHOWN]
    ]
    if len(groups) > _SHOWN:
        lines.append(f"::notice title=harness::{len(groups) - _SHOWN} more places have failures; see the summary")
    return "\n".join(lines)


def _location(verdict: Verdict, sources: Sequence[str], root: Path) -> tuple[str, str]:
    """Return the file and the line, each empty where nothing is known of it."""
    name, _, line = verdict.finding.source_line.rpartition(":")
    matching = [source for source in sources if Path(source).name == name]
    if matching:
        return _relative(matching[0], root), line
    return (_relative(sources[0], root), "") if sources else ("", "")


def _relative(source: str, root: Path) -> str:
    return Path(os.path.relpath(source, root)).as_posix() if Path(source).is_absolute() else source


def _annotation(path: str, line: str, group: Sequence[Verdict], common: Sequence[str]) -> str:
    worst = group[0]
    width = f" at {worst.vector_bits} bits" if worst.vector_bits else ""
    case = f", {worst.suite}/{worst.case}" if worst.case else ""
    more = f" (and {len(group) - 1} more)" if len(group) > 1 else ""
    title = f"{worst.outcome.value} {worst.kernel} on {worst.target}{width}"
    texts = [f"{title} ({worst.build}){case}{more}", worst.finding.detail, *common]
    texts.append(f"reproduce: {worst.reproduce}")
    texts += [f"replay: {replay_line(worst)}"] if worst.id else []
    message = "\n".join(visible(part) for part in texts if part)
    properties = {"file": path, "line": line, "title": clipped(visible(title), _TITLE_CHARACTERS)}
    return f"::error {_properties(properties)}::{_data(clipped(message, _MESSAGE_CHARACTERS))}"


def _properties(properties: Mapping[str, str]) -> str:
    escaped = {
        name: _data(visible(value)).replace(":", "%3A").replace(",", "%2C") for name, value in properties.items()
    }
    return ",".join(f"{name}={value}" for name, value in escaped.items() if value)


def _data(text: str) -> str:
    """Escape as GitHub's toolkit does (actions/toolkit, packages/core/src/command.ts)."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
