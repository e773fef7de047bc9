"""The body of the adapter of a kernel on vectors: a loop over chunks of rows, on csrc/guest/runner/chunks.h."""

from __future__ import annotations

from collections.abc import Callable

from harness.model import Contract, Kernel
from harness.model.prototype import Parameter
from harness.model.vectors import Bank, VectorType

Convert = Callable[[Parameter, Parameter, int], str]
"""Writes value[i] as an argument of another type: (mine, theirs, i)."""


def chunks_of(kernel: Kernel, contract: Contract, convert: Convert) -> list[str]:
    """Write the loop: lay each vector in memory, load it, call the kernel, store active lanes of what it returns."""
    theirs = contract.prototype.parameters
    positions = {parameter.name: index for index, parameter in enumerate(theirs)}
    size = positions[contract.size_names[0]]
    lane_bytes = _lane_bytes(kernel, contract)
    before: list[str] = []
    arguments: list[str] = []
    for number, (mine, name) in enumerate(zip(kernel.prototype.parameters, kernel.argument_names, strict=True)):
        if mine.vector and mine.vector.is_predicate:
            before += _predicate(mine.vector, number, lane_bytes)
            arguments.append(f"argument{number}")
        elif not name:
            arguments.append("guest_chunk_length(&chunk)")
        elif mine.vector:
            before += [
                f"        guest_lay_vector(&chunk, {positions[name]}, image);",
                f"        {load_of(mine.vector, f'argument{number}')}",
            ]
            arguments.append(f"argument{number}")
        else:
            value = convert(mine, theirs[positions[name]], positions[name])
            arguments.append(f"{value} + chunk.first" if mine.is_pointer else value)
    returned = kernel.prototype.vector_result
    call = f"guest_trampoline({', '.join(arguments)});"
    behind = [f"        {call}"]
    if returned:
        behind = [
            f"        {returned.c_name} returned = {call}",
            f"        {store_of(returned)}",
            f"        guest_store_vector(&chunk, {positions[kernel.result_name]}, image);",
        ]
    has_mask = any(vector.is_predicate for vector in kernel.prototype.vectors)
    choice = "GUEST_ALTERNATING" if has_mask else "GUEST_LEADING"
    return [
        "    uint8_t image[CHUNK_BYTES_LIMIT] __attribute__((aligned(64)));",
        "    result[0] = 0;",
        "    result[1] = 0;",
        f"    struct guest_chunk chunk = guest_chunks(value[{size}], {_lanes(kernel, lane_bytes)}, {choice});",
        "    while (guest_next_chunk(&chunk)) {",
        *before,
        "        guest_ready(guest_kernel);",
        *behind,
        "    }",
    ]


def _data_vector(kernel: Kernel) -> tuple[VectorType, str]:
    """Return a vector with elements, and the contract's name for it."""
    pairs = zip(kernel.prototype.parameters, kernel.argument_names, strict=True)
    return next((p.vector, name) for p, name in pairs if p.vector and not p.vector.is_predicate)


def _lane_bytes(kernel: Kernel, contract: Contract) -> int:
    _, name = _data_vector(kernel)
    return next(p.type.size_bytes for p in contract.prototype.buffers if p.name == name)


def _lanes(kernel: Kernel, lane_bytes: int) -> str:
    """Write how many lanes a vector has."""
    vector, _ = _data_vector(kernel)
    if vector.bank is Bank.SVE:
        return f"svcntb() / {lane_bytes}"
    if vector.bank is Bank.RVV:
        return f"__riscv_vsetvlmax_e{8 * lane_bytes}m{vector.registers}()"
    return str(vector.total_bytes // lane_bytes)


def _predicate(vector: VectorType, number: int, lane_bytes: int) -> list[str]:
    if vector.bank is Bank.X86:
        return [f"        {vector.c_name} argument{number} = ({vector.c_name})guest_chunk_mask(&chunk);"]
    laid = "svcmpne_n_u8(svptrue_b8(), svld1_u8(svptrue_b8(), image), 0)"
    return [
        f"        guest_lay_predicate(&chunk, {lane_bytes}, image);",
        f"        svbool_t argument{number} = {laid};",
    ]


def load_of(vector: VectorType, name: str) -> str:
    """Write a declaration of `name` that takes its value from `image`."""
    if vector.bank is Bank.SVE:
        loaded = "svld1_u8(svptrue_b8(), image)"
        whole = loaded if vector.suffix == "u8" else f"svreinterpret_{vector.suffix}_u8({loaded})"
        return f"{vector.c_name} {name} = {whole};"
    if vector.bank is Bank.RVV:
        element = f"({_rvv_element(vector)} *)(void *)image"
        return f"{vector.c_name} {name} = __riscv_vle{_rvv_name(vector)}({element}, {_rvv_vlmax(vector)});"
    return f"{vector.c_name} {name}; __builtin_memcpy(&{name}, image, sizeof {name});"


def store_of(vector: VectorType) -> str:
    """Write a statement that stores `returned` to `image`."""
    if vector.bank is Bank.SVE:
        bytes_ = "returned" if vector.suffix == "u8" else f"svreinterpret_u8_{vector.suffix}(returned)"
        return f"svst1_u8(svptrue_b8(), image, {bytes_});"
    if vector.bank is Bank.RVV:
        element = f"({_rvv_element(vector)} *)(void *)image"
        return f"__riscv_vse{_rvv_name(vector)}({element}, returned, {_rvv_vlmax(vector)});"
    return "__builtin_memcpy(image, &returned, sizeof returned);"


def _rvv_name(vector: VectorType) -> str:
    return f"{8 * vector.lane_bytes}_v_{vector.suffix}m{vector.registers}"


def _rvv_vlmax(vector: VectorType) -> str:
    return f"__riscv_vsetvlmax_e{8 * vector.lane_bytes}m{vector.registers}()"


def _rvv_element(vector: VectorType) -> str:
    if vector.family == "float":
        return "float" if vector.lane_bytes == 4 else "double"
    return f"{'u' if vector.family == 'unsigned' else ''}int{8 * vector.lane_bytes}_t"
