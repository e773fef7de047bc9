"""The wire format between host and guest, both directions. csrc/guest/runner/wire.h is the other end of this package.

A *pack* goes in, an *observation* comes out. Nothing here starts a process or opens a file.
"""

from harness.guest.observation import Transcript, decode_observation
from harness.guest.pack import PackBuffer, PackCase, PackParameter, Patches, distance_bytes, encode_pack

__all__ = [
    "PackBuffer",
    "PackCase",
    "PackParameter",
    "Patches",
    "Transcript",
    "decode_observation",
    "distance_bytes",
    "encode_pack",
]
