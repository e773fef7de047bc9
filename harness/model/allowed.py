"""What callers may pass, for cases whose size is incidental."""

from __future__ import annotations

from collections.abc import Mapping


class Allowed:
    """Every size; harness.plan.sizes knows what conventions rule out."""

    def size(self, wanted: int) -> int:
        """Return the size nearest to the one wanted that may be passed to an op of one size.

        Where there is none, that is the one wanted.
        """
        return wanted

    def sizes(self, wanted: Mapping[str, int]) -> Mapping[str, int]:
        """Return the same for several sizes."""
        return wanted
