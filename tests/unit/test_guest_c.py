"""The guest runner, on this machine's own processor and on RISC-V: what kernels may do to it, what it says of them."""

from __future__ import annotations

import platform
import signal
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from harness.guest import PackBuffer, PackCase, PackParameter, Transcript, decode_observation, encode_pack
from harness.model import DamageKind, Fill, Flow, Side, Trial, TrialObservation, TrialStatus

NONCE = 7
BAD_PACK = 120  # csrc/guest/status.h
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


Run = Callable[[str], Ended]


def pack(cases: int) -> bytes:
    contents = np.arange(1, COUNT + 1, dtype=np.float32).tobytes()
    buffers = (PackBuffer(len(contents), contents), PackBuffer(len(contents), None))
    case = PackCase((0, 0, COUNT), buffers, len(TRIALS), cpu_timeout_ms=60)
    return encode_pack(NONCE, PARAMETERS, [case] * cases, TRIALS, vector_bits=0, timeout_limit=0)


@pytest.fixture(scope="session", params=TOOLS)
def machine(request: pytest.FixtureRequest) -> str:
    """Each machine whose guests are tested."""
    return str(request.param)


@pytest.fixture(scope="session")
def runner(machine: str, once: Callable[[str, Callable[[Path], None]], Path], repository: Path) -> Path:
    """The runner's objects, built for a machine."""
    sources = [
        path
        for path in sorted((repository / "csrc" / "guest").glob("*.[cS]"))
        if not any(path.stem.endswith(other) for other in ("aarch64", "x86_64", "riscv64") if other != machine)
    ]
    flags = ("-O2", "-std=gnu11", "-fno-stack-protector", "-fno-tree-vectorize", "-Wall", "-Wextra", "-Werror")

    def compile_all(place: Path) -> None:
        subprocess.run([*TOOLS[machine].compiler, *flags, "-c", *map(str, sources)], cwd=place, check=True)

    return once(f"guest_runner_{machine}", compile_all)


@pytest.fixture
def guest(machine: str, tmp_path: Path, runner: Path, repository: Path) -> Callable[[str], tuple[str, ...]]:
    """Builds a guest whose kernel ends in the given C; returns the command that runs it."""

    def build(body: str) -> tuple[str, ...]:
        (tmp_path / "kernel.c").write_text(ADAPTER.replace("@BODY@", body))
        include = f"-I{repository / 'csrc' / 'guest'}"
        objects = [str(path) for path in sorted(runner.glob("*.o"))]
        flags = ("-O1", "-w", include, "-static", "-Wl,--wrap=main", "-o", "guest")
        subprocess.run([*TOOLS[machine].compiler, *flags, "kernel.c", *objects, "-lm"], cwd=tmp_path, check=True)
        return (*TOOLS[machine].emulator, str(tmp_path / "guest"))

    return build


@pytest.fixture
def run(tmp_path: Path, guest: Callable[[str], tuple[str, ...]]) -> Run:
    """Runs two cases of a kernel that doubles its input and then does what the given C says."""

    def run(body: str) -> Ended:
        command = guest(body)
        (tmp_path / "pack").write_bytes(pack(2))
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
def test_what_is_allowed_is_not_accused(run: Run, body: str) -> None:
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
    run: Run, body: str, buffer: int, offset_bytes: int, is_write: bool
) -> None:
    assert faults(run(body)) == [(signal.SIGSEGV, buffer, offset_bytes, is_write)] * 2


def test_a_store_into_the_slack_of_a_page_is_found(run: Run) -> None:
    damages = [trial.damages for trial in run("((volatile float *)out)[-2] = 1;").trials]
    assert [(d.buffer, d.kind, d.offset_bytes, d.changed_bytes) for d in damages[0]] == [(1, DamageKind.CANARY, -8, 4)]


def test_a_canary_copied_from_another_buffer_is_found(run: Run) -> None:
    ended = run("if (((uintptr_t)in & 4095) == 0) ((volatile float *)out)[n] = ((volatile const float *)in)[n];")
    assert [[d.offset_bytes for d in trial.damages] for trial in ended.trials] == [[], [4 * COUNT], []] * 2


def test_a_changed_input_is_found(run: Run) -> None:
    for trial in run("memset((float *)in + 3, 255, 4);").trials:
        assert [(d.buffer, d.kind, d.offset_bytes, d.changed_bytes) for d in trial.damages] == [
            (0, DamageKind.INPUT, 12, 4)
        ]


