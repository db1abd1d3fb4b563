"""A real browser without a window, for the pages that gradviz writes: the system's Chromium, driven by Playwright."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
SIZE = {"width": 1280, "height": 720}


def chromium_path() -> str:
    """The system's browser; the test is skipped where there is none, except with CI=true."""
    found = next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        reason = "no Chromium is here: packaging/setup.sh installs it where it may"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    return found


@contextmanager
def chromium() -> Iterator[Any]:
    """A browser process; closed at the end. Root may not use its sandbox, and the pages are our own."""
    path = chromium_path()
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, chromium_sandbox=False)
        try:
            yield browser
        finally:
            browser.close()


@dataclass
class Opened:
    """A page as a person has it before them, with all that the browser asked for and complained of."""

    page: Any
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def titles(self) -> list[str]:
        """What the boxes in sight are called, in the order of the page."""
        texts: list[str] = self.page.locator(".box > text:first-of-type").all_text_contents()
        return texts

    def box(self, title: str, place: int = 0) -> Any:
        """A box by its title."""
        return self.page.locator(".box", has=self.page.locator(f'text:first-of-type:text-is("{title}")')).nth(place)

    def view(self) -> list[float]:
        """Left, top, width and height of what is seen, in the drawing's units."""
        return [float(number) for number in self.page.locator("#graph").get_attribute("viewBox").split()]

    def card(self) -> dict[str, str]:
        """The lines of the card."""
        labels = self.page.locator("aside dt").all_text_contents()
        return dict(zip(labels, self.page.locator("aside dd").all_text_contents(), strict=True))


Open = Callable[..., Opened]


def opener(browser: Any, folder: Path) -> Iterator[Open]:
    """Opens pages given as text, offline, in contexts that are closed at the end."""
    contexts: list[Any] = []

    def opened(text: str, **context_settings: Any) -> Opened:
        path = folder / f"page{len(contexts)}.html"
        path.write_text(text, encoding="utf-8")
        contexts.append(browser.new_context(viewport=SIZE, offline=True, **{"locale": "en-GB", **context_settings}))
        seen = Opened(contexts[-1].new_page())
        seen.page.set_default_timeout(20_000)
        seen.page.on("request", lambda request: seen.requests.append(request.url))
        seen.page.on("console", lambda message: seen.complaints.append(message.text))
        seen.page.on("pageerror", lambda error: seen.complaints.append(str(error)))
        seen.page.goto(path.as_uri())
        return seen

    yield opened
    for context in contexts:
        context.close()
