"""Text that came from somewhere else, made safe to look at."""

from __future__ import annotations

import re

# What a terminal obeys, what XML 1.0 (section 2.2) has no place for, and what hides or reorders the text beside it:
# C0 and C1 controls, zero-width and bidirectional characters, line separators, surrogates, tags, noncharacters.
_UNSAFE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ud800-\udfff\ufeff\ufff9-\ufffb\ufffe\uffff"
    "\U000e0000-\U000e0fff]"
)


def visible(text: str) -> str:
    """Return text in which every character that acts instead of being seen is written as an escape, such as \\x1b."""
    return _UNSAFE.sub(_escape, text)


def _escape(match: re.Match[str]) -> str:
    code = ord(match[0])
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def clipped(text: str, characters: int) -> str:
    """Return text no longer than a number of characters, with an ellipsis where it was cut."""
    return text if len(text) <= characters else text[: characters - 1] + "\u2026"
