"""The guest runner, on this machine's own processor and under QEMU: what kernels may do to it, what it says of them."""

from __future__ import annotations

import platform
import signal
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from harness.build.commands import SUPPORT_SOURCE
from harness.guest import PackBuffer, PackCase, PackParameter, Transcript, decode_observation, encode_pack
from harness.model import DamageKind, FaultKind, Fill, Flow, Side, Trial, TrialObservation, TrialStatus

NONCE = 7
BAD_PACK = 120  # csrc/guest/runner/status.h
BAD_ADAPTER = 124
COUNT = 19
FLOWS = (Flow.IN, Flow.OUT)
TRIALS = (
    Trial(Fill.NAN, Side.END),
    Trial(Fill.HUGE_NEGATIVE, Side.START),
    Trial(Fill.BENIGN, Side.END, clean_uppers=True),
)
PARAMETERS = (
    PackParameter(is_buffer=True, flow=Flow.IN, element_bytes=4, is_integer=False),
    PackParameter(is_buffer=True, flow=Flow.OUT, element_bytes=4, is_integer=False),
    PackParameter(is_buffer=False, flow=Flow.IN, element_bytes=8, is_integer=True),
)


@dataclass(frozen=True)
class Tools:
    """How guests for a machine are compiled and run here."""

    compiler: tuple[str, ...]
    emulator: tuple[str, ...] = ()


NATIVE = platform.machine()
TOOLS = {
    "riscv64": Tools(
        ("riscv64-linux-gnu-gcc", "-mno-relax"), ("qemu-riscv64", "-cpu", "rv64,v=true,vext_spec=v1.0,vlen=256")
    ),
    "aarch64": Tools(("aarch64-linux-gnu-gcc",), ("qemu-aarch64", "-cpu", "max")),
    NATIVE: Tools(("cc", "-mno-relax") if NATIVE == "riscv64" else ("cc",)),
}
ADAPTER = r"""
#define _GNU_SOURCE
#include <fenv.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "adapter.h"
void guest_trampoline(const float *in, float *out, size_t n);
extern char *guest_frozen[];
static volatile int forever = 1;
static void on_signal(int number) { (void)number; }
@TOP@
static void kernel(const float *in, float *out, size_t n) {
    for (size_t i = 0; i < n; i++) out[i] = 2 * in[i];
    @BODY@
}
void (*const guest_kernel)(void) = (void (*)(void))kernel;
#ifndef SIGNATURE
#define SIGNATURE                                                                    \
    {.argument_count = 3,                                                            \
     .arguments = {{SEQUENCE_INTEGER, 8}, {SEQUENCE_INTEGER, 8}, {SEQUENCE_INTEGER, 8}}}
#endif
const struct guest_signature guest_signature = SIGNATURE;
void guest_adapter(const uint64_t *value, uint64_t *result) {
    (void)result, (void)on_signal, (void)forever, (void)guest_frozen;
    guest_ready(guest_kernel);
    guest_trampoline((const float *)value[0], (float *)value[1], (size_t)value[2]);
}
"""


@dataclass(frozen=True)
class Ended:
    status: int
    transcript: Transcript
    stderr: str

    @property
    def trials(self) -> list[TrialObservation]:
        return [trial for case in self.transcript.cases for trial in case.trials]


Build = Callable[..., tuple[str, ...]]
RunResult = Callable[..., Ended]


def pack(cases: int, vector_bits: int = 0) -> bytes:
    contents = np.arange(1, COUNT + 1, dtype=np.float32).tobytes()
    buffers = (PackBuffer(len(contents), contents), PackBuffer(len(contents), None))
    case = PackCase((0, 0, COUNT), buffers, len(TRIALS), cpu_timeout_ms=60)
    return encode_pack(NONCE, PARAMETERS, [case] * cases, TRIALS, vector_bits=vector_bits, timeout_limit=0)


@pytest.fixture(scope="session", params=TOOLS)
def machine(request: pytest.FixtureRequest) -> str:
    """Each machine whose guests are tested."""
    return str(request.param)


