"""Take the pictures of the Space in docs/: python scripts/screenshot_space.py [http://127.0.0.1:7860].

First start hub_card/space/app.py with a model that has learnt something. Needs playwright and an installed Chromium.
"""

import argparse
import logging
import shutil
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from wise_hf.commands import run as command_line


DOCS = Path(__file__).resolve().parents[1] / "docs"
PICTURES = {"space.png": (1280, 900), "space_phone.png": (390, 844)}  # width and height of the window in pixels


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0], allow_abbrev=False)
    parser.add_argument("url", nargs="?", default="http://127.0.0.1:7860", help="where the app runs")
    parser.add_argument("--output_dir", type=Path, default=DOCS, help="default: docs")
    args = parser.parse_args()
    browser_path = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=browser_path, args=["--no-sandbox"])
        for name, (width, height) in PICTURES.items():
            take(browser, args.url, width, height, args.output_dir / name)
            logging.info("Written: %s", args.output_dir / name)


def take(browser: Browser, url: str, width: int, height: int, path: Path) -> None:
    """The whole page after a click on the first sample."""
    page = browser.new_page(viewport={"width": width, "height": height}, color_scheme="light")
    page.goto(url)
    page.click("#sample-0")
    page.wait_for_selector(".timeline img")
    if width > height:  # a phone's tooltip would cover the time line
        page.focus(".word:last-child")
    page.wait_for_timeout(1500)  # the player draws its waveform
    page.screenshot(path=path, full_page=True)
    page.close()


if __name__ == "__main__":
    command_line.run(main)
