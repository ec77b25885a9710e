"""A real browser, Debian's chromium: a page that says nothing wrong, and asks nobody but this machine."""

import shutil

import pytest

FLAGS = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-component-update "
    "--disable-sync --no-proxy-server"
).split()
NOWHERE = "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"
LOCAL = ("file:", "data:", "blob:", "about:", "http://127.0.0.1:", "ws://127.0.0.1:")


@pytest.fixture(scope="session")
def chromium():
    """The installed browser, one for all tests; playwright gives each launch a user data directory of its own."""
    from playwright.sync_api import sync_playwright  # not above: the tests that need no browser need no playwright

    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    assert path, "no chromium on the PATH: apt-get install chromium"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, headless=True, args=[*FLAGS, NOWHERE])
        yield browser
        browser.close()


@pytest.fixture
def context(chromium):
    """What a page lives in: nothing is left of it after the test."""
    context = chromium.new_context(viewport={"width": 1200, "height": 800})
    yield context
    context.close()


@pytest.fixture
def troubles():
    """Errors on the console, exceptions of the page, requests that leave the machine: at the end there must be none."""
    found: list[str] = []
    yield found
    assert not found, "\n".join(found)


@pytest.fixture
def page(context, troubles):
    """A page; the test ends badly where the page had ``troubles``."""
    page = context.new_page()
    page.on("console", lambda said: troubles.append(f"console: {said.text}") if said.type == "error" else None)
    page.on("pageerror", lambda error: troubles.append(f"exception: {error}"))
    context.on("request", lambda asked: None if asked.url.startswith(LOCAL) else troubles.append(f"asks {asked.url}"))
    return page
