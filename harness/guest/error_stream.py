"""What a guest process printed on its error stream, by the calls that gave up.

csrc/guest/runner/runner.c marks their ends.
"""

from __future__ import annotations

import re

_END_OF_CASE = re.compile(r"\nguest: end of case (\d{10})\n")


def split_by_case(text: str) -> tuple[dict[int, str], str]:
    """Return what belongs to each case that ended so, by its number in the pack, and what came behind the last."""
    parts = _END_OF_CASE.split(text)
    return {int(index): said for said, index in zip(parts[:-1:2], parts[1::2], strict=True)}, parts[-1]
