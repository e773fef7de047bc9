"""Records in a form in which equal runs are equal."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

_VOLATILE = frozenset({"started", "seconds", "smallest", "manifest", "command", "reproduce", "cpu_nanoseconds"})


def canonical(record: Mapping[str, Any]) -> str:
    """Return the record without times, with paths cut to their last part: equal runs give equal text."""
    return json.dumps(_stripped(record), sort_keys=True, indent=1)


def _stripped(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _stripped(item) for key, item in value.items() if key not in _VOLATILE}
    if isinstance(value, list):
        return [_stripped(item) for item in value]
    if isinstance(value, str) and "/" in value:
        return " ".join(word.rpartition("/")[2] if word.startswith(("/", "-I/")) else word for word in value.split(" "))
    return value
