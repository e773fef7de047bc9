"""The command lines of a kernel's build: compile what is source, join what is prebuilt, link with the runner."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from harness.build.adapter import USER_FUNCTION
from harness.build.toolchain import compile_command
from harness.model import CPP_SUFFIXES, PREBUILT_SUFFIXES, Build, Compiler, Contract, Kernel
from harness.place import Command

BINARY_NAME = "guest"
RUNNER_NAME = "guest_runner.o"
JOINED_NAME = "kernel.o"
# The runner must not use what a kernel's ISA flags would allow, nor libc features that a kernel may damage.
GUEST_FLAGS = ("-O2", "-fno-stack-protector", "-fno-tree-vectorize", "-fno-strict-aliasing")
_CALLER_OPT = "O2"
C_STANDARD, CPP_STANDARD = "-std=gnu11", "-std=gnu++17"


@dataclass(frozen=True, slots=True)
class Recipe:
    """How one kernel is built, in a directory of its own."""

    commands: tuple[Command, ...]
    """{runner} stands for the directory of the runner's object."""
    objects: tuple[str, ...]
    """The kernel's own code, in that directory."""


def recipe(
    kernel: Kernel,
    contract: Contract,
    build: Build,
    isa_flags: tuple[str, ...],
    own_flags: tuple[str, ...],
    guest_sources: Path,
) -> Recipe:
    """Write the commands of one build. `isa_flags` are for the kernel, `own_flags` for what calls it.

    Of what is prebuilt the linker takes the part that the kernel's symbol needs, into one object: a static library
    may hold a whole language runtime, and only the kernel's code is looked at later.
    """
    compiler = build.compiler
    commands: list[Command] = []
    objects: list[str] = []
    for number, source in enumerate(kernel.sources):
        if source.suffix not in PREBUILT_SUFFIXES:
            objects.append(f"kernel{number}.o")
            commands.append(source_command(kernel, build, isa_flags, source, "-c", str(source), "-o", objects[-1]))
    prebuilt = [str(source) for source in kernel.sources if source.suffix in PREBUILT_SUFFIXES]
    if prebuilt:
        commands.append(_joining(compiler, kernel.symbol, [*objects, *prebuilt]))
        objects = [JOINED_NAME]
    adapter = ("-w", f"-I{guest_sources}", "-c", "adapter.c", "-o", "adapter.o")
    commands.append((*compiler.command, *GUEST_FLAGS, *own_flags, *adapter))
    callers = ["adapter.o"]
    if kernel.adapter:
        callers.append("user_adapter.o")
        arguments = ("-c", str(kernel.adapter), "-o", callers[-1])
        commands.append(user_adapter_command(kernel, contract, build, own_flags, guest_sources, *arguments))
    code = ("{runner}/" + RUNNER_NAME, *callers, *objects)
    commands.append((*compiler.command, "-static", "-o", BINARY_NAME, *code, *_libraries(kernel)))
    return Recipe(tuple(commands), tuple(objects))


def source_command(kernel: Kernel, build: Build, isa_flags: tuple[str, ...], source: Path, *arguments: str) -> Command:
    """Return the command line that compiles or preprocesses one source; the kernel's flags follow its ISA's."""
    said = kernel.compilation
    is_cpp = source.suffix in CPP_SUFFIXES
    flags = (
        *isa_flags,
        *(f"-I{directory}" for directory in said.includes),
        *(f"-D{define}" for define in said.defines),
        *(flag for flag in said.flags if not _is_standard_of_other_language(flag, is_cpp=is_cpp)),
    )
    standard = CPP_STANDARD if is_cpp else C_STANDARD
    return compile_command(build.compiler, build.opt, flags, *arguments, standard=standard)


def caller_flags(kernel: Kernel, isa_flags: tuple[str, ...]) -> tuple[str, ...]:
    """Return the flags of code that calls a kernel: those of its ISA, if the vectors that it passes need them.

    Otherwise none, so that on a processor without the ISA it is the kernel that faults.
    """
    if all(vector.is_baseline for vector in kernel.prototype.vectors):
        return ()
    return (*isa_flags, *(flag for flag in kernel.compilation.flags if flag.startswith("-m")))


def user_adapter_command(
    kernel: Kernel, contract: Contract, build: Build, own_flags: tuple[str, ...], guest_sources: Path, *arguments: str
) -> Command:
    """Return the command line that compiles or preprocesses the user's adapter: as the kernel, but always at -O2."""
    said = kernel.compilation
    flags = (
        *own_flags,
        f"-I{guest_sources}",
        f"-DHARNESS_CONTRACT={contract.prototype.declare(USER_FUNCTION)}",
        *(f"-I{directory}" for directory in said.includes),
        *(f"-D{define}" for define in said.defines),
        *(flag for flag in said.flags if not _is_standard_of_other_language(flag, is_cpp=False)),
    )
    return compile_command(build.compiler, _CALLER_OPT, flags, *arguments, standard=C_STANDARD)


def _is_standard_of_other_language(flag: str, *, is_cpp: bool) -> bool:
    return flag.startswith("-std=") and ("++" in flag) != is_cpp


def _joining(compiler: Compiler, symbol: str, objects: list[str]) -> Command:
    group = ("-Wl,--start-group", *objects, "-Wl,--end-group")
    needed = ("-Wl,--gc-sections", f"-Wl,--undefined={symbol}")
    return (*compiler.command, "-nostdlib", "-r", *needed, "-o", JOINED_NAME, *group)


def _libraries(kernel: Kernel) -> list[str]:
    runtime = ["-lstdc++"] if any(source.suffix in CPP_SUFFIXES for source in kernel.sources) else []
    return [*(f"-l{name}" for name in kernel.compilation.libraries), *runtime, "-lm"]
