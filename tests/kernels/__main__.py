"""Writes the manifests of the test kernels: `python -m tests.kernels DIR`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from harness.errors import HarnessError
from tests.kernels import FOLDERS, ROOT, kernels_in, write_manifest


def main() -> int:
    """Write DIR/must_fail/harness.toml and its like, and say where."""
    parser = argparse.ArgumentParser(prog="python -m tests.kernels", description=__doc__)
    parser.add_argument("directory", type=Path, metavar="DIR", help="where the manifests go, in a folder each")
    directory = parser.parse_args().directory
    try:
        for name in FOLDERS:
            kernels = kernels_in(ROOT / name)
            print(f"{write_manifest(kernels, directory / name)}: {len(kernels)} kernels")
    except (HarnessError, OSError) as error:
        print(f"{parser.prog}: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
