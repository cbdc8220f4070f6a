"""The pages in a real browser: nothing of the strict policy is broken, nothing scrolls sideways, keys and htmx work."""

from __future__ import annotations

import os
import shutil
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright
from waitress.server import create_server

from crm.domain.actors import Role
from crm.services import accounts
from tests.factories.actors import CLI
from tests.factories.leads import named, team
from tests.functional.conftest import PASSWORD, Api

pytestmark = pytest.mark.chromium

NAMES = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip
DESK, PHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 844}
PAGES = {
    "dispatcher": ("BUREAU", ("/queue", "/projects", "/confirmations", "/search?q=", "/parks", "/overview")),
    "reporter": ("AG-BJ", ("/leads/new", "/leads", "/search?q=")),
    "district": ("KETD", ("/district", "/projects")),
    "admin": ("BUREAU", ("/admin",)),
}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    path = next((found for name in NAMES if (found := shutil.which(name))), None)
    if path is None:
        if "chromium" in os.environ.get("CRM_REQUIRE", "").split(","):
            pytest.fail("CRM_REQUIRE 要求 chromium，而本机没有")
        pytest.skip("没有 Chromium")
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        yield opened
        opened.close()


@dataclass(frozen=True, slots=True)
class Site:
    """A served application and the browser that looks at it."""

    address: str
    browser: Browser
    api: Api
    complaints: list[str]

    def open_as(self, role: str, viewport: dict[str, int]) -> Page:
        """A page of somebody signed in through the form."""
        email = f"{role}-{viewport['width']}@demo.invalid"
        organisation = PAGES[role][0]
        accounts.create_user(
            self.api.city.tools, CLI, email=email, organisation=organisation, role=Role(role), password=PASSWORD
        )
        page = self.browser.new_context(viewport=viewport, locale="zh-CN").new_page()  # type: ignore[arg-type]
        page.on(
            "console", lambda line: self.complaints.append(f"{page.url} {line.text}") if line.type == "error" else None
        )
        page.goto(f"{self.address}/sign-in")
        page.fill("[name=email]", email)
        page.fill("[name=password]", PASSWORD)
        page.press("[name=password]", "Enter")
        page.wait_for_url(lambda url: "/sign-in" not in url)
        return page


@pytest.fixture
def site(api: Api, browser: Browser) -> Iterator[Site]:
    city = api.city
    for number in range(6):
        city.report("AG-BJ", named(number))
    city.report("AG-BJ", team(7))
    city.pump()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = create_server(api.app, host="127.0.0.1", port=port, threads=4)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    yield Site(f"http://127.0.0.1:{port}", browser, api, [])
    for context in browser.contexts:
        context.close()
    server.close()
    thread.join(timeout=10)


@pytest.mark.parametrize("viewport", [DESK, PHONE], ids=["1440", "390"])
@pytest.mark.parametrize("role", PAGES)
def test_every_first_screen_fits_and_breaks_no_policy(site: Site, role: str, viewport: dict[str, int]) -> None:
    page = site.open_as(role, viewport)
    for path in PAGES[role][1]:
        answer = page.goto(site.address + path)
        assert answer is not None
        assert answer.status == 200, path
        width = page.evaluate("document.documentElement.scrollWidth")
        assert width <= viewport["width"], f"{path} is {width} px wide"
    assert site.complaints == []


def test_pasted_lines_fill_the_form_and_the_report_gets_its_receipt(site: Site) -> None:
    page = site.open_as("reporter", PHONE)
    page.goto(f"{site.address}/leads/new")
    page.fill("[name=paste]", "名称：昆山澄湖精密连接器有限公司\n主营：高速连接器\n投资：3亿\n联系人：林一 13900000000")
    page.click("button:has-text('识别并填入')")
    expect(page.locator("[name='enterprise.name']")).to_have_value("昆山澄湖精密连接器有限公司")
    page.click("#report button[type=submit], #report .btn-primary")
    page.wait_for_url("**/receipts/**")
    assert "D-" in page.inner_text("main")


def test_the_search_box_is_one_key_away(site: Site) -> None:
    page = site.open_as("dispatcher", DESK)
    page.keyboard.press("Control+k")
    page.keyboard.type("KS")
    assert page.evaluate("document.activeElement.name") == "q"
    page.keyboard.press("Enter")
    page.wait_for_url("**/search?q=KS*")
