"""The console in Debian's Chromium: logged in, listened to, looked at."""
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path[:0] = [str(ROOT / "tests" / "e2e"), str(ROOT / "bench")]

from playwright.sync_api import expect  # noqa: E402

from browser import WithBrowser  # noqa: E402
from harness import BIN  # noqa: E402

# The page's packages, as the build has them.
AXE = BIN.parent / "console" / "node_modules" / "axe-core" / "axe.min.js"
WIDE = {"width": 1280, "height": 800}
NARROW = {"width": 360, "height": 740}
# What axe-core finds and calls minor or moderate is advice.
GRAVE = ("serious", "critical")
RUN_AXE = "() => axe.run(document, {resultTypes: ['violations']}).then((found) => found.violations)"
# Whether something makes the page wider than the window: then it scrolls sideways.
TOO_WIDE = """() => {
  const edge = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth <= edge) return [];
  return [...document.querySelectorAll("body *")]
    .filter((one) => one.getBoundingClientRect().right > edge + 1)
    .map((one) => `${one.tagName} ${one.className}`).slice(0, 5);
}"""
# By the second frame a new address has been taken in: what the page showed before is gone.
TWO_FRAMES = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"


class InConsole(WithBrowser):
    """For a test case whose class has a `daemon` whose console is looked at."""

    def open(self, viewport=None, **options):
        """A page of a browser of its own, that nobody has logged in; what its console complains of is
        in `complaints`."""
        context = self.new_context(viewport=viewport or WIDE, reduced_motion="reduce", **options)
        page = context.new_page()
        self.complaints = []
        context.on("weberror", lambda fault: self.complaints.append(str(fault.error)))
        page.on("dialog", lambda dialog: (self.complaints.append(f"dialog {dialog.message}"),
                                          dialog.dismiss()))
        page.on("console", self.listen)
        return page

    def listen(self, message):
        # That nobody is logged in yet is asked, and said, by a status.
        asked = message.location.get("url", "").endswith("/_console/api/session")
        if message.type == "error" and not (asked and " 401 " in message.text):
            self.complaints.append(f"{message.text} {message.location.get('url', '')}")

    def link(self):
        """What `trainyard console --print` prints."""
        told = subprocess.run([BIN / "trainyard", "console", "--print", "--data", self.daemon.data],
                              capture_output=True, text=True, timeout=60, check=True)
        return told.stdout.strip()

    def logged_in(self, **options):
        """A page that has followed the link, and shows Home."""
        page = self.open(**options)
        page.goto(self.link())
        expect(page.get_by_role("heading", level=1, name="Home")).to_be_visible()
        return page

    def go(self, page, fragment):
        page.goto(f"{self.daemon.url}/_console/{fragment}")
        page.evaluate(TWO_FRAMES)

    def settled(self, page):
        """Nothing of the page is still on its way."""
        expect(page.locator("main")).to_be_visible()
        expect(page.locator("[aria-label=Loading]")).to_have_count(0)
        page.evaluate("document.fonts.ready")

    def check_alerts(self, page, where, alert):
        """Nothing went wrong with any part of the page, but for what says `alert`."""
        told = page.locator("main [role=alert]")
        if alert is None:
            self.assertEqual(told.all_inner_texts(), [], where)
        else:
            expect(told.first).to_contain_text(alert)

    def check_axe(self, page, where):
        """axe-core is put in from outside: the page's policy stays as it is."""
        if not page.evaluate("() => 'axe' in window"):
            page.evaluate(AXE.read_text())
        found = [f"{fault['id']}: {node['target']} {node['failureSummary']}"
                 for fault in page.evaluate(RUN_AXE) if fault["impact"] in GRAVE
                 for node in fault["nodes"]]
        self.assertEqual(found, [], where)

    def whole_screenshot(self, page, name, viewport):
        """In a window that is high enough: what sticks to its edges is then where it belongs."""
        height = page.evaluate("document.documentElement.scrollHeight")
        page.set_viewport_size({**viewport, "height": max(viewport["height"], height)})
        self.screenshot(page, name)
        page.set_viewport_size(viewport)

    def look(self, page, name, alert=None):
        """Pictures of what the page shows: light, dark, and on a telephone; with axe-core's judgement
        of each. `alert` is what it tells of that went wrong, if something is meant to."""
        self.settled(page)
        self.check_alerts(page, name, alert)
        try:
            for look, scheme, viewport in (("light", "light", WIDE), ("dark", "dark", WIDE),
                                           ("360", "light", NARROW)):
                page.set_viewport_size(viewport)
                page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
                self.settled(page)
                self.whole_screenshot(page, f"console-{name}-{look}", viewport)
                with self.subTest(page=name, look=look):
                    self.check_axe(page, f"{name}, {look}")
                    self.assertEqual(page.evaluate(TOO_WIDE), [], f"{name}, {look}")
        finally:
            page.set_viewport_size(WIDE)
            page.emulate_media(color_scheme="light", reduced_motion="reduce")


def exactly(text):
    return re.compile(f"^{re.escape(text)}$")
