"""Answers that are remembered from run to run, for as long as the code that asked is the same."""

from __future__ import annotations

import contextlib
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness.errors import StorageError
from harness.storage.files import replace_file


@dataclass(slots=True)
class Memory:
    """A file of answers by key; `code` is the digest of what asks, and answers of other code are forgotten."""

    path: Path
    code: str
    _answers: dict[str, Any] = field(default_factory=dict)
    _has_news: bool = False

    def read(self) -> None:
        """Take in what the file has."""
        with contextlib.suppress(OSError, ValueError):
            found = json.loads(self.path.read_text(encoding="utf-8"))
            if isinstance(found, dict) and found.get("code") == self.code:
                self._answers = dict(found["answers"])

    def get(self, key: str) -> Any:
        """Return an answer, None where there is none."""
        return self._answers.get(key)

    def learn(self, key: str, answer: dict[str, Any]) -> None:
        """Take in an answer."""
        if self._answers.get(key) != answer:
            self._answers[key] = answer
            self._has_news = True

    def write(self) -> None:
        """Write what is new; where that cannot be written, the next run asks again."""
        if self._has_news:
            with contextlib.suppress(StorageError):
                replace_file(self.path, json.dumps({"code": self.code, "answers": self._answers}))
            self._has_news = False