@pytest.fixture(scope="session")
def runner(machine: str, once: Callable[[str, Callable[[Path], None]], Path], repository: Path) -> Path:
    """The runner's objects, built for a machine."""
    flags = ("-O2", "-std=gnu11", "-fno-stack-protector", "-fno-tree-vectorize", "-Wall", "-Wextra", "-Werror")

    def compile_all(folder: Path) -> None:
        for name in ("runner", machine):  # which have names in common
            (folder / name).mkdir()
            folder_sources = sorted((repository / "csrc" / "guest" / name).glob("*.[cS]"))
            sources = [path for path in folder_sources if path.name != SUPPORT_SOURCE]
            command = [*TOOLS[machine].compiler, *flags, "-c", *map(str, sources)]
            subprocess.run(command, cwd=folder / name, check=True)

    return once(f"guest_runner_{machine}", compile_all)


@pytest.fixture
def guest(machine: str, tmp_path: Path, runner: Path, repository: Path) -> Build:
    """Builds a guest whose kernel ends in the given C; returns the command that runs it."""

    def build(body: str, top: str = "") -> tuple[str, ...]:
        (tmp_path / "kernel.c").write_text(ADAPTER.replace("@BODY@", body).replace("@TOP@", top))
        include = f"-I{repository / 'csrc' / 'guest' / 'runner'}"
        objects = [str(path) for path in sorted(runner.rglob("*.o"))]
        flags = ("-O1", "-w", include, "-static", "-Wl,--wrap=main", "-o", "guest")
        subprocess.run([*TOOLS[machine].compiler, *flags, "kernel.c", *objects, "-lm"], cwd=tmp_path, check=True)
        return (*TOOLS[machine].emulator, str(tmp_path / "guest"))

    return build


@pytest.fixture
def run(tmp_path: Path, guest: Build) -> RunResult:
    """Runs two cases of a kernel that doubles its input and then does what the given C says."""

    def run(body: str, *, top: str = "", vector_bits: int = 0) -> Ended:
        command = guest(body, top)
        (tmp_path / "pack").write_bytes(pack(2, vector_bits))
        ended = subprocess.run([*command, "pack", "out"], cwd=tmp_path, capture_output=True, text=True, timeout=60)
        data = (tmp_path / "out").read_bytes()
        transcript = decode_observation(data, NONCE, trial_counts=(len(TRIALS),) * 2, flows=FLOWS)
        return Ended(ended.returncode, transcript, ended.stderr)

    return run


@pytest.mark.parametrize(
    "body",
    [
        "",
        'if (chdir("/")) abort();',
        "volatile char large[6 << 20]; for (size_t i = 0; i < sizeof large; i += 4096) large[i] = 1;",
        "fesetround(FE_UPWARD); fesetround(FE_TONEAREST);",
        'free(malloc(100)); printf("to its own stdout\\n");',
    ],
)
def test_what_is_allowed_is_not_accused(run: RunResult, body: str) -> None:
    ended = run(body)
    assert ended.transcript.complete
    assert ended.status == 0
    assert len(ended.trials) == 2 * len(TRIALS)
    for trial in ended.trials:
        assert trial.status is TrialStatus.RETURNED
        assert (trial.damages, trial.violations) == ((), ())
        assert trial.outputs == (None, (2 * np.arange(1, COUNT + 1, dtype=np.float32)).tobytes())


def faults(ended: Ended) -> list[tuple[int, int | None, int, bool | None]]:
    assert ended.transcript.complete, "a fault ends one trial and not the process"
    return [(f.signal, f.buffer, f.offset_bytes, f.is_write) for t in ended.trials if (f := t.fault)]


