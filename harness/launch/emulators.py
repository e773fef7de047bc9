"""How: what stands in front of the guest's command line, by the `how` of a target's emulation."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from harness.backend import Place
from harness.backend.packages import how_to_install
from harness.launch.bochs import BOCHS, BOCHS_MODELS
from harness.launch.sde import SDE, SDE_CHIPS, find_sde, sde_version
from harness.model import Emulation, Executor, Missing, Target
from harness.model.triple import resolve_triple

_VERSION_TIMEOUT_S = 20
QEMU_USER = "qemu-user"


def find_executor(target: Target, emulation: Emulation, place: Place) -> Executor | Missing:
    """Return the command for one emulation of a target, unproven: the survey's probe has the last word."""
    triple = resolve_triple(target.triple, place.native_triple)
    if emulation.how == "native":
        return _native(triple, place)
    if emulation.how == SDE:
        return find_sde(emulation, place)
    return _qemu_user(triple.split("-")[0], emulation, place)


def _native(triple: str, place: Place) -> Executor | Missing:
    if place.native_triple != triple:
        return Missing(f"this machine is {place.native_triple.split('-')[0]}", "")
    processor = place.processor()
    return Executor("native", processor.system, processor.machine, (), processor.identity)


def _qemu_user(machine: str, emulation: Emulation, place: Place) -> Executor | Missing:
    name = f"qemu-{machine}"
    program = place.find(name) or place.find(f"{name}-static")
    if program is None:
        return Missing(f"no {name}", _qemu_remedy(place))
    cpu = emulation.cpu or "max"
    return Executor(QEMU_USER, "", cpu, (program.path, "-cpu", cpu), program.identity)


def _qemu_remedy(place: Place) -> str:
    native = place.native_triple
    return how_to_install("qemu-user", native, native, on_host=place.facts["in"] == "host")


def switched_on(emulation: Emulation, names: Sequence[str]) -> Emulation:
    """Return an emulation whose CPU has what names switch on: properties of QEMU's, models of Bochs, chips of SDE."""
    if not names or emulation.how == "native":
        return emulation
    if emulation.how in _MODELS:
        model, comma, without = (emulation.cpu or "").partition(",")
        return replace(emulation, cpu=newest([model, *names], _MODELS[emulation.how]) + comma + without)
    return replace(emulation, cpu=(emulation.cpu or "max") + "".join(map(",{}=true".format, names)))


def newest(models: Sequence[str], order: Sequence[str]) -> str:
    """Return the last of some models, in an order in which each has what the tables ask of those before it."""
    return max(models, key=lambda model: order.index(model) if model in order else -1)


_MODELS = {BOCHS: BOCHS_MODELS, SDE: SDE_CHIPS}
_X86_ESTIMATES = frozenset({"rcpps", "rcpss", "rsqrtps", "rsqrtss", "vrcpps", "vrcpss", "vrsqrtps", "vrsqrtss"})


def flattering_instructions(executor: Executor, triple: str) -> frozenset[str]:
    """Return the estimate instructions that an executor computes far more precisely than any processor.

    SDM volume 2B, RCPPS and RSQRTPS, promises a relative error of 1.5 * 2**-12 and processors have it; QEMU's is
    below 2**-23, so that a kernel without its Newton step passes there. Arm's FRECPE and FRSQRTE are defined to the
    last bit (Arm ARM, shared/functions/float/recipestimate), and QEMU follows.
    """
    return _X86_ESTIMATES if executor.how == QEMU_USER and triple.startswith("x86_64") else frozenset()


def version_of(executor: Executor, place: Place) -> str:
    """Return an executor's version, asking its program where it has not told it yet."""
    if executor.how == SDE:
        return sde_version(executor.command[0], place)
    return qemu_version(executor.command[0], place) if executor.how == QEMU_USER else executor.version


def qemu_version(program: str, place: Place) -> str:
    """Ask a QEMU binary for its version."""
    try:
        said = place.run_tools([(program, "--version")], Path("/"), _VERSION_TIMEOUT_S)[0].stdout
    except OSError:
        return "unknown"
    found = re.search(r"version (\d+\.\d+(?:\.\d+)?)", said)
    return found[1] if found else "unknown"


def has_cpu_model(program: str, cpu: str, place: Place) -> bool:
    """True if a QEMU binary lists the model of a CPU, or lists none at all; `cpu` is what -cpu is given."""
    try:
        ended = place.run_tools([(program, "-cpu", "help")], Path("/"), _VERSION_TIMEOUT_S)[0]
    except OSError:
        return True
    models = set(re.findall(r"[\w.-]+", ended.stdout)) if ended.status == 0 else set()
    return not models or cpu.partition(",")[0] in models
