"""How: Bochs, an interpreter of the whole instruction set that boots in a tenth of a second. See docs/bochs.md."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from harness.backend import Exit, Place
from harness.model import Executor, Missing

MACHINE_FAILED = 124
"""Exit status of the launcher when Bochs, the monitor or the disks failed, and not the guest; csrc/bochs/launcher."""
BOCHS = "bochs"
INSTRUCTIONS_PER_SECOND = 100_000_000
"""Of emulated time; csrc/bochs/monitor/clock.h."""
BOCHS_CPU = "corei7_skylake_x"
"""The oldest of Bochs's models that has AVX-512 F, BW, DQ, VL and CD, and no later extension."""
BOCHS_MODELS = (
    "corei7_haswell_4770",
    "corei7_skylake_x",
    "corei7_icelake_u",
    "tigerlake",
    "sapphire_rapids",
    "arrow_lake",
)
"""Models in the order of their features, but for the last: that has newer ones and no AVX-512."""
BOCHS_REMEDY = (
    "needs Bochs 3.0 or later (Debian 13: apt-get install bochs bochs-term vgabios), or --in docker, which has it"
)
_SELF_TEST_TIMEOUT_S = 60


@dataclass(frozen=True, slots=True)
class SelfTest:
    """What the launcher's self-test found."""

    version: str
    wrong_instructions: frozenset[str]


def find_bochs(place: Place, launcher: Path, rom: Path, cpu: str) -> Executor | Missing:
    """Return the command that runs a guest in Bochs on one CPU model; its self-test is still to come."""
    program = place.find(BOCHS)
    if program is None:
        return Missing("no Bochs", BOCHS_REMEDY)
    command = (str(launcher), program.path, str(rom), cpu)
    return Executor(
        BOCHS,
        "",
        cpu,
        command,
        f"{program.identity} {rom.parent.name}",
        files=(launcher, rom),
        instructions_per_second=INSTRUCTIONS_PER_SECOND,
    )


def run_self_test(executor: Executor, place: Place, directory: Path) -> SelfTest | Missing:
    """Boot once without a guest; `directory` is where that may write."""
    try:
        ended = place.run_tools([executor.command], directory, _SELF_TEST_TIMEOUT_S, needs=executor.files)[0]
    except OSError as error:
        return Missing(f"cannot run {error.filename or executor.command[0]}: {error.strerror}", BOCHS_REMEDY)
    return parse_self_test(ended)


def parse_self_test(ended: Exit) -> SelfTest | Missing:
    """Read what the launcher printed."""
    told = dict(line.partition(" ")[::2] for line in ended.stdout.splitlines())
    if ended.status != 0 or not {"version", "wrong"} <= told.keys():
        said = (ended.stderr.strip().splitlines() or ["its self-test did not end"])[-1]
        return Missing(said.removeprefix("bochs: "), BOCHS_REMEDY)
    return SelfTest(told["version"], frozenset(told["wrong"].split()))