@pytest.mark.parametrize(
    ("body", "buffer", "offset_bytes", "is_write"),
    [
        ("*(volatile float *)&out[n] = 1;", 1, 4 * COUNT, True),
        ("*(volatile const float *)&in[n];", 0, 4 * COUNT, False),
        ("*(volatile const float *)&out[-1];", 1, -4, False),
    ],
)
def test_one_element_outside_a_buffer_faults(
    run: RunResult, body: str, buffer: int, offset_bytes: int, is_write: bool
) -> None:
    assert faults(run(body)) == [(signal.SIGSEGV, buffer, offset_bytes, is_write)] * 2


def test_a_store_into_the_slack_of_a_page_is_found(run: RunResult) -> None:
    damages = [trial.damages for trial in run("((volatile float *)out)[-2] = 1;").trials]
    assert [(d.buffer, d.kind, d.offset_bytes, d.changed_bytes) for d in damages[0]] == [(1, DamageKind.CANARY, -8, 4)]


def test_a_canary_copied_from_another_buffer_is_found(run: RunResult) -> None:
    ended = run("if (((uintptr_t)in & 4095) == 0) ((volatile float *)out)[n] = ((volatile const float *)in)[n];")
    assert [[d.offset_bytes for d in trial.damages] for trial in ended.trials] == [[], [4 * COUNT], []] * 2


def test_a_changed_input_is_found(run: RunResult) -> None:
    for trial in run("memset((float *)in + 3, 255, 4);").trials:
        assert [(d.buffer, d.kind, d.offset_bytes, d.changed_bytes) for d in trial.damages] == [
            (0, DamageKind.INPUT, 12, 4)
        ]


@pytest.mark.parametrize(
    "name", ["SIGSEGV", "SIGFPE", "SIGABRT", "SIGTERM", "SIGPIPE", "SIGPROF", "SIGUSR1", "SIGTSTP"]
)
def test_a_raised_signal_ends_one_trial(run: RunResult, name: str) -> None:
    ended = run(f"raise({name});")
    assert faults(ended) == [(getattr(signal, name), None, 0, None)] * 2
    assert [trial.status for trial in ended.trials[:3]] == [TrialStatus.SIGNAL] + [TrialStatus.SKIPPED] * 2


def test_an_endless_loop_ends_one_trial(run: RunResult) -> None:
    ended = run("while (forever);")
    assert ended.transcript.complete
    assert [trial.status for trial in ended.trials[::3]] == [TrialStatus.TIMEOUT] * 2


@pytest.mark.parametrize("body", ["exit(0);", "_exit(0);", "raise(SIGKILL);", 'execl("/bin/true", "true", NULL);'])
def test_a_process_that_ends_early_never_says_goodbye(run: RunResult, body: str) -> None:
    ended = run(body)
    assert ended.transcript.facts
    assert not ended.transcript.complete
    assert ended.transcript.cases == ()


@pytest.mark.parametrize("region", ["(char *)guest_frozen", "guest_frozen[0]"])
def test_a_store_into_the_runners_memory_faults(run: RunResult, region: str) -> None:
    assert [fault[0] for fault in faults(run(f"memset({region}, 255, 8192);"))] == [signal.SIGSEGV] * 2


REGISTERS = {
    "x86_64": {
        "rbx": "movl $1, %ebx",
        "r15": "movl $1, %r15d",
        "df": "std",
        "mxcsr": "pushq $0x7f80\\n ldmxcsr (%rsp)\\n popq %rax",
        "x87_tags": "fld1",
        "rsp": "addq $-64, %rsp\\n pushq 64(%rsp)",
    },
    "aarch64": {
        "x19": "mov x19, #1",
        "x28": "mov x28, #1",
        "d8": "fmov d8, #1.0",
        "d15": "fmov d15, #1.0",
        "fpcr": "mov x9, #0x1000000\\n msr fpcr, x9",
        "sp": "sub sp, sp, #64",
    },
    "riscv64": {
        "s0": "li s0, 1",
        "s11": "li s11, 1",
        "sp": "addi sp, sp, -64",
        "gp": "li gp, 1",
        "tp": "li tp, 1",
        "fs0": "fmv.d.x fs0, zero",
        "fs11": "fmv.d.x fs11, zero",
        "frm": "fsrmi 1",
        "vstart": "csrwi 0x008, 1",
    },
}


