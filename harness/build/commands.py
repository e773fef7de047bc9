"""The command lines of a kernel's build: compile what is source, join what is prebuilt, link with the runner."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from harness.backend import Command
from harness.build.toolchain import compile_command
from harness.model import CPP_SUFFIXES, PREBUILT_SUFFIXES, Build, Compiler, Kernel

BINARY_NAME = "guest"
RUNNER_FOLDER = "runner"
"""Of the guest's sources: what every architecture has, and the headers of adapters."""
RUNNER_NAME = "guest_runner.o"
SUPPORT_SOURCE, SUPPORT_NAME = "support.S", "support.o"
"""What compilers expect of a run-time library that not every toolchain has; see csrc/guest/aarch64/support.S."""
JOINED_NAME = "kernel.o"
# The runner must not use what a kernel's ISA flags would allow, nor libc features that a kernel may damage.
GUEST_FLAGS = ("-O2", "-fno-stack-protector", "-fno-tree-vectorize", "-fno-strict-aliasing")
ENTRY = "__wrap_main"
"""The runner's main function: a kernel's file may have a main of its own, which is never called."""
RUNNER_SYMBOLS = (
    ENTRY,
    "guest_lay_predicate",
    "guest_lay_vector",
    "guest_next_chunk",
    "guest_poison",
    "guest_ready",
    "guest_store_vector",
    "guest_chunk_length",
    "guest_chunk_mask",
    "guest_chunks",
    "guest_trampoline",
)
"""What adapters and hostile kernels see of the runner; all its other names are free for kernels to use."""
_CALLER_OPT = "O2"
_LINKING = ("-static", "-fno-lto", "-Wl,--wrap=main")
C_STANDARD, CPP_STANDARD = "-std=gnu11", "-std=gnu++17"


@dataclass(frozen=True, slots=True)
class Callers:
    """How the code that calls a kernel is compiled."""

    flags: tuple[str, ...]
    guest_sources: Path
    declaration: str = ""
    """Of what a user's adapter defines, in C."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """How one kernel is built, in a directory of its own."""

    making: tuple[Command, ...]
    """Make the kernel's objects."""
    linking: tuple[Command, ...]
    """Make the program of them. {runner} stands for the directory of the runner's objects."""
    objects: tuple[str, ...]
    """The kernel's own code, in that directory."""

    @property
    def commands(self) -> tuple[Command, ...]:
        """All of them, in order."""
        return (*self.making, *self.linking)


def recipe(kernel: Kernel, build: Build, isa_flags: tuple[str, ...], callers: Callers) -> Recipe:
    """Write the commands of one build; `isa_flags` are for the kernel.

    Of what is prebuilt the linker takes the part that the kernel's symbol needs, into one object: a static library
    may hold a whole language runtime, and only the kernel's code is looked at later.
    """
    compiler = build.compiler
    making: list[Command] = []
    objects: list[str] = []
    for number, source in enumerate(kernel.sources):
        if source.suffix not in PREBUILT_SUFFIXES:
            objects.append(f"kernel{number}.o")
            making.append(source_command(kernel, build, isa_flags, source, "-c", str(source), "-o", objects[-1]))
    prebuilt = [str(source) for source in kernel.sources if source.suffix in PREBUILT_SUFFIXES]
    if prebuilt:
        making.append(_joining(compiler, kernel.symbol, [*objects, *prebuilt]))
        objects = [JOINED_NAME]
    adapter = ("-w", f"-I{callers.guest_sources / RUNNER_FOLDER}", "-c", "adapter.c", "-o", "adapter.o")
    linking = [(*compiler.command, *GUEST_FLAGS, *callers.flags, *adapter)]
    calling = ["adapter.o"]
    if kernel.adapter:
        calling.append("user_adapter.o")
        arguments = ("-c", str(kernel.adapter), "-o", calling[-1])
        linking.append(user_adapter_command(kernel, build, callers, *arguments))
    support = ["{runner}/" + SUPPORT_NAME] if needs_support(compiler) else []
    code = ("{runner}/" + RUNNER_NAME, *calling, *objects, *support)
    linking.append((*compiler.command, *_LINKING, "-o", BINARY_NAME, *code, *_libraries(kernel)))
    return Recipe(tuple(making), tuple(linking), tuple(objects))


def needs_support(compiler: Compiler) -> bool:
    """True if there is support for a compiler's machine."""
    return compiler.triple.startswith("aarch64")


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

    Otherwise none that concern the processor, so that on one without the ISA it is the kernel that faults; what else
    the target's compilers need holds for callers as well.
    """
    if all(vector.is_baseline for vector in kernel.prototype.vectors):
        return tuple(flag for flag in isa_flags if not flag.startswith("-m"))
    return (*isa_flags, *(flag for flag in kernel.compilation.flags if flag.startswith("-m")))


def user_adapter_command(kernel: Kernel, build: Build, callers: Callers, *arguments: str) -> Command:
    """Return the command line that compiles or preprocesses the user's adapter: as the kernel, but always at -O2."""
    said = kernel.compilation
    flags = (
        *callers.flags,
        f"-I{callers.guest_sources / RUNNER_FOLDER}",
        f"-DHARNESS_CONTRACT={callers.declaration}",
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
    return (*compiler.command, "-nostdlib", "-r", "-fno-lto", *needed, "-o", JOINED_NAME, *group)


def _libraries(kernel: Kernel) -> list[str]:
    runtime = ["-lstdc++"] if kernel.has_cpp else []
    return [*(f"-l{name}" for name in kernel.compilation.libraries), *runtime, "-lm"]
