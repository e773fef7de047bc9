"""A contract to fill in, from a kernel's prototype."""

from __future__ import annotations

import json
from dataclasses import replace

from harness.model.prototype import Parameter, Prototype


def contract_text(op: str, prototype: Prototype) -> str:
    """Return a contract that loads, and whose reference raises until it is filled in.

    A pointer to const is an input; another one is an output beside an input of its type, else it is in-out. Every
    buffer is as long as the product of all size arguments says.
    """
    inputs = [p for p in prototype.buffers if p.is_const]
    written = [p for p in prototype.buffers if not p.is_const]
    flow = "outputs" if inputs else "inout"
    sizes = [p.name for p in prototype.parameters if not p.is_pointer and p.type.family != "float"]
    floats = [p.name for p in prototype.parameters if not p.is_pointer and p.type.family == "float"]
    read = [p.name for p in (inputs or written)]
    takes = ", ".join([*read, *floats])
    todo = f'raise NotImplementedError("write what {op} computes into this contract")'
    own = {p.name: f"{p.name}[{' * '.join(sizes)}]" for p in prototype.buffers}
    outputs = [p.name for p in written] + (["return"] if prototype.result else [])
    names = sorted(["op", *(["each"] if written else []), *(["sum_of"] if prototype.result else [])])
    answer = _answer(op, takes, outputs, todo, is_sum=bool(prototype.result))
    lines = [
        f'"""{op}: what it computes. From `harness init`, which knows the prototype only; what says TODO is yours."""',
        "",
        f"from harness.contract import {', '.join(names)}",
        "",
        "",
        *answer,
        "",
        "",
        f"{_identifier(op)} = op(",
        f"    {json.dumps(str(replace(_plain(prototype), name=op)))},",
        *(
            [f"    inputs={json.dumps(', '.join(own[p.name] for p in inputs))},  # TODO: lengths in elements"]
            if inputs
            else []
        ),
        *([f"    {flow}={json.dumps(', '.join(own[p.name] for p in written))},"] if written else []),
        *(
            [f"    scalars={json.dumps({name: [1.5, -3.0] for name in floats})},  # TODO: values that matter"]
            if floats
            else []
        ),
        "    reference=answer,",
        '    # How a correct kernel gets there, in roundings of half an ULP: docs/contracts.md, "The error model".',
        f"    passes=[{_passes(outputs, is_sum=bool(prototype.result))}],  # TODO: roundings",
        ")",
        "",
    ]
    return "\n".join(lines)


def _answer(op: str, takes: str, outputs: list[str], todo: str, *, is_sum: bool) -> list[str]:
    several = f" A dict by output: {', '.join(outputs)}." if len(outputs) > 1 else ""
    lines = [
        f"def answer({takes}):",
        f'    """TODO: the exact result, in numpy and float64: `return 2 * {takes.partition(",")[0]}`.{several}"""',
        f"    {todo}",
    ]
    if is_sum:
        lines += [
            "",
            "",
            f"def terms({takes}):",
            '    """TODO: what is added up, such as `return x * y`."""',
            f"    {todo}",
        ]
    for name in outputs if len(outputs) > 1 else []:
        if name != "return":
            lines += ["", "", f"def {name}_of({takes}):", f'    """TODO: {name} alone."""', f"    {todo}"]
    return lines


def _passes(outputs: list[str], *, is_sum: bool) -> str:
    buffers = [name for name in outputs if name != "return"]
    of = {name: "answer" if len(outputs) == 1 else f"{name}_of" for name in buffers}
    steps = [f'each("{name}", {of[name]}, roundings=2)' for name in buffers]
    if is_sum:
        steps.append('sum_of("return", terms, roundings=1)')
    return ", ".join(steps)


def _plain(prototype: Prototype) -> Prototype:
    """Return a prototype without its calling convention, which is the kernel's and not the contract's."""
    return Prototype(prototype.name, prototype.result, prototype.parameters)


def _identifier(op: str) -> str:
    return op if op.isidentifier() else "contract"


def is_describable(prototype: Prototype) -> bool:
    """True if a contract can be drafted: there is a buffer, a size to give its length, and something that comes out."""
    has_size = any(not p.is_pointer and p.type.family != "float" for p in prototype.parameters)
    return bool(prototype.buffers) and has_size and (bool(prototype.result) or any(map(_is_written, prototype.buffers)))


def _is_written(parameter: Parameter) -> bool:
    return not parameter.is_const
