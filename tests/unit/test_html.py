"""The HTML report as text: complete in itself, below its limit, and deaf to what is said in it."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from harness.report.formats import html
from harness.report.formats.html.kernels import kernels_of
from tests.unit import sample_runs

LIMIT_BYTES = 5_000_000


class Page(HTMLParser):
    """Tags, attributes and the contents of scripts."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.scripts: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs

    def handle_data(self, data: str) -> None:
        if self.tags and self.tags[-1] == "script" and data.strip():
            self.scripts.append(data)


@pytest.mark.parametrize("text", sample_runs.NASTY, ids=lambda text: ascii(text)[:20])
def test_nothing_that_is_said_becomes_markup(text: str) -> None:
    plain, nasty = (Page(html.render(sample_runs.nasty_run(said))) for said in ("plain", text))
    assert nasty.tags == plain.tags
    assert [name for name, _ in nasty.attributes] == [name for name, _ in plain.attributes]
    assert len(nasty.scripts) == len(plain.scripts) == 2
    assert nasty.scripts[1] == plain.scripts[1]
    json.loads(nasty.scripts[0])
    assert not set("<>&") & set(nasty.scripts[0])  # "<!-- <script" would swallow the end of the element, too
    assert not any(name.startswith("on") for name, _ in nasty.attributes)


def test_the_page_reaches_for_nothing_outside() -> None:
    text = html.render(sample_runs.run([*sample_runs.many(500), sample_runs.absent()]))
    page = Page(text)
    assert not {"link", "img", "iframe", "object"} & set(page.tags)
    assert {value[0] for name, value in page.attributes if name == "href" and value} == {"#"}
    assert "src" not in {name for name, _ in page.attributes}
    assert "default-src 'none'" in text
    assert "url(" not in text
    assert "@import" not in text


@pytest.mark.parametrize(
    "verdicts", [sample_runs.many(50_000), sample_runs.many(50_000, kernels=500)], ids=["10", "500"]
)
def test_fifty_thousand_verdicts_stay_below_the_limit(verdicts: list[Any]) -> None:
    assert len(html.render(sample_runs.run(verdicts)).encode()) < LIMIT_BYTES


def test_names_without_end_stay_below_the_limit_and_what_is_left_out_is_told() -> None:
    verdicts = [sample_runs.passed(f"{n}{'<&漢' * 100}", kernel=f"{n}{'&' * 300}") for n in range(20_000)]
    verdicts += [sample_runs.failed(f"{'<' * 5000}", kernel=f"f{n}{'&' * 300}") for n in range(500)]
    text = html.render(sample_runs.run(verdicts, notes=["&" * 3000] * 500))
    assert len(text.encode()) < LIMIT_BYTES
    (left_out,) = re.findall(r"(\d+) cases that passed do not fit", text)
    data = json.loads(Page(text).scripts[0])
    assert data["count"] + int(left_out) == len(verdicts)
    assert sum(data["names"]["outcome"][number] == "MISMATCH" for number in data["rows"]["outcome"]) == 500


def test_heat_without_end_stays_below_the_limit_and_what_is_not_drawn_is_told() -> None:
    places = [(k, t, bits, n) for k in range(70) for t in range(4) for bits in (128, 256, 512) for n in range(30)]
    verdicts = [
        replace(
            sample_runs.failed("<&" * 400) if n % 2 else sample_runs.passed(),
            kernel=f"k{k}{'&' * 300}",
            target=f"t{t}{'<' * 100}",
            vector_bits=bits,
            case=f"{k}-{t}-{bits}-{n}{'<&漢' * 100}",
            sizes=(("len", 1 << n),),
        )
        for k, t, bits, n in places
    ]
    text = html.render(sample_runs.run(verdicts, notes=["&" * 3000] * 500))
    assert len(text.encode()) < LIMIT_BYTES
    (left_out,) = re.findall(r"(\d+) more kernels are not drawn", text)
    assert int(left_out) + text.count('<section class="kernel"') == 70


def test_heat_has_a_cell_for_every_width_and_size_and_leads_to_the_failure() -> None:
    failing = replace(sample_runs.failed("bad", case="len100", sizes=(("len", 100),)), vector_bits=512)
    verdicts = [sample_runs.passed(), sample_runs.passed("len100", 100), failing]
    (kernel,) = kernels_of(verdicts, ["sum_f32/sve"], {2: 7})
    assert kernel["bins"] == ["32", "64"]
    cells = {row["label"]: [(c["colour"], c["text"], c["failure"]) for c in row["cells"]] for row in kernel["heat"]}
    assert cells == {"256": [("c3", "75", None), ("c3", "75", None)], "512": [("", "", None), ("cf", "✗", 7)]}


def test_the_tolerance_is_a_line_and_what_passed_above_it_has_a_stem_to_its_own() -> None:
    def case(size: int, tolerance_ulp: float, headroom: float) -> Any:
        verdict = sample_runs.passed(f"len{size}-{tolerance_ulp}", size)
        return replace(verdict, finding=replace(verdict.finding, tolerance_ulp=tolerance_ulp, headroom=headroom))

    def drawn(*verdicts: Any) -> str:
        (kernel,) = kernels_of(verdicts, ["sum_f32/sve"], {})
        return str(kernel["plots"][1]["svg"])

    tight = (case(8, 4.0, 0.9), case(64, 8.0, 0.9), case(64, 500.0, 0.99))
    assert 'class="stem"' not in drawn(*tight)
    (points,) = re.findall(r'class="limit" points="([^"]+)"', drawn(*tight))
    assert len(points.split()) == 2
    assert drawn(*tight, case(64, 1000.0, 0.5)).count('class="stem"') == 1


def test_without_jinja2_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch, harness: Any, tmp_path: Path) -> None:
    (tmp_path / "jinja2.py").write_text("raise ImportError")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    done = harness("run", "rms_norm_f32/scalar", "--html", "x.html")
    assert done.returncode == 5
    assert done.stderr == "harness: HTML needs Jinja2: pip install jinja2\n"