@pytest.mark.parametrize(
    "name", ["SIGSEGV", "SIGFPE", "SIGABRT", "SIGTERM", "SIGPIPE", "SIGPROF", "SIGUSR1", "SIGTSTP"]
)
def test_a_raised_signal_ends_one_trial(run: Run, name: str) -> None:
    ended = run(f"raise({name});")
    assert faults(ended) == [(getattr(signal, name), None, 0, None)] * 2
    assert [trial.status for trial in ended.trials[:3]] == [TrialStatus.SIGNAL] + [TrialStatus.SKIPPED] * 2


def test_an_endless_loop_ends_one_trial(run: Run) -> None:
    ended = run("while (forever);")
    assert ended.transcript.complete
    assert [trial.status for trial in ended.trials[::3]] == [TrialStatus.TIMEOUT] * 2


@pytest.mark.parametrize("body", ["exit(0);", "_exit(0);", "raise(SIGKILL);", 'execl("/bin/true", "true", NULL);'])
def test_a_process_that_ends_early_never_says_goodbye(run: Run, body: str) -> None:
    ended = run(body)
    assert ended.transcript.facts
    assert not ended.transcript.complete
    assert ended.transcript.cases == ()


@pytest.mark.parametrize("region", ["(char *)guest_frozen", "guest_frozen[0]"])
def test_a_store_into_the_runners_memory_faults(run: Run, region: str) -> None:
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
def test_a_register_that_must_survive_and_does_not_is_named(run: Run, machine: str, register: str) -> None:
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
def test_a_fault_is_told_without_the_pointers_that_compiled_code_relies_on(run: Run) -> None:
    ended = run('__asm__ volatile("li gp, 1\\n li tp, 1\\n sd zero, 8(zero)");')
    assert [(f.signal, f.address, f.is_write) for t in ended.trials if (f := t.fault)] == [
        (signal.SIGSEGV, 8, True)
    ] * 2
    assert ended.transcript.complete


TRASHES = {"x86_64": ("rbx", "movl $1, %ebx"), "aarch64": ("x19", "mov x19, #1"), "riscv64": ("s0", "li s0, 1")}


def test_every_call_of_an_adapter_is_checked_and_not_the_last_alone(run: Run, machine: str) -> None:
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


def test_a_call_that_was_not_announced_ends_the_process_with_a_line(run: Run) -> None:
    ended = run("}\n#define guest_ready(kernel)\nvoid unused(void) {")
    assert ended.status == BAD_ADAPTER
    assert "HARNESS_CALL among the arguments of another" in ended.stderr


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


def test_what_lies_above_an_argument_is_poison_where_it_may_be(run: Run, machine: str) -> None:
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
def test_what_a_call_leaves_behind_is_named(run: Run, machine: str, body: str, name: str) -> None:
    ended = run(body)
    name = {"x86_64": "mxcsr", "aarch64": "fpcr", "riscv64": "frm"}[machine] if name == "rounding" else name
    assert ended.transcript.complete
    for case in ended.transcript.cases:
        assert name in [violation.name for trial in case.trials for violation in trial.violations]


def test_a_damaged_pack_is_refused(tmp_path: Path, guest: Callable[[str], tuple[str, ...]]) -> None:
    command, whole = guest(""), pack(2)
    for number, position in enumerate(range(0, len(whole), 13)):
        damaged = bytearray(whole)
        damaged[position] ^= 0x55
        is_about_identity = 8 <= position < 16 or 36 <= position < 40 or 52 <= position < 56  # nonce, width, limit
        (tmp_path / "pack").write_bytes(damaged)
        ended = subprocess.run([*command, "pack", f"out{number}"], cwd=tmp_path, capture_output=True, text=True)
        assert ended.returncode == (0 if is_about_identity else BAD_PACK)
        assert len(ended.stderr.splitlines()) == (0 if is_about_identity else 1)


def test_a_truncated_pack_is_refused(tmp_path: Path, guest: Callable[[str], tuple[str, ...]]) -> None:
    command, whole = guest(""), pack(1)
    for length in range(0, len(whole), 29):
        (tmp_path / "pack").write_bytes(whole[:length])
        ended = subprocess.run([*command, "pack", "out"], cwd=tmp_path, capture_output=True, text=True)
        assert ended.returncode == BAD_PACK
        assert not (tmp_path / "out").exists()
