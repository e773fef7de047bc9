"""Which parameter of a contract each of a kernel's parameters stands for. Kernels on vectors: see lanes.py."""

from __future__ import annotations

from harness.errors import ConfigurationError
from harness.model import Contract
from harness.model.prototype import Parameter, Prototype, ScalarType


def match_parameters(prototype: Prototype, contract: Contract) -> tuple[str, ...]:
    """Return, for each parameter of a kernel's prototype, the contract's name for it.

    By name where all names are the contract's (in any order), else by position.

    Raises:
        ConfigurationError: a pointer meets a scalar, element types differ, or a result does.
    """
    theirs = contract.prototype.parameters
    if len(prototype.parameters) != len(theirs):
        raise ConfigurationError(
            f"{prototype} has {len(prototype.parameters)} parameters, {contract.prototype} has {len(theirs)}"
        )
    by_name = {parameter.name: parameter for parameter in theirs}
    if {parameter.name for parameter in prototype.parameters} == set(by_name):
        matched = [by_name[parameter.name] for parameter in prototype.parameters]
    else:
        matched = list(theirs)
    for mine, its in zip(prototype.parameters, matched, strict=True):
        if not _compatible(mine, its):
            raise ConfigurationError(
                f"the parameter {mine.c_type} {mine.name} of {prototype.name} cannot stand for {its.c_type} {its.name} "
                f"of {contract.op}; parameters match by position, or by name where all names are the contract's"
            )
    mine_result, its_result = prototype.result, contract.prototype.result
    if not _may_return(mine_result, its_result):
        raise ConfigurationError(f"{prototype} returns another type than {contract.prototype}")
    return tuple(parameter.name for parameter in matched)


def _may_return(mine: ScalarType | None, its: ScalarType | None) -> bool:
    return mine is its if mine is None or its is None else mine.may_hold(its)


def _compatible(mine: Parameter, its: Parameter) -> bool:
    if mine.is_pointer != its.is_pointer:
        return False
    if mine.is_pointer:
        return mine.type.may_hold(its.type)
    return (mine.type.family == "float") == (its.type.family == "float")
