"""Debian's Chromium, driven by Playwright, without proxy settings and without names outside of this
machine.

Screenshots go to $TRAINYARD_SCREENSHOTS, if that is set.
"""
import os
import pathlib

from playwright.sync_api import expect, sync_playwright

CHROMIUM = "/usr/bin/chromium"
# For anything that a page shows; a machine may be busy with other tests.
MILLISECONDS_MAX = 180_000


class WithBrowser:
    """For a test case; `start_browser()` once for its class."""

    @classmethod
    def start_browser(cls):
        expect.set_options(timeout=MILLISECONDS_MAX)
        playwright = sync_playwright().start()
        cls.addClassCleanup(playwright.stop)
        arguments = ["--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE *.localhost",
                     "--no-proxy-server"]
        if os.geteuid() == 0:
            arguments.append("--no-sandbox")
        cls.browser = playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
        cls.addClassCleanup(cls.browser.close)

    def new_context(self, **options):
        context = self.browser.new_context(**options)
        self.addCleanup(context.close)
        context.set_default_timeout(MILLISECONDS_MAX)
        return context

    def screenshot(self, page, name, **options):
        if folder := os.environ.get("TRAINYARD_SCREENSHOTS"):
            pathlib.Path(folder).mkdir(parents=True, exist_ok=True)
            page.screenshot(path=pathlib.Path(folder, name + ".png"), **options)
