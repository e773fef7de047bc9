"""The machine's own processor."""

from __future__ import annotations

from harness.launch.emulators import Emulator, Tools
from harness.model import Executor, Missing


class Native(Emulator):
    """Runs what this machine was made for."""

    def find(self, triple: str, cpu: str | None, tools: Tools) -> Executor | Missing:
        """Return the empty command, where programs of the triple need no other."""
        _ = cpu
        backend = tools.backend
        if backend.native_triple != triple:
            return Missing(f"this machine is {backend.native_triple.split('-')[0]}", "")
        processor = backend.processor()
        return Executor("native", processor.system, processor.machine, (), processor.identity)

    def described(self, executor: Executor) -> str:
        """Return what messages call the processor."""
        _ = executor
        return "this machine's CPU"


EMULATOR = Native()