@pytest.mark.parametrize(
    ("machine", "register"), [(m, register) for m in TOOLS for register in REGISTERS[m]], indirect=["machine"]
)
def test_a_register_that_must_survive_and_does_not_is_named(run: RunResult, machine: str, register: str) -> None:
    naked = f"""
    }}
    __asm__(".text\\n trash: {REGISTERS[machine][register]}\\n ret\\n");
    void trash(const float *in, float *out, size_t n);
    #define kernel trash
    void unused(void) {{"""
    for trial in run(naked).trials:
        assert [violation.name for violation in trial.violations] == [register]
        assert trial.violations[0].before != trial.violations[0].after


@pytest.mark.parametrize("machine", ["riscv64"], indirect=True)
def test_a_fault_is_told_without_the_pointers_that_compiled_code_relies_on(run: RunResult) -> None:
    ended = run('__asm__ volatile("li gp, 1\\n li tp, 1\\n sd zero, 8(zero)");')
    assert [(f.signal, f.address, f.is_write) for t in ended.trials if (f := t.fault)] == [
        (signal.SIGSEGV, 8, True)
    ] * 2
    assert ended.transcript.complete


def instead(text: str) -> str:
    """What ends the kernel's function and puts one in its place that is assembly."""
    return f"""
    }}
    __asm__(".text\\n in_place: {text}\\n");
    void in_place(const float *in, float *out, size_t n);
    #define kernel in_place
    void unused(void) {{"""


RETURNS_TO = {
    "x86_64": "movabsq ${0}, %rax\\n movq %rax, (%rsp)\\n ret",
    "aarch64": "movz x30, {0} & 0xffff\\n movk x30, {0} >> 16, lsl 16\\n ret",
    "riscv64": "li ra, {0}\\n ret",
}


@pytest.mark.parametrize("address", [0, 0x3F800000])
@pytest.mark.parametrize("kind", [FaultKind.JUMP, FaultKind.RETURN])
def test_a_return_to_where_no_code_is_is_told_from_a_jump(
    run: RunResult, machine: str, address: int, kind: FaultKind
) -> None:
    returns = instead(RETURNS_TO[machine].format(address))
    ended = run(returns if kind is FaultKind.RETURN else f"((void (*)(void)){address}l)();")
    assert ended.transcript.complete
    found = [f for t in ended.trials if (f := t.fault)]
    assert [(f.address, f.pc, f.kind, f.registers) for f in found] == [(address, address, kind, ())] * 2


def test_a_load_is_no_jump(run: RunResult) -> None:
    found = [f for t in run("*(volatile char *)8;").trials if (f := t.fault)]
    assert [(f.address, f.kind) for f in found] == [(8, FaultKind.ACCESS)] * 2


@pytest.mark.parametrize(
    ("text", "register", "value"),
    [
        ("movaps (%rsp), %xmm0\\n ret", 4, None),
        ("movabsq $0x8123456789abcdef, %r13\\n movb (%r13), %al\\n ret", 13, 0x8123456789ABCDEF),
        ("movabsq $0x3f8000003f800000, %rdx\\n pushq %rdx\\n ret", 2, 0x3F8000003F800000),
    ],
)
@pytest.mark.parametrize("machine", ["x86_64"], indirect=True)
def test_general_protection_comes_with_the_registers(
    run: RunResult, text: str, register: int, value: int | None
) -> None:
    if NATIVE != "x86_64":
        pytest.skip("no emulator checks alignment")
    ended = run(instead(text))
    assert ended.transcript.complete
    found = [f for t in ended.trials if (f := t.fault)]
    assert [(f.signal, f.kind, len(f.registers)) for f in found] == [(signal.SIGSEGV, FaultKind.PROTECTION, 16)] * 2
    for fault in found:
        if value is None:
            assert fault.registers[register] % 16 == 8, "the stack as a function is entered"
        else:
            assert fault.registers[register] == value


