"""The style gallery: every macro with invented data, served under the strict CSP, photographed in Chromium.

For whoever changes the look (`python dev/frontend/gallery.py --shots FOLDER`); no part of the product.
Prints what the browser's console says, so a breach of the CSP is seen.
"""

from __future__ import annotations

import argparse
import json
import logging
import shutil
import threading
from pathlib import Path
from typing import Any

from flask import Flask, Response, flash, render_template
from jinja2 import ChoiceLoader, FileSystemLoader
from playwright.sync_api import Browser, sync_playwright
from werkzeug.serving import make_server

ROOT = Path(__file__).resolve().parents[2]
CSP = "default-src 'self'; script-src 'self'; style-src 'self'; base-uri 'none'; form-action 'self'"
FLAGS = (
    "--headless=new --no-sandbox --disable-gpu --no-first-run --disable-background-networking"
    " --disable-component-update --disable-sync"
)
SIZES = {"desktop": (1440, 900), "phone": (390, 844)}


def make_gallery() -> Flask:
    """The gallery's little application; its pages read the product's templates and static files."""
    app = Flask("gallery", static_folder=str(ROOT / "crm" / "web" / "static"))
    app.secret_key = "gallery"
    app.jinja_loader = ChoiceLoader(
        [FileSystemLoader(ROOT / "crm" / "web" / "templates"), FileSystemLoader(Path(__file__).parent)]
    )
    app.jinja_env.globals["csrf_token"] = lambda: "gallery"
    data: dict[str, Any] = json.loads(Path(__file__).with_suffix(".json").read_text(encoding="utf-8"))
    frame = data["frame"]

    @app.get("/")
    def gallery() -> str:
        flash("已派发 3 条线索，区镇须在 3 个工作日内答复。", "success")
        given = {"rows": data["rows"], "errors": data["errors"], "sort_url": "?sort={}".format}
        return render_template("gallery.html", **given, **frame)

    @app.get("/sign-in")
    def sign_in() -> str:
        return render_template("sign_in.html", city_name="昆山", demo_accounts=data["demo_accounts"])

    @app.get("/error")
    def error() -> str:
        return render_template("error.html", **data["fault"], **frame)

    @app.after_request
    def strict(response: Response) -> Response:
        response.headers["Content-Security-Policy"] = CSP
        return response

    return app


def photograph(browser: Browser, address: str, folder: Path) -> None:
    """One picture a page and size; console lines go to standard output."""
    for size, (width, height) in SIZES.items():
        scale = 1 if size == "desktop" else 2
        page = browser.new_page(viewport={"width": width, "height": height}, device_scale_factor=scale)
        page.on("console", lambda line: print("console:", line.text))
        page.on("pageerror", lambda fault: print("error:", fault))
        for name in ("", "sign-in", "error"):
            page.goto(f"{address}/{name}", wait_until="networkidle")
            overflow = page.evaluate("document.documentElement.scrollWidth - innerWidth")
            print(size, name or "gallery", "overflow:", overflow)
            page.evaluate("document.activeElement.blur(); scrollTo(0, 0)")  # a summary of faults takes the focus
            page.screenshot(path=folder / f"{name or 'gallery'}-{size}.png", full_page=not name)
        page.goto(address, wait_until="networkidle")
        page.evaluate("document.activeElement.blur(); scrollTo(0, 0)")
        page.screenshot(path=folder / f"fold-{size}.png")
        if size == "desktop":
            page.locator("[data-chart] canvas").hover(position={"x": 200, "y": 120})
            page.wait_for_timeout(300)
            page.locator(".chart-box").screenshot(path=folder / "chart-hover.png")
            page.emulate_media(media="print")
            page.pdf(path=folder / "print.pdf", format="A4")


def main() -> None:
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--port", type=int, default=8099)
    options.add_argument("--shots", type=Path, help="folder for pictures; without it, serve until Ctrl-C")
    given = options.parse_args()
    server = make_server("127.0.0.1", given.port, make_gallery(), threaded=True)
    if given.shots is None:
        print(f"http://127.0.0.1:{given.port}/")
        server.serve_forever()
    given.shots.mkdir(parents=True, exist_ok=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS.split())
        photograph(browser, f"http://127.0.0.1:{given.port}", given.shots)
        browser.close()
    server.shutdown()


if __name__ == "__main__":
    main()
