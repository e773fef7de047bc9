"""What a guest reports besides results: deaths, signals, damaged bytes, changed state.

Each becomes an outcome and a line.
"""

from __future__ import annotations

import signal
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.errors import counted
from harness.judge.crashes import crash_text, signal_name
from harness.model import (
    XINUSE,
    Case,
    Contract,
    Damage,
    DamageKind,
    Death,
    Fault,
    FaultKind,
    Finding,
    Observation,
    Outcome,
    TrialObservation,
    TrialStatus,
    Violation,
)
from harness.numerics.formats import places


def gate_finding(observation: Observation, isa: str, faults_elsewhere: str) -> Finding:
    """Judge the call with the ISA's features switched off: it must end in an illegal instruction.

    `faults_elsewhere` says why the kernel would fault on a processor that has its ISA but not what surrounds it.
    """
    if faults_elsewhere:
        return Finding(Outcome.CRASH, faults_elsewhere)
    seen = observation.cases.get(0)
    if seen is None:
        if was_illegal_at_start(observation):
            return Finding(Outcome.PASS, f"faults without {isa} before main, in an initialiser of its own, as it must")
        fault = observation.harness_fault or "the guest returned no result"
        return (
            death_finding(observation.deaths[0]) if 0 in observation.deaths else Finding(Outcome.HARNESS_ERROR, fault)
        )
    trial = seen.trials[0]
    if trial.fault is not None and trial.fault.signal == signal.SIGILL:
        return Finding(Outcome.PASS, f"faults without {isa}, as it must")
    if trial.status is TrialStatus.RETURNED:
        return Finding(
            Outcome.MISMATCH,
            f"still works with {isa} switched off, at all sizes tried: its vector path was not exercised in any case",
        )
    how = signal_name(trial.fault.signal) if trial.fault else "no end"
    return Finding(Outcome.CRASH, f"{how} instead of an illegal instruction with {isa} switched off")


def was_illegal_at_start(observation: Observation) -> bool:
    """True if an illegal instruction ended the process before it reported anything.

    The survey has seen the same guest without the kernel start there: it was an initialiser of the kernel's own.
    """
    return observation.unstarted is not None and observation.unstarted.exit_status == -signal.SIGILL


_BAD_ADAPTER, _ADAPTER_SAYS = 124, "harness_adapter: "
"""How a guest ends whose adapter does not call the kernel as it has to: csrc/guest/runner/status.h and calls.c."""


_RUNNER_FAULT = 122
"""How a guest ends that faults outside a call, which its own code does not."""


def death_finding(death: Death) -> Finding:
    """Judge a case in which the process ended."""
    if death.exit_status == _BAD_ADAPTER and _ADAPTER_SAYS in death.stderr:
        return Finding(Outcome.CONTRACT_ERROR, death.stderr.rpartition(_ADAPTER_SAYS)[2].strip())
    if death.exit_status is None:
        return Finding(Outcome.TIMEOUT, "the process made no progress and was ended by the host's deadline")
    if death.exit_status == _RUNNER_FAULT:
        return Finding(Outcome.CRASH, "the guest crashed after the call: the kernel overwrote its stack or memory")
    if death.exit_status < 0:
        how = f"died of {signal_name(-death.exit_status)}"
    else:
        how = f"exited with status {death.exit_status}"
    return Finding(Outcome.CRASH, f"the process {how} during the call{_said(death.stderr)}")


def _said(stderr: str) -> str:
    last = stderr.strip().splitlines()[-1:] if stderr else []
    return f" ({last[0].strip()!r})" if last else ""


def ended_early(trial: TrialObservation, contract: Contract, case: Case, said: str = "") -> tuple[Outcome, str] | None:
    """Return the outcome of a call that did not come back, or None; `said` is what was printed before it gave up."""
    if trial.status is TrialStatus.TIMEOUT:
        return Outcome.TIMEOUT, f"no return after {trial.cpu_nanoseconds / 1e9:.1f} s of CPU time"
    if trial.status is not TrialStatus.SIGNAL or trial.fault is None:
        return None
    if trial.fault.buffer is not None and trial.fault.kind is FaultKind.ACCESS:
        return Outcome.OUT_OF_BOUNDS, _guard_hit(trial.fault, contract, case)
    mode = ", in streaming mode" if trial.fault.in_streaming_mode else ""
    return Outcome.CRASH, crash_text(trial.fault, said) + mode


def _guard_hit(fault: Fault, contract: Contract, case: Case) -> str:
    what = {True: "wrote", False: "read", None: "touched"}[fault.is_write]
    return f"{what} {_named_element(contract, case, fault.buffer or 0, fault.offset_bytes)}"


