"""Jobs for continuous integration."""

from __future__ import annotations

PLACEHOLDER = "OWNER/harness@COMMIT"
_GITHUB = """\
# Validates the kernels of {manifest} at every vector length. From `harness init`.
name: harness
on: [push, pull_request]
permissions:
  contents: read
jobs:
  kernels:
    runs-on: ubuntu-24.04
    steps:
      - uses: actions/checkout@v4
{build}      - uses: {action}{hint}
        with:
          config: {manifest}
          svl: 128,256,512 # or all
          in: docker # brings compilers and emulators along; host takes what the job has installed
"""
_GITLAB = """
# ---- the job of this project ---------------------------------------------------------------------------------------

harness:
  extends: .harness
  variables:
    HARNESS_CONFIG: {manifest}
    HARNESS_PACKAGE: "{package}"{hint}
"""


def github_job(manifest: str, action: str, build: str = "") -> str:
    """Write a workflow.

    Args:
        manifest: its path in the repository.
        action: OWNER/REPOSITORY@COMMIT of the harness; empty where that is not known.
        build: a command that has to run before.
    """
    hint = "" if action else " # TODO: where the harness is"
    step = f"      - run: {build}\n" if build else ""
    return _GITHUB.format(manifest=manifest, action=action or PLACEHOLDER, hint=hint, build=step)


def gitlab_job(template: str, manifest: str, package: str) -> str:
    """Write a pipeline: the template and a job that extends it.

    Args:
        template: the text of docs/validate.gitlab-ci.yml.
        manifest: its path in the repository.
        package: what pip installs; empty where that is not known.
    """
    hint = "" if package else " # TODO: where it is; the registry has another project of this name"
    return template + _GITLAB.format(manifest=manifest, package=package or "harness[html] @ git+https://...", hint=hint)


def action_of(url: str, commit: str) -> str:
    """Return OWNER/REPOSITORY@COMMIT of a clone's URL at GitHub; empty for any other."""
    for start in ("https://github.com/", "ssh://git@github.com/", "git@github.com:"):
        if url.startswith(start):
            return f"{url.removeprefix(start).removesuffix('.git').strip('/')}@{commit}"
    return ""
