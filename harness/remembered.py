"""What surveys found out, in a file of the user's cache: what is known of a tool holds until the tool changes."""

from __future__ import annotations

import contextlib
import json
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

_VERSION = 4


@dataclass(slots=True)
class Remembered:
    """Findings by key; keys hold the identity of every tool involved."""

    path: Path
    _known: dict[str, Any] = field(default_factory=dict)
    _changed: bool = False

    def read(self) -> None:
        """Take over what earlier runs wrote, as far as this version understands it."""
        try:
            memory = json.loads(self.path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return
        if isinstance(memory, dict) and memory.get("version") == _VERSION:
            self._known = memory.get("known", {})

    def get(self, key: str) -> Any:
        """Return a finding; None where there is none yet."""
        return self._known.get(key)

    def learn(self, key: str, value: dict[str, Any]) -> None:
        """Take in a finding."""
        self._known[key] = value
        self._changed = True

    def write(self) -> None:
        """Write what was learned; without a writable cache the next run finds it out again."""
        if not self._changed:
            return
        with contextlib.suppress(OSError):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile("w", dir=self.path.parent, delete=False, encoding="utf-8") as aside:
                json.dump({"version": _VERSION, "known": self._known}, aside)
            Path(aside.name).replace(self.path)
        self._changed = False