def wrote_beside(trial: TrialObservation, contract: Contract, case: Case) -> tuple[Outcome, str] | None:
    """Return the outcome of a call that changed bytes beside a buffer, or None."""
    for damage in trial.damages:
        if damage.kind is DamageKind.CANARY:
            where = _named_element(contract, case, damage.buffer, damage.offset_bytes)
            return Outcome.OUT_OF_BOUNDS, f"wrote {where} ({_bytes(damage)} changed)"
    return None


def changed_input(trial: TrialObservation, contract: Contract) -> tuple[Outcome, str] | None:
    """Return the outcome of a call that changed a buffer it may only read, or None."""
    for damage in trial.damages:
        if damage.kind is DamageKind.INPUT:
            parameter = contract.prototype.buffers[damage.buffer]
            element = damage.offset_bytes // parameter.type.size_bytes
            return Outcome.STATE, f"changed the input {parameter.name}[{element}] ({_bytes(damage)} changed)"
    return None


def gap_written(
    trial: TrialObservation, contract: Contract, case: Case, inputs: Mapping[str, NDArray[Any]]
) -> tuple[Outcome, str] | None:
    """Return the outcome of a call that changed what stands between the rows of an output, or None."""
    sizes = dict(case.sizes)
    for parameter, raw in zip(contract.prototype.buffers, trial.outputs, strict=True):
        layout = contract.layout(parameter.name, sizes)
        if not isinstance(raw, bytes) or layout is None or not layout.has_gaps or parameter.name not in inputs:
            continue
        bits = f"<u{parameter.type.size_bytes}"
        changed = np.frombuffer(raw, bits) != inputs[parameter.name].view(bits)
        changed[places(layout)] = False
        if changed.any():
            at = int(changed.argmax())
            rest = int(changed.sum()) - 1
            more = f" and {rest} more element{'s' if rest != 1 else ''} like it" if rest else ""
            where = f"between rows {at // layout.stride} and {at // layout.stride + 1}"
            apart = f"{layout.columns} elements long, {layout.stride} apart"
            return Outcome.OUT_OF_BOUNDS, f"wrote {parameter.name}[{at}]{more}, {where}, which are {apart}"
    return None


def _bytes(damage: Damage) -> str:
    return f"{damage.changed_bytes} byte{'s' if damage.changed_bytes != 1 else ''}"


def _named_element(contract: Contract, case: Case, buffer: int, offset_bytes: int) -> str:
    parameter = contract.prototype.buffers[buffer]
    count = contract.extents[parameter.name].count(dict(case.sizes))
    element = offset_bytes // parameter.type.size_bytes
    side = "before the start" if element < 0 else "past the end"
    return f"{parameter.name}[{element}], {side} of its {counted(count, 'element')}"


def state_changed(trial: TrialObservation) -> tuple[Outcome, str] | None:
    """Return the outcome of a call that came back without what the ABI says must survive, or None."""
    if trial.status is not TrialStatus.RETURNED:  # it had no chance to put anything back
        return None
    uppers = tuple(violation for violation in trial.violations if violation.is_of_uppers)
    others = tuple(violation for violation in trial.violations if not violation.is_of_uppers)
    texts = ([_changed(others)] if others else []) + ([_uppers_in_use(uppers)] if uppers else [])
    return (Outcome.STATE, "; ".join(texts)) if texts else None


def _changed(violations: Sequence[Violation]) -> str:
    first = violations[0]
    others = f" and {len(violations) - 1} more" if len(violations) > 1 else ""
    return f"{first.name} changed from {first.before:#x} to {first.after:#x} ({first.rule}){others}"


_NAMED_REGISTERS = 4
_XINUSE_COMPONENTS = {2: "AVX", 6: "ZMM_Hi256"}
"""Bits of XINUSE that stand for upper halves (SDM volume 1, 13.1)."""


def _uppers_in_use(violations: Sequence[Violation]) -> str:
    """Say what dirty upper halves mean. They may hold zeros: any 256-bit instruction makes them dirty."""
    held = [violation.name.replace("y", "x") for violation in violations if violation.name != XINUSE]
    bits = next((violation.after for violation in violations if violation.name == XINUSE), 0)
    components = " and ".join(name for bit, name in _XINUSE_COMPONENTS.items() if bits >> bit & 1)
    where = ", ".join(held) if len(held) <= _NAMED_REGISTERS else f"{len(held)} registers"
    evidence = [f"values above {where}"] if held else []
    evidence += [f"XINUSE has {components}"] if components else []
    evidence.append(violations[0].rule.partition(":")[0])
    return (
        "left upper halves of AVX registers in use: no VZEROUPPER behind the last 256-bit or 512-bit instruction "
        f"({', '.join(evidence)})"
    )
