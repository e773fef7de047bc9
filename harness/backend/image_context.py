"""What an image is made of: the directory of the Dockerfile, and the tarball of Intel SDE that a user may bring."""

from __future__ import annotations

import hashlib
import os
import re
import tarfile
import tempfile
from collections.abc import Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import IO, TYPE_CHECKING

from harness.errors import UnavailableError

if TYPE_CHECKING:
    from collections.abc import Iterator

REPOSITORY = "harness"
SDE_TARBALL = "SDE_TARBALL"
"""Of the environment: where the tarball is."""
_SDE_NAME = "sde.tar.xz"
"""In the context of the build."""
_SDE_RELEASES = "sde_releases"


@dataclass(frozen=True)
class Recipe:
    """What is sent to the engine when an image is built."""

    directory: Path
    sde: Path | None = None

    @cached_property
    def tag(self) -> str:
        """The name of the image that comes of it: another one after every change."""
        digest = hashlib.sha256()
        for path in sorted(path for path in self.directory.rglob("*") if path.is_file()):
            contents = path.read_bytes()
            digest.update(f"{path.relative_to(self.directory)}\0{len(contents)}\0".encode() + contents)
        if self.sde:
            digest.update(_sha256(self.sde).encode())
        return f"{REPOSITORY}:{digest.hexdigest()[:16]}"

    @property
    def arguments(self) -> Mapping[str, str]:
        """The build arguments that go with it."""
        return {"SDE": _SDE_NAME} if self.sde else {}

    @contextmanager
    def context(self) -> Iterator[IO[bytes]]:
        """Give a tar archive of it all."""
        with tempfile.TemporaryFile() as made:
            with tarfile.open(fileobj=made, mode="w") as archive:
                archive.add(self.directory, ".")
                if self.sde:
                    archive.add(self.sde.resolve(), _SDE_NAME)
            made.seek(0)
            yield made


def find_recipe(directory: Path) -> Recipe:
    """Return the recipe for a directory and for what the environment names.

    Raises:
        UnavailableError: the tarball is not there, or none that is known.
    """
    named = os.environ.get(SDE_TARBALL)
    if not named:
        return Recipe(directory)
    tarball = Path(named).expanduser()
    try:
        digest = _sha256(tarball)
    except OSError as error:
        raise UnavailableError(f"--in docker: {SDE_TARBALL}: {tarball}: {error.strerror}") from None
    releases = directory / _SDE_RELEASES
    if not re.search(rf"(?m)^{digest}  ", releases.read_text(encoding="utf-8")):
        raise UnavailableError(
            f"--in docker: {SDE_TARBALL}: {tarball} is no release that {releases} lists; its sha256 is {digest}"
        )
    return Recipe(directory, tarball)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