@pytest.mark.parametrize(
    ("body", "is_marked"),
    [
        ("abort();", True),
        ("__builtin_trap();", True),
        ("*(volatile char *)8;", False),
        ("while (forever);", False),
        ("", False),
    ],
)
def test_where_a_call_gives_up_the_error_stream_is_marked(run: RunResult, body: str, is_marked: bool) -> None:
    ended = run(f'fprintf(stderr, "out is {{"aligned"}}\\n"); {body}'.replace('{"aligned"}', "odd"))
    texts = ended.stderr.split("\nguest: end of case ")
    assert len(texts) == (3 if is_marked else 1)
    if is_marked:
        assert texts[1].startswith("0000000000\nout is odd")
        assert texts[2] == "0000000001\n"


TRASHES = {"x86_64": ("rbx", "movl $1, %ebx"), "aarch64": ("x19", "mov x19, #1"), "riscv64": ("s0", "li s0, 1")}


# What an action holds that libc hands back: on some machines its restorer is whatever lay on the stack.
PUTS_BACK = """
    struct sigaction action, before;
    memset(&action, 0x5a, sizeof action), memset(&before, 0x5a, sizeof before);
    action.sa_handler = on_signal, action.sa_flags = 0, sigemptyset(&action.sa_mask);
    sigaction(SIGILL, &action, &before);
    sigaction(SIGILL, &before, NULL);
"""


def test_a_signal_handler_that_is_put_back_is_no_fault(run: RunResult) -> None:
    ended = run(PUTS_BACK)
    assert ended.transcript.complete
    assert [trial.violations for trial in ended.trials] == [()] * len(ended.trials)


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ("before.sa_handler = on_signal;", "a handler left behind"),
        ("before.sa_flags &= ~SA_RESTART;", "flags left changed"),
        ("sigdelset(&before.sa_mask, SIGTERM);", "the mask left changed"),
    ],
)
def test_a_signal_handler_that_is_put_back_otherwise_is_told(run: RunResult, change: str, rule: str) -> None:
    again = "sigaction(SIGILL, &before, NULL);"
    assert again in PUTS_BACK
    for trial in run(PUTS_BACK.replace(again, change + again)).trials:
        (violation,) = trial.violations
        assert violation.name == "signal 04"
        assert rule in violation.rule
        assert violation.before != violation.after


def test_every_call_of_an_adapter_is_checked_and_not_the_last_alone(run: RunResult, machine: str) -> None:
    register, trash = TRASHES[machine]
    ended = run(f"""
        static int calls;
        if (calls++ % 2 == 0) __asm__ volatile("{trash}");
    }}
    void two_calls(const float *in, float *out, size_t n) {{
        guest_trampoline(in, out, n);
        guest_ready(guest_kernel);
        guest_ready(guest_kernel); /* the same as once */
        guest_trampoline(in, out, n);
        guest_ready(guest_kernel); /* for a call that never comes */
    }}
    #define guest_trampoline two_calls
    void unused(void) {{""")
    assert ended.transcript.complete
    for trial in ended.trials:
        assert [violation.name for violation in trial.violations] == [register]
        assert trial.outputs == (None, (2 * np.arange(1, COUNT + 1, dtype=np.float32)).tobytes())


def test_a_call_that_was_not_announced_ends_the_process_with_a_line(run: RunResult) -> None:
    ended = run("}\n#define guest_ready(kernel)\nvoid unused(void) {")
    assert ended.status == BAD_ADAPTER
    assert "HARNESS_CALL among the arguments of another" in ended.stderr


# The length of SVE vectors in bytes, which the kernel keeps before main and compares when it is called.
KEEPS_LENGTH = """
#include <sys/syscall.h>
static uint64_t kept;
__attribute__((noinline)) static uint64_t length(void) {
    register uint64_t x0 __asm__("x0");
    __asm__ volatile(".inst 0x04bf5020" : "=r"(x0));
    return x0;
}
static void set_length(uint64_t bytes) { syscall(SYS_prctl, 50, bytes); }
__attribute__((constructor)) static void keep(void) { @FIRST@; kept = length(); }
"""
COMPARES = "if (kept != length()) abort();"


