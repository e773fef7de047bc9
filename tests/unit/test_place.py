"""Where tools and guests run: what can be said without an engine."""

from __future__ import annotations

import re
import socket
import struct
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from harness.errors import UsageError
from harness.place import supervisor
from harness.place.image import Installed, tag_of
from harness.place.sources import closure, topmost
from harness.place.supervisor import FRAME, REPLY, ContainerLostError, ReplyKind, Supervisor

ROOT = Path(__file__).parents[2]
CHANNEL = (ROOT / "docker" / "supervisor" / "channel.h").read_text()
Said = Callable[..., Supervisor]
C_SIZES = {"uint32_t": 4, "uint64_t": 8}


@pytest.mark.parametrize("name", ["request", "run", "reply", "result"])
def test_structures_have_the_layout_of_the_other_end(name: str) -> None:
    body = re.search(rf"struct {name} {{(.*?)}};", CHANNEL, re.S)
    assert body
    sizes = [C_SIZES[kind] for kind in re.findall(r"\b(uint(?:32|64)_t) \w+;", body[1])]
    layout: struct.Struct = getattr(supervisor, name.upper())
    assert layout.format == "<" + "".join("I" if size == 4 else "Q" for size in sizes)
    assert layout.size == sum(sizes)


@pytest.mark.parametrize(("enum", "kinds"), [("REQUEST", supervisor.RequestKind), ("REPLY", ReplyKind)])
def test_kinds_have_the_numbers_of_the_other_end(enum: str, kinds: type[ReplyKind]) -> None:
    found = {name: int(number) for name, number in re.findall(rf"\b{enum}_(\w+) = (\d+)", CHANNEL)}
    assert found == {kind.name: kind.value for kind in kinds}


@pytest.fixture
def said() -> Iterator[Said]:
    """A supervisor that has said this, in the engine's frames, and hung up: `said(piece, ...)`."""
    ours, theirs = socket.socketpair()

    def say(*pieces: bytes) -> Supervisor:
        ours.settimeout(5)
        for piece in pieces:
            theirs.sendall(FRAME.pack(1, len(piece)) + piece)
        theirs.shutdown(socket.SHUT_WR)
        return Supervisor(ours)

    yield say
    ours.close()
    theirs.close()


def test_replies_are_put_together_from_pieces(said: Said) -> None:
    reply = REPLY.pack(ReplyKind.DONE, 0, 5) + b"hello"
    assert said(reply[:3], reply[3:18], reply[18:]).get("/job/observation") == b"hello"


def test_signs_of_life_are_not_answers(said: Said) -> None:
    assert said(REPLY.pack(ReplyKind.ALIVE, 0, 0), REPLY.pack(ReplyKind.DONE, 0, 1) + b"x").get("/x") == b"x"


def test_an_error_is_the_one_that_the_supervisor_met(said: Said) -> None:
    with pytest.raises(FileNotFoundError) as caught:
        said(REPLY.pack(ReplyKind.DONE, 2, 0)).get("/job/observation")
    assert caught.value.filename == "/job/observation"


def test_half_an_answer_is_a_lost_container(said: Said) -> None:
    with pytest.raises(ContainerLostError):
        said(REPLY.pack(ReplyKind.DONE, 0, 5) + b"hel").get("/x")


def test_a_name_for_each_state_of_the_image_directory(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text("FROM a\n")
    names = {tag_of(tmp_path)}
    (tmp_path / "Dockerfile").write_text("FROM b\n")
    names.add(tag_of(tmp_path))
    (tmp_path / "Dockerfile").rename(tmp_path / "dockerfile")
    names.add(tag_of(tmp_path))
    assert len(names) == 3
    assert tag_of(tmp_path) in names


def test_what_an_image_has_is_read_back() -> None:
    text = "archive trixie 20260912T075541Z\npackage gcc-14 14.2.0-19\nprogram /usr/bin/qemu-aarch64\n"
    installed = Installed(text)
    assert installed.archives == {"trixie": "20260912T075541Z"}
    assert installed.packages == {"gcc-14": "14.2.0-19"}
    assert installed.programs == {"qemu-aarch64": "/usr/bin/qemu-aarch64"}


def test_sources_bring_what_they_include(tmp_path: Path) -> None:
    for name, text in {
        "src/kernel.c": '#include "../include/a.h"\n  # include "near.h"\n#include <math.h>\n',
        "src/beside.h": "",
        "src/notes.txt": "",
        "src/near.h": '__asm__(".incbin \\"table.bin\\"");\n',
        "src/table.bin": "",
        "include/a.h": '#include "deep/b.h"\n',
        "include/deep/b.h": '#include "missing.h"\n',
        "include/unused.h": "",
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    found = {str(path.relative_to(tmp_path)) for path in closure([tmp_path / "src" / "kernel.c"])}
    assert found == {
        "src/kernel.c",
        "src/beside.h",
        "src/near.h",
        "src/table.bin",
        "include/a.h",
        "include/deep/b.h",
    }


def test_directories_below_others_are_not_mounted_twice() -> None:
    paths = [Path(name) for name in ("/home/me/p/src", "/home/me/p", "/home/me/p2", "/tmp")]
    assert topmost(paths) == [Path("/home/me/p"), Path("/home/me/p2"), Path("/tmp")]


@pytest.mark.parametrize("name", ["/", "/usr/lib", "/etc"])
def test_the_compilers_own_directories_are_not_covered(name: str) -> None:
    with pytest.raises(UsageError, match="move them elsewhere"):
        topmost([Path("/home/me"), Path(name)])
