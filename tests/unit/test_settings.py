"""The option table: what the documentation promises is what the parser takes, and the other way round."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from harness.cli import make_parser
from harness.errors import UsageError
from harness.settings import OPTIONS, Settings, options_of, read_settings

DOCUMENT = (Path(__file__).parents[2] / "docs" / "command-line.md").read_text()


def settings(*arguments: str, **environment: str) -> Settings:
    return read_settings(make_parser().parse_args(["run", *arguments]), environment)


def test_the_synopsis_names_every_option_and_no_other() -> None:
    synopsis = re.search(r"(?ms)^    harness run.*?^    harness list.*?$", DOCUMENT)
    assert synopsis
    promised = set(re.findall(r"[\[|](--?[a-z-]+)", synopsis[0])) | {"--vl"}
    assert promised == {flag for option in OPTIONS for flag in option.flags}
    for verb in ("replay", "report", "merge"):
        line = re.search(rf"(?m)^    harness {verb} .*$", DOCUMENT)
        assert line
        assert set(re.findall(r"[\[|](--?[a-z-]+)", line[0])) == {f for o in options_of(verb) for f in o.flags}
    verbs = re.findall(r"harness ((?:\w+ \| )+)", synopsis[0])[0].split(" | ")
    assert set(filter(None, verbs)) == {"list", "doctor", "clean"}


def test_the_table_explains_every_option() -> None:
    explained = set(re.findall(r"`(--?[a-z-]+)`", DOCUMENT.split("| exit code")[0]))
    assert {flag for option in OPTIONS for flag in option.flags} <= explained


def test_lists_are_separated_by_commas_and_add_up() -> None:
    assert settings("--svl", "128,256", "--vl", "512").selection.vector_bits == (128, 256, 512)
    assert settings("--case", "a/b", "--case", "c/d,e/f").selection.cases == ("a/b", "c/d", "e/f")


def test_all_widths_are_not_named_ones() -> None:
    assert settings("--svl", "all").selection.vector_bits == ()
    assert not settings("--svl", "all").selection.vector_bits_named
    assert settings("--svl", "256").selection.vector_bits_named
    assert settings().selection.vector_bits == (128, 256, 512)
    assert not settings().selection.vector_bits_named


def test_the_environment_sets_what_the_command_line_does_not() -> None:
    assert settings(HARNESS_SVL="512", HARNESS_SEED="3").selection.vector_bits == (512,)
    assert settings("--svl", "128", HARNESS_SVL="512").selection.vector_bits == (128,)
    assert settings(HARNESS_QUIET="1").reports.quiet
    assert not settings(HARNESS_QUIET="0").reports.quiet


@pytest.mark.parametrize(
    ("variable", "text", "message"),
    [
        ("HARNESS_SEED", "x", "HARNESS_SEED=x: expected an integer"),
        ("HARNESS_SVL", "128,abc", "HARNESS_SVL=128,abc: expected a vector length in bits, or all"),
        ("HARNESS_OPT", "O7", "HARNESS_OPT=O7: expected one of O0, O1, O2, O3, Os"),
        ("HARNESS_DRY_RUN", "maybe", "HARNESS_DRY_RUN=maybe: expected one of 1, yes, true, on, 0, no, false, off"),
    ],
)
def test_a_bad_value_of_a_variable_is_refused_by_its_name(variable: str, text: str, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        settings(**{variable: text})
    assert str(caught.value).startswith(message)
    assert "--" not in str(caught.value)


def test_a_bad_value_of_an_option_is_refused_by_its_flag() -> None:
    with pytest.raises(UsageError, match=r"^--svl abc: expected"):
        settings("--svl", "abc", HARNESS_SVL="def")


def test_an_empty_variable_sets_nothing() -> None:
    assert settings(HARNESS_CONFIG="", HARNESS_EMULATOR="", HARNESS_QUIET="") == settings()


@pytest.mark.parametrize(
    ("variable", "meant"),
    [
        ("HARNESS_SLV", "HARNESS_SVL"),
        ("HARNESS_VL", "HARNESS_SVL"),
        ("HARNESS_V", "HARNESS_VERBOSE"),
        ("HARNESS_TARGETS", "HARNESS_TARGET"),
        ("HARNESS_CONF", "HARNESS_CONFIG"),
        ("HARNESS_LASTFAILED", "HARNESS_LAST_FAILED"),
    ],
)
def test_a_misspelt_variable_is_refused(variable: str, meant: str) -> None:
    with pytest.raises(UsageError, match=f"^{variable}: no option is set by it; did you mean {meant}\\?$"):
        settings(**{variable: "1"})


@pytest.mark.parametrize(
    "name", ["BUILD_ID", "CACHE", "STAGE", "STATUS", "ID", "CI", "ORG_ID", "PACKAGE", "ACCOUNT_ID"]
)
def test_a_variable_of_another_program_is_none_of_ours(name: str) -> None:
    assert settings(**{f"HARNESS_{name}": "x"}) == settings()


def test_files_are_one_kernel_and_ids_are_not() -> None:
    kernel_files = settings("a.c", "b.S", "--op", "dot_f32", "--symbol", "f").kernel_files
    assert kernel_files
    assert (kernel_files.sources, kernel_files.op, kernel_files.symbol, kernel_files.isa) == (
        (Path("a.c"), Path("b.S")),
        "dot_f32",
        "f",
        "",
    )
    assert settings("dot_f32/sve").kernel_files is None
    assert settings("dot_f32/sve").selection.kernels == ("dot_f32/sve",)


def test_a_file_that_is_named_twice_counts_once(tmp_path: Path) -> None:
    (tmp_path / "link.c").symlink_to("a.c")
    kernel_files = settings(
        *(str(tmp_path / name) for name in ("a.c", "b.c", "../" + tmp_path.name + "/a.c", "link.c"))
    ).kernel_files
    assert kernel_files
    assert kernel_files.sources == (tmp_path / "a.c", tmp_path / "b.c")


def test_files_and_kernels_do_not_mix(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"'dot_f32/sve' is no file and 'a\.c' a file"):
        settings("a.c", "dot_f32/sve")
    with pytest.raises(UsageError, match=r"is a directory and 'a\.c' a file"):
        settings("a.c", str(tmp_path))
    with pytest.raises(UsageError, match="--isa says what the files of a kernel hold; name them: harness run FILE"):
        settings("dot_f32/sve", "--isa", "sve")


def test_standard_output_has_room_for_one_report() -> None:
    assert settings("--json", "-", "--html", "page.html").reports.on_stdout == ("json",)
    assert settings("--json", "j").reports.on_stdout == ()
    with pytest.raises(UsageError, match=r"^--json - and --markdown -: standard output has room for one"):
        settings("--markdown", "-", "--json", "-")