@pytest.mark.parametrize("vector_bits", [128, 256, 512])
@pytest.mark.parametrize("machine", ["aarch64"], indirect=True)
def test_constructors_find_the_vector_length_of_the_run(run: RunResult, vector_bits: int) -> None:
    ended = run(COMPARES, top=KEEPS_LENGTH.replace("@FIRST@", ""), vector_bits=vector_bits)
    assert ended.transcript.facts["sve_bits"] == ended.transcript.facts["bits_at_start"] == vector_bits
    assert [trial.status for trial in ended.trials] == [TrialStatus.RETURNED] * 6


@pytest.mark.parametrize("machine", ["aarch64"], indirect=True)
def test_a_vector_length_that_a_constructor_sets_is_attested_and_stays(run: RunResult) -> None:
    ended = run(COMPARES, top=KEEPS_LENGTH.replace("@FIRST@", "set_length(16)"), vector_bits=256)
    assert (ended.transcript.facts["sve_bits"], ended.transcript.facts["bits_at_start"]) == (128, 256)
    assert [trial.status for trial in ended.trials] == [TrialStatus.RETURNED] * 6


@pytest.mark.parametrize("machine", ["aarch64"], indirect=True)
def test_an_adapter_that_changes_the_vector_length_is_told(run: RunResult) -> None:
    narrows = "}\n#define guest_ready(kernel) (set_length(16), guest_ready(kernel))\nvoid unused(void) {"
    ended = run(narrows, top=KEEPS_LENGTH.replace("@FIRST@", ""), vector_bits=256)
    assert ended.status == BAD_ADAPTER
    assert "with another vector length than the run is for" in ended.stderr


# Stores what it is entered with: the integer arguments number 3 to 5, the first two stack slots, two vector registers.
STORES_ARGUMENTS = {
    "x86_64": (
        "movq %rcx, (%rsi); movq %r8, 8(%rsi); movq %r9, 16(%rsi); movups 8(%rsp), %xmm2; movups %xmm2, 24(%rsi);"
        "movups %xmm0, 40(%rsi); movups %xmm1, 56(%rsi)"
    ),
    "aarch64": (
        "stp x3, x4, [x1]; str x5, [x1, #16]; ldp x9, x10, [sp]; stp x9, x10, [x1, #24];"
        "stur q0, [x1, #40]; stur q1, [x1, #56]"
    ),
    "riscv64": (
        "sd a3, (a1); sd a4, 8(a1); sd a5, 16(a1); ld t0, (sp); ld t1, 8(sp); sd t0, 24(a1); sd t1, 32(a1);"
        "fsd fa0, 40(a1); fsd fa1, 48(a1)"
    ),
}
FILLED = {  # general registers, bytes of vectors
    Fill.BENIGN: (1, 0x01),
    Fill.NAN: (0x7FFF_FFFF_7FFF_FFFF, 0xFF),
    Fill.HUGE_NEGATIVE: (0x8000_0000_8000_0000, 0xFB),
}


def with_fill(value: int, bits: int, fill: Fill) -> bytes:
    mask = (1 << bits) - 1
    return ((value & mask) | (FILLED[fill][0] & ~mask)).to_bytes(8, "little")


