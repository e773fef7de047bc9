"""Names that the linker knows of C++ functions over scalars and pointers (Itanium C++ ABI, 5.1)."""

from __future__ import annotations

from collections.abc import Sequence

from harness.model.prototype import Prototype

# 5.1.5.2; the fixed-width types of LP64 Linux are int, long and kin.
_CODES = {
    "b": "bool,_Bool",
    "a": "int8_t,signed char",
    "h": "uint8_t,unsigned char",
    "s": "int16_t,short,signed short,short int",
    "t": "uint16_t,unsigned short,unsigned short int",
    "i": "int32_t,int,signed,signed int",
    "j": "uint32_t,unsigned,unsigned int",
    "l": "int64_t,long,long int,ssize_t,ptrdiff_t,intptr_t",
    "m": "uint64_t,unsigned long,unsigned long int,size_t,uintptr_t",
    "x": "long long,long long int",
    "y": "unsigned long long",
    "f": "float,float32_t",
    "d": "double,float64_t",
    "Dh": "__fp16,float16_t",
    "DF16_": "_Float16",
}
_CODE_OF = {name: code for code, names in _CODES.items() for name in names.split(",")}
_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def mangled(prototype: Prototype, namespaces: Sequence[str]) -> str:
    """Return the symbol of a function in nested namespaces; empty where a type is none that this knows."""
    seen: list[str] = []
    name = f"{len(prototype.name)}{prototype.name}"
    if namespaces:
        prefix = ""
        for namespace in namespaces:
            prefix += f"{len(namespace)}{namespace}"
            seen.append(prefix)
        name = f"N{prefix}{name}E"
    codes = []
    for parameter in prototype.parameters:
        code = _CODE_OF.get(parameter.type.c_name, "")
        if not code:
            return ""
        codes.append(_pointer(code, seen, is_const=parameter.is_const) if parameter.is_pointer else code)
    return f"_Z{name}{''.join(codes) or 'v'}"


def _pointer(code: str, seen: list[str], *, is_const: bool) -> str:
    """Encode a pointer; what was encoded before is named by its number (5.1.10)."""
    pointee = f"K{code}" if is_const else code
    whole = f"P{pointee}"
    if whole in seen:
        return _substitution(seen.index(whole))
    if not is_const:
        seen.append(whole)
        return whole
    inner = _substitution(seen.index(pointee)) if pointee in seen else pointee
    seen += [whole] if pointee in seen else [pointee, whole]
    return f"P{inner}"


def _substitution(number: int) -> str:
    return f"S{_DIGITS[number - 1]}_" if number else "S_"
