"""A kernel's table over the [defaults] of its manifest."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from harness.errors import ConfigurationError
from harness.project.toml import Table


@dataclass(frozen=True, slots=True)
class Layers:
    """What a [[kernel]] says, and what [defaults] says for all: strings give way, lists and tables are joined."""

    own: Table
    defaults: Table

    def text(self, key: str, otherwise: str = "") -> str:
        """Return a string, the kernel's if it has one."""
        return str(self._holder(key).values.get(key, otherwise))

    def items(self, key: str) -> Iterator[tuple[Table, str]]:
        """Yield the elements of a list with the table that they stand in, those of [defaults] first."""
        for table in (self.defaults, self.own):
            for item in table.values.get(key, []):
                yield table, item

    def list(self, key: str) -> list[str]:
        """Return the elements of a list, those of [defaults] first."""
        return [item for _, item in self.items(key)]

    def entries(self, key: str) -> dict[str, Any]:
        """Return a table of both; of equal names the kernel's."""
        return {**self.defaults.values.get(key, {}), **self.own.values.get(key, {})}

    def fault(self, message: str, key: str = "") -> ConfigurationError:
        """Return an error at the line where `key` is set for this kernel."""
        return self._holder(key).fault(message, key)

    def location(self, key: str) -> str:
        """Return the file and line where `key` is set for this kernel; empty where it is not."""
        return self._holder(key).location(key) if key in self._holder(key).values else ""

    def _holder(self, key: str) -> Table:
        return self.defaults if key in self.defaults.values and key not in self.own.values else self.own
