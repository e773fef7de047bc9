"""Want of space and a tool's own failure are two things: trying to write shows which."""

from __future__ import annotations

import errno
import os
import resource
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from harness.backend import GuestCall
from harness.backend.host import HostBackend
from harness.backend.room import check_room, is_out_of_room, scratch_directory
from harness.errors import HarnessError, StorageError


def fails_with(number: int) -> OSError:
    return OSError(number, os.strerror(number))


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS])
def test_no_space_a_quota_and_a_limit_are_all_want_of_room(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, number: int
) -> None:
    def full(*_: int) -> None:
        raise fails_with(number)

    monkeypatch.setattr(os, "posix_fallocate", full)
    with pytest.raises(StorageError) as caught:
        check_room([tmp_path], "cc")
    assert str(caught.value) == f"{tmp_path}: {os.strerror(number)}: cc failed, and 16 MiB cannot be written there"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("number", [errno.EOPNOTSUPP, errno.EINVAL, errno.ENOENT])
def test_a_file_system_that_cannot_say_is_not_full(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, number: int
) -> None:
    def refuses(*_: int) -> None:
        raise fails_with(number)

    monkeypatch.setattr(os, "posix_fallocate", refuses)
    check_room([tmp_path], "cc")
    assert not is_out_of_room(fails_with(number))


def test_where_there_is_room_nothing_is_said_or_left(tmp_path: Path) -> None:
    check_room([tmp_path, tmp_path], "cc")
    assert list(tmp_path.iterdir()) == []


def test_where_nobody_may_write_no_tool_has_written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda *_: False)
    check_room([Path("/")], "cc")


def test_temporary_files_go_where_compilers_put_theirs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("TMPDIR", "TMP", "TEMP"):
        monkeypatch.delenv(name, raising=False)
    assert scratch_directory() == Path("/tmp")
    monkeypatch.setenv("TEMP", str(tmp_path))
    assert scratch_directory() == tmp_path
    monkeypatch.setenv("TMPDIR", str(tmp_path / "none"))
    assert scratch_directory() == tmp_path, "what is not there is passed over"
    (tmp_path / "one").mkdir()
    monkeypatch.setenv("TMPDIR", str(tmp_path / "one"))
    assert scratch_directory() == tmp_path / "one"


LIMITED = """
import sys, threading
from pathlib import Path
from harness.errors import HarnessError, StorageError
from harness.backend import GuestCall
from harness.backend.host import HostBackend
backend = HostBackend()
try:
    {action}
except StorageError as error:
    print("no room:", error)
backend.close()
"""
TOOL = """
    command = ("sh", "-c", "dd if=/dev/zero of=made bs=64k count=4; exit 1")
    print(backend.run_tools([command], Path.cwd(), 20, products=["made"])[0].status)
"""
GUEST = """
    with backend.open_slot(threading.Event()) as slot:
        print(slot.run(GuestCall(('sh',), Path(sys.argv[1]), b'pack', 10.0)).exit.status)
"""


def limited(tmp_path: Path, action: str, limit_bytes: int | None) -> str:
    """What a process says whose files may have so many bytes; the interpreter is not to leave any of its own."""
    (tmp_path / "guest.sh").write_text('dd if=/dev/zero of="$2" bs=64k count=4 2>/dev/null; exit 121\n')
    limits = (limit_bytes, limit_bytes) if limit_bytes else (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
    done = subprocess.run(
        [sys.executable, "-B", "-c", LIMITED.format(action=action), tmp_path / "guest.sh"],
        cwd=tmp_path,
        env={**os.environ, "TMPDIR": str(tmp_path)},
        stdout=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, limits),
    )
    return done.stdout


@pytest.mark.parametrize("action", [TOOL, GUEST], ids=["tool", "guest"])
def test_what_failed_under_a_limit_is_not_to_blame(tmp_path: Path, action: str) -> None:
    assert limited(tmp_path, action, 100_000).startswith(f"no room: {tmp_path}")


@pytest.mark.parametrize(("action", "status"), [(TOOL, "1"), (GUEST, "121")], ids=["tool", "guest"])
def test_what_failed_with_room_to_write_is(tmp_path: Path, action: str, status: str) -> None:
    assert limited(tmp_path, action, None) == f"{status}\n"


@pytest.mark.parametrize(
    ("number", "kind"), [(errno.ENOSPC, StorageError), (errno.EFBIG, StorageError), (errno.EISDIR, HarnessError)]
)
def test_a_guest_whose_files_have_no_place_is_not_started(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, number: int, kind: type[HarnessError]
) -> None:
    """What a kernel did to its directory is no want of room, and ends no run."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))

    def refuses(_self: Path, _contents: bytes) -> int:
        raise fails_with(number)

    backend = HostBackend()
    with backend.open_slot(threading.Event()) as slot:
        (directory,) = tmp_path.iterdir()
        with monkeypatch.context() as patched:
            patched.setattr(Path, "write_bytes", refuses)
            with pytest.raises(HarnessError, match=f"^{directory}: cannot write the guest's files: ") as caught:
                slot.run(GuestCall((), Path("/bin/true"), b"", 1.0))
        assert type(caught.value) is kind
    backend.close()
    assert list(tmp_path.iterdir()) == []
