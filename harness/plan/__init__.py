"""What to run: project x selection x capabilities -> jobs, and what will not run and why. Pure."""

from harness.plan.cases import make_cases
from harness.plan.circumstances import circumstances
from harness.plan.jobs import make_plan
from harness.plan.narrowing import points_left_out
from harness.plan.points import select, select_kernels
from harness.plan.reproduction import reproducer
from harness.plan.shards import Share, digest, share_of

__all__ = [
    "Share",
    "circumstances",
    "digest",
    "make_cases",
    "make_plan",
    "points_left_out",
    "reproducer",
    "select",
    "select_kernels",
    "share_of",
]
