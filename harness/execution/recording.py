"""The record of a run as it begins: what was asked for, and where it is stored."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

from harness.errors import StorageError
from harness.model import Plan, Project
from harness.plan import digest, share_of
from harness.report.record import Recorder
from harness.report.store import new_run_directory
from harness.settings import STDOUT, Settings
from harness.settings.program import program_name
from harness.storage.cache import key_of


def stored_in(project: Project) -> Path:
    """Return the directory whose `.harness` stores the runs of a project."""
    return project.root if project.manifest else Path.cwd()


def new_recorder(
    settings: Settings, project: Project, plan: Plan, facts: Mapping[str, object], command: Sequence[str]
) -> Recorder:
    """Return a recorder whose files exist from the start; `facts` are about where tools and guests run."""
    files = (settings.reports.json,) if settings.reports.json not in (None, STDOUT) else ()
    repeat = f"{program_name(command)} {shlex.join(command[1:])}"
    recorder = Recorder(files, command, facts, settings.selection.seed, project.manifest, reproduce=repeat)
    try:
        recorder.kept = new_run_directory(stored_in(project)) / "record.json"
    except StorageError as error:
        recorder.not_kept = str(error)
    recorder.asked = _asked(settings)
    recorder.planned_jobs = len(share_of(plan, settings.shard).own)
    if settings.shard:
        whole = {"jobs": len(plan.jobs), "plan": digest(plan, _source_digests(plan))}
        recorder.shard = {**asdict(settings.shard), **whole}
    recorder.write(finished=False, exit_code=None)
    return recorder


def _asked(settings: Settings) -> dict[str, object]:
    """What the record says of the command line, so that one case of it can be replayed."""
    kernel_files = settings.kernel_files
    files = [str(path.absolute()) for path in kernel_files.sources] if kernel_files else []
    return {
        "sizes": list(settings.selection.sizes),
        "emulator": settings.selection.emulator,
        "given": {**asdict(kernel_files), "sources": files} if kernel_files else None,
    }


def _source_digests(plan: Plan) -> dict[str, str]:
    kernels = {job.kernel.id: job.kernel for job in plan.jobs}
    return {name: key_of(path.read_bytes() for path in kernel.files) for name, kernel in kernels.items()}
