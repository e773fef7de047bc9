"""The HTML report in a browser: Debian's Chromium, driven by Playwright."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import pytest

from harness.report.formats import html
from tests.unit import sample_runs

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

CHROMIUM = shutil.which("chromium")
Scheme = Literal["light", "dark"]
SCHEMES: tuple[Scheme, ...] = ("light", "dark")
NARROW_PX, WIDE_PX = 400, 1200
OPENS_WITHIN_MS = 2000
MANY = 50_000
TOTAL = MANY + 3 * len(sample_runs.NASTY)
FAILED = len(range(0, MANY, 997)) + len(sample_runs.NASTY)

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield started
        started.close()


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Fifty thousand verdicts, with everything that can be said in a few of them."""
    verdicts = sample_runs.many(MANY)
    for text in sample_runs.NASTY:
        verdicts += [replace(verdict, vector_bits=512) for verdict in sample_runs.nasty(text)]
    path = tmp_path_factory.mktemp("page") / "page.html"
    path.write_text(html.render(sample_runs.run(verdicts, notes=list(sample_runs.NASTY))), encoding="utf-8")
    return path


@pytest.fixture
def page(browser: Browser, file: Path) -> Iterator[Page]:
    """The page, opened; at the end there must be no complaint of the browser's."""
    page = browser.new_page(viewport={"width": WIDE_PX, "height": 900})
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("dialog", lambda dialog: said.append(dialog.message))
    page.on("request", lambda request: said.append(request.url) if not request.url.startswith("file:") else None)
    page.goto(file.as_uri())
    page.wait_for_selector("#case-rows tr")
    yield page
    page.close()
    assert said == []


def test_it_opens_in_time(browser: Browser, file: Path) -> None:
    assert file.stat().st_size < 5_000_000
    taken_ms = []
    for _ in range(3):
        page = browser.new_page()
        page.goto(file.as_uri())
        page.wait_for_selector("#case-rows tr")
        taken_ms.append(page.evaluate("performance.getEntriesByType('navigation')[0].loadEventEnd"))
        page.close()
    assert min(taken_ms) < OPENS_WITHIN_MS


def test_filters_and_search_let_through_what_they_say(page: Page) -> None:
    from playwright.sync_api import expect

    count, rows = page.locator("#count"), page.locator("#case-rows tr")
    expect(count).to_have_text(f"{TOTAL} of {TOTAL} cases, 1 to 100 shown")
    page.select_option("#f-outcome", label="MISMATCH")
    expect(count).to_have_text(f"{FAILED} of {TOTAL} cases, 1 to {FAILED} shown")
    assert set(page.locator("#case-rows td:first-child").all_inner_texts()) == {"MISMATCH"}
    page.select_option("#f-kernel", label="op3_f32/sve")
    expect(rows).to_have_count(5)
    assert set(page.locator("#case-rows td:nth-child(2)").all_inner_texts()) == {"op3_f32/sve"}
    page.click("button[type=reset]")
    expect(count).to_have_text(f"{TOTAL} of {TOTAL} cases, 1 to 100 shown")
    page.fill("#q", "LEN42 op7 2048")
    expect(count).to_contain_text(f"11 of {TOTAL}")
    assert all("op7_f32/sve" in text and "len42" in text for text in rows.all_inner_texts())
    page.fill("#q", "no such thing")
    expect(count).to_have_text(f"0 of {TOTAL} cases")


def test_pages_follow_one_another(page: Page) -> None:
    assert page.is_disabled("#previous")
    page.click("#next")
    assert page.inner_text("#count") == f"{TOTAL} of {TOTAL} cases, 101 to 200 shown"
    page.click("#previous")
    assert page.inner_text("#count") == f"{TOTAL} of {TOTAL} cases, 1 to 100 shown"


@pytest.mark.parametrize("link", ["#summary td a", ".heat td a", "#case-rows td a"])
def test_links_lead_to_a_failing_case(page: Page, link: str) -> None:
    target = page.locator(link).first.get_attribute("href")
    page.locator(link).first.click()
    assert target
    article = page.locator(target)
    assert "MISMATCH" in article.inner_text()
    assert article.evaluate("a => { const r = a.getBoundingClientRect(); return r.top < innerHeight && r.bottom > 0; }")
    assert article.locator("svg.lanes rect.worst").count() == 1


def test_what_a_link_leads_to_is_unfolded(page: Page) -> None:
    page.select_option("#f-outcome", label="MISMATCH")
    folded = page.locator("details.more article").first
    assert not folded.is_visible()
    page.locator(f"#case-rows a[href='#{folded.get_attribute('id')}']").click()
    assert folded.is_visible()


def test_a_failing_cell_without_a_place_of_its_own_leads_to_its_cases(page: Page) -> None:
    from playwright.sync_api import expect

    page.fill("#q", "something else")
    page.evaluate("""() => {
      const link = document.querySelector('[data-kernel="op3_f32/sve"] [data-bits="512"] td a');
      link.className = 'only';
      link.href = '#cases'; }""")
    page.locator('[data-kernel="op3_f32/sve"] [data-bits="512"] td a.only').first.click()
    expect(page.locator("#count")).to_contain_text(f"1000 of {TOTAL} cases")
    assert page.locator("#case-rows td:first-child").first.inner_text() == "MISMATCH"
    assert page.is_visible("#case-table")


@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_narrow_window_needs_no_horizontal_scrolling(page: Page, scheme: Scheme) -> None:
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": NARROW_PX, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= NARROW_PX
    inner = "[...document.querySelectorAll('*')].filter(e => getComputedStyle(e).overflowX === 'auto').length"
    assert page.evaluate(inner) == 0


def test_text_can_be_read_in_both_schemes(page: Page) -> None:
    ratio = """selector => {
      const light = c => { const v = c.match(/[\\d.]+/g).slice(0, 3).map(x => x / 255)
        .map(x => x <= .04045 ? x / 12.92 : ((x + .055) / 1.055) ** 2.4);
        return .2126 * v[0] + .7152 * v[1] + .0722 * v[2]; };
      const element = document.querySelector(selector);
      let under = element;
      while (getComputedStyle(under).backgroundColor === 'rgba(0, 0, 0, 0)') under = under.parentElement;
      const [a, b] = [getComputedStyle(element).color, getComputedStyle(under).backgroundColor].map(light);
      return (Math.max(a, b) + .05) / (Math.min(a, b) + .05); }"""
    for scheme in SCHEMES:
        page.emulate_media(color_scheme=scheme)
        for selector in (
            "p",
            "dt",
            "main a",
            "td.c3",
            "td.cf",
            ".legend .c0",
            ".legend .c1",
            ".legend .c2",
            ".outcome",
        ):
            assert page.evaluate(ratio, selector) >= 4.5, (scheme, selector)


def test_the_keyboard_reaches_everything_and_readers_are_told(page: Page) -> None:
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the cases"
    page.focus("#q")
    for name in ("outcome", "kernel", "target", "bits", "suite"):
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.id") == f"f-{name}"
    unnamed = (
        "[...document.querySelectorAll('svg, select, input')].filter(e => !(e.ariaLabel || e.labels?.length)).length"
    )
    assert page.evaluate(unnamed) == 0
    assert page.evaluate("document.querySelectorAll('main, header, nav, [role=status]').length") == 4


def test_on_paper_there_are_no_controls(page: Page) -> None:
    page.emulate_media(media="print")
    assert not page.is_visible("#filters")
    assert page.is_visible("#failures")
    assert page.pdf(format="A4").startswith(b"%PDF")