def test_what_lies_above_an_argument_is_poison_where_it_may_be(run: RunResult, machine: str) -> None:
    in_front = "" if machine == "x86_64" else "0, 0, "  # up to the last integer register
    # clang relies on callers that extend to 32 bits on x86; RISC-V extends to 64, and boxes floats in NaNs.
    least_bits = {"x86_64": 32, "aarch64": 8, "riscv64": 64}[machine]
    fillers = in_front.count("0")
    registers = "{SEQUENCE_INTEGER, 8}, " * 3 + "{SEQUENCE_INTEGER, 4}, {SEQUENCE_INTEGER, 1}, {SEQUENCE_INTEGER, 2}, "
    registers += "{SEQUENCE_INTEGER, 4}, " * fillers
    prototype = "const float *, float *, size_t, int, signed char, short" + ", int" * fillers
    ended = run(f"""}}
    __asm__(".text\\n stores: {STORES_ARGUMENTS[machine]}\\n ret\\n");
    void stores(void);
    void calls({prototype}, int, unsigned char, float, double) __asm__("guest_trampoline");
    #define kernel stores
    #define guest_trampoline(in, out, n) calls(in, out, n, -2, -3, 4, {in_front}5, 6, 7, 8)
    #define SIGNATURE {{.argument_count = {10 + fillers}, .arguments = {{{registers}{{SEQUENCE_INTEGER, 4}}, \
        {{SEQUENCE_INTEGER, 1}}, {{SEQUENCE_VECTOR, 4}}, {{SEQUENCE_VECTOR, 8}}}}}}
    void unused(void) {{""")
    for trial, given in zip(ended.trials, TRIALS * 2, strict=True):
        byte = bytes([FILLED[given.fill][1]])
        seen = trial.outputs[1]
        assert isinstance(seen, bytes), trial.fault
        integers = [(-2, 32), (-3, 8), (4, 16), (5, 32), (6, 8)]
        expected = [with_fill(value, max(bits, least_bits), given.fill) for value, bits in integers]
        above_float, above_double = (b"\xff" * 4, b"") if machine == "riscv64" else (12 * byte, 8 * byte)
        expected += [np.float32(7).tobytes() + above_float, np.float64(8).tobytes() + above_double]
        whole = b"".join(expected)
        assert seen[: len(whole)].hex(" ", 8) == whole.hex(" ", 8)


@pytest.mark.parametrize(
    ("body", "name"),
    [
        ("signal(SIGSEGV, on_signal);", f"signal {signal.SIGSEGV:02}"),
        ("sigset_t all; sigfillset(&all); sigprocmask(SIG_BLOCK, &all, NULL);", "signal mask"),
        ("fork();", "child process"),
        ("for (int i = 0; i < 256; i++) close(i);", "descriptor 0"),
        ('for (int i = 3; i < 256; i++) write(i, "noise", 5);', "descriptor used"),
        ("fesetround(FE_UPWARD);", "rounding"),
    ],
)
def test_what_a_call_leaves_behind_is_named(run: RunResult, machine: str, body: str, name: str) -> None:
    ended = run(body)
    name = {"x86_64": "mxcsr", "aarch64": "fpcr", "riscv64": "frm"}[machine] if name == "rounding" else name
    assert ended.transcript.complete
    for case in ended.transcript.cases:
        assert name in [violation.name for trial in case.trials for violation in trial.violations]


def test_a_damaged_pack_is_refused(tmp_path: Path, guest: Build) -> None:
    command, whole = guest(""), pack(2)
    for number, position in enumerate(range(0, len(whole), 13)):
        damaged = bytearray(whole)
        damaged[position] ^= 0x55
        is_about_identity = 8 <= position < 16 or 36 <= position < 40 or 52 <= position < 56  # nonce, width, limit
        (tmp_path / "pack").write_bytes(damaged)
        ended = subprocess.run([*command, "pack", f"out{number}"], cwd=tmp_path, capture_output=True, text=True)
        assert ended.returncode == (0 if is_about_identity else BAD_PACK)
        assert len(ended.stderr.splitlines()) == (0 if is_about_identity else 1)


def test_a_truncated_pack_is_refused(tmp_path: Path, guest: Build) -> None:
    command, whole = guest(""), pack(1)
    for length in range(0, len(whole), 29):
        (tmp_path / "pack").write_bytes(whole[:length])
        ended = subprocess.run([*command, "pack", "out"], cwd=tmp_path, capture_output=True, text=True)
        assert ended.returncode == BAD_PACK
        assert not (tmp_path / "out").exists()
