"""Constants and structures of csrc/guest/runner/wire.h; a unit test holds the two against each other."""

from __future__ import annotations

import struct
from enum import IntEnum

WIRE_VERSION = 5
PACK_MAGIC = 0x4B434150
RECORD_MAGIC = 0x43455248
NO_BUFFER = 2**32 - 1
CASE_SPARSE = 1
TRIAL_CLEAN_UPPERS = 1
TRIAL_STREAMING = 2
TRIAL_ZA_DORMANT = 4
TRIAL_ALTERNATE_LANES = 8
TRIAL_BENIGN_ARGUMENTS = 16
TRIAL_BENIGN_REGISTERS = 32
TRIAL_BENIGN_LANES = 64
TRIAL_BENIGN_MEMORY = 128
TRIAL_BENIGN_HEAP = 256
SIDE_ALIAS = 2

PACK_HEADER = struct.Struct("<IIQQIIIIQII")
PACK_PARAMETER = struct.Struct("<IIII")
PACK_CASE = struct.Struct("<IIII")
PACK_BUFFER = struct.Struct("<QQQII")
PACK_RUN = struct.Struct("<QQQ")
PACK_TRIAL = struct.Struct("<II")
PACK_PLACEMENT = struct.Struct("<II")
RECORD_HEADER = struct.Struct("<IIQIIQ")
HELLO_HEADER = struct.Struct("<II")
FACT = struct.Struct("<16sQ")
CASE_HEADER = struct.Struct("<II")
TRIAL_HEADER = struct.Struct("<IIQQqIHHQ16sIIII")
DAMAGE = struct.Struct("<IIqQ")
VIOLATION = struct.Struct("<16s48sQQ")
OUTPUT = struct.Struct("<IIQQ")
OUTPUT_RUN = struct.Struct("<QQ")
OUTPUT_RUN_LIMIT = 4096
BYE = struct.Struct("<II")
REGISTER = struct.Struct("<Q")
REGISTER_LIMIT = 16

ALIGNMENT_BYTES = 8


class RecordType(IntEnum):
    """Kinds of record in an observation."""

    HELLO = 1
    CASE = 2
    BYE = 3


class OutputForm(IntEnum):
    """How an output travels."""

    NONE = 0
    INLINE = 1
    SAME = 2
    RUNS = 3


class ContentsForm(IntEnum):
    """How the contents of a buffer travel."""

    NONE = 0
    BYTES = 1
    RUNS = 2
