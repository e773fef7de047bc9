"""`python -m harness`: the same program as the console script, straight from a checkout too."""

import sys

from harness.cli import main

sys.exit(main())
