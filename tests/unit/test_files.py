"""Files are replaced in one step, by threads side by side, and say plainly when they cannot be."""

from __future__ import annotations

import errno
import os
import stat
import threading
from pathlib import Path

import pytest

from harness.errors import StorageError
from harness.storage.files import replace_file


def test_it_replaces_and_leaves_nothing_beside(tmp_path: Path) -> None:
    path = tmp_path / "below" / "record.json"
    replace_file(path, "old")
    replace_file(path, "new")
    assert path.read_text() == "new"
    assert list(path.parent.iterdir()) == [path]


def test_the_processs_mask_is_neither_changed_nor_ignored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Asking for it sets it: a file that another thread makes in that moment would be open to everybody."""
    before = os.umask(0o027)
    try:
        with monkeypatch.context() as patched:
            patched.setattr(os, "umask", lambda _mask: pytest.fail("it set the mask"))
            replace_file(tmp_path / "file", "text")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "file").stat().st_mode) == 0o640


def test_threads_replace_the_same_file(tmp_path: Path) -> None:
    path = tmp_path / "file"
    texts = [letter * 20_000 for letter in "abcd"]

    def keep_writing(text: str) -> None:
        for _ in range(50):
            replace_file(path, text)

    threads = [threading.Thread(target=keep_writing, args=[text]) for text in texts]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        assert not path.exists() or path.read_text() in texts
    assert [entry.name for entry in tmp_path.iterdir()] == ["file"]


def test_what_cannot_be_written_leaves_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "file"
    path.write_text("old")

    def full(_self: Path, _target: Path) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(StorageError, match=f"^{path}: cannot write it: No space left on device$"):
        replace_file(path, "new")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_what_is_no_file_is_written_to_or_says_why_not(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match=r"/dev/full: cannot write it: No space left on device"):
        replace_file(Path("/dev/full"), "text")
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match="file/below: cannot write it: "):
        replace_file(tmp_path / "file" / "below", "text")
