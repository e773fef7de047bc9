"""The pytest plugin: kernels as test items, and a fixture for tests of one's own; docs/pytest.md shows how.

Nothing is imported, collected or run unless it is asked for: by an option of ours, by the ini option `harness`, or by
naming a manifest on the command line.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, Unpack

import pytest

from harness.errors import HarnessError
from harness.settings import Option, options_of

if TYPE_CHECKING:
    from harness.api import Options, Result
    from harness.pytest_plugin.items import Work

MANIFESTS = ("harness.toml", "pyproject.toml")
PREFIX = "--harness"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Derive our options from those of `harness run`; all but the widths have a prefix."""
    group = parser.getgroup("harness", "SIMD kernels (harness)")
    group.addoption(PREFIX, action="store_true", help="validate the kernels of harness.toml")
    for option in options_of("pytest"):
        action = "append" if option.is_list else "store"
        group.addoption(*flags_of(option), dest=_name(option), action=action, metavar=option.metavar, help=option.help)
    parser.addini("harness", "validate the kernels of harness.toml in every run", type="bool", default=False)


def flags_of(option: Option) -> list[str]:
    """Return how pytest calls an option."""
    return list(option.flags) if option.name == "svl" else [PREFIX + option.flags[0].removeprefix("-")]


def _name(option: Option) -> str:
    return f"harness_{option.name}"


def _given(config: pytest.Config) -> dict[str, Any]:
    """Return what was said on the command line, by the names of the Python API."""
    said = {("backend" if o.name == "in" else o.name): config.getoption(_name(o)) for o in options_of("pytest")}
    return {name: value for name, value in said.items() if value is not None}


def _is_active(config: pytest.Config) -> bool:
    return bool(config.getoption(PREFIX) or config.getini("harness") or _given(config))


_KEPT = pytest.StashKey["_Works"]()


class _Works:
    """The work of each manifest, which is planned once and held until the session ends."""

    def __init__(self) -> None:
        self.by_manifest: dict[Path, Work] = {}
        self.held = ExitStack()

    def of(self, manifest: Path, config: pytest.Config) -> Work:
        """Return the work of a manifest.

        Raises:
            HarnessError: it, a contract or an option is wrong.
        """
        from harness.pytest_plugin.items import plan_work

        if manifest not in self.by_manifest:
            self.by_manifest[manifest] = plan_work(manifest, _given(config), self.held)
        return self.by_manifest[manifest]


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker; where we are wanted and no files are named, see to it that the manifest is collected."""
    config.addinivalue_line("markers", "harness: a kernel of harness.toml, validated by harness")
    config.stash[_KEPT] = _Works()
    if not _is_active(config):
        return
    from harness.api import settings_for
    from harness.project import find_manifest

    try:
        settings_for((), _given(config))
    except HarnessError as error:
        raise pytest.UsageError(str(error)) from None
    manifest = find_manifest(config.invocation_params.dir)
    if manifest and config.args_source is not pytest.Config.ArgsSource.ARGS:
        roots = [(config.invocation_params.dir / argument).resolve() for argument in config.args]
        if not any(root in manifest.resolve().parents for root in roots):
            config.args.append(str(manifest))


def pytest_unconfigure(config: pytest.Config) -> None:
    """Give back the backend that kernels ran in."""
    if _KEPT in config.stash:
        config.stash[_KEPT].held.close()


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """With xdist, before a worker starts: the controller surveys the machine, and workers find what it remembers."""
    config: pytest.Config = node.config
    if config.stash[_KEPT].by_manifest or not (_is_active(config) or _names_manifest(config)):
        return
    for manifest in _manifests_among(config.args, config):
        with suppress(HarnessError):  # the workers tell
            config.stash[_KEPT].of(manifest, config)


def _names_manifest(config: pytest.Config) -> bool:
    return any(Path(argument.partition("::")[0]).name in MANIFESTS for argument in config.args)


def _manifests_among(arguments: Iterable[str], config: pytest.Config) -> Iterator[Path]:
    from harness.project import find_manifest

    for argument in arguments:
        path = config.invocation_params.dir / argument.partition("::")[0]
        if path.name in MANIFESTS and path.is_file():
            yield path
        elif _is_active(config) and path.is_dir():
            found = find_manifest(path)
            yield from [found] if found and found.parent == path else []


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Collect a manifest."""
    if file_path.name not in MANIFESTS or not (_is_active(parent.config) or parent.session.isinitpath(file_path)):
        return None
    from harness.project import find_manifest
    from harness.pytest_plugin.items import ManifestFile

    if find_manifest(file_path.parent) != file_path:  # a pyproject.toml without kernels, or beside a harness.toml
        return None
    manifest: ManifestFile = ManifestFile.from_parent(parent, path=file_path)
    manifest.works = parent.config.stash[_KEPT]
    return manifest


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show what an item of ours says of its failure, in whatever phase, instead of a traceback through us."""
    report = yield
    message = getattr(item, "failure", "")
    if report.failed and message and item.get_closest_marker("harness"):
        report.longrepr = message
    return report


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> None:
    """Drop an op's inputs and expectations when another's turn comes: those of long rows take much memory."""
    if item.get_closest_marker("harness"):
        from harness.pytest_plugin.items import forget

        forget(item, nextitem)


class ValidateKernel(Protocol):
    """What the fixture is: `harness.run`, failing the test unless everything passed."""

    def __call__(self, *kernels: str, **options: Unpack[Options]) -> Result:
        """Validate kernels, given by id or glob; see harness.run for options and errors."""


@pytest.fixture
def validate_kernel(request: pytest.FixtureRequest) -> ValidateKernel:
    """`validate_kernel("rms_norm_f32/sve", svl=[256])` runs kernels and fails unless everything passed.

    The manifest is the one found upwards from the test's file, unless `config` names another. Returns harness.Result.
    """

    def validate(*kernels: str, **options: Unpack[Options]) -> Result:
        __tracebackhide__ = True
        import harness
        from harness.project import find_manifest

        if options.get("config") is None:
            options["config"] = find_manifest(request.path.parent)
        try:
            result = harness.run(kernels, **options)
        except HarnessError as error:
            pytest.fail(str(error), pytrace=False)
        if not result.has_passed:
            pytest.fail(f"exit code {result.exit_code.value}\n\n{result.table()}", pytrace=False)
        return result

    return validate
