"""Every page of the console with real contents: nothing in the browser's console, no serious fault
found by axe-core, pictures of each; what users stored is never executed; the keyboard is enough; who
comes in, and what a user sees who may not.
"""
import re
import unittest
import urllib.parse

from contents import BUCKET, MARKUP, OBJECTS, SCRIPT, make_contents
from playwright.sync_api import expect
from visit import ROOT, InConsole, exactly

from harness import Daemon

ROUTES = ROOT / "console" / "src" / "app" / "routes.tsx"


def sections():
    """The first parts of addresses, as the page itself has them."""
    table = re.search(r"const ROUTES.*?= \{(.*?)\n\};", ROUTES.read_text(), re.S).group(1)
    return set(re.findall(r"^  (\w+):", table, re.M))


def setUpModule():
    WithContents.daemon = Daemon().start()
    unittest.addModuleCleanup(WithContents.daemon.close)
    WithContents.contents = make_contents(WithContents.daemon)


class WithContents(unittest.TestCase, InConsole):
    """All look at one daemon, and leave it as it is."""

    @classmethod
    def setUpClass(cls):
        cls.start_browser()


def of_workflows(arns):
    machine, run = f"#/statemachines/view/{arns['machine']}", "#/executions/details/"
    yield "machines", "#/statemachines", "Survey"
    yield "machine", machine, "Executions"
    for tab in ("definition", "versions", "aliases", "tags"):
        yield f"machine-{tab}", f"{machine}?tab={tab}", "Survey"
    yield "machine-create", "#/statemachines/create", "No problems"
    yield "machine-edit", f"#/statemachines/edit/{arns['machine']}", "No problems"
    yield "execution-succeeded", run + arns["succeeded"], "What came out"
    yield "execution-events", f"{run}{arns['succeeded']}?tab=events", "ExecutionSucceeded"
    yield "execution-data", f"{run}{arns['succeeded']}?tab=data", "Input and output"
    yield "execution-definition", f"{run}{arns['succeeded']}?tab=definition", "What this execution runs"
    yield "execution-map", f"{run}{arns['succeeded']}?state=Each", "4 iterations"
    yield "execution-parallel", f"{run}{arns['succeeded']}?state=Both", "2 branches"
    yield "execution-caught", f"{run}{arns['succeeded']}?state=Fetch", "Tries (2)"
    yield "execution-pipeline", f"{run}{arns['pipeline']}?state=Training", "Completed"
    yield "execution-failed", run + arns["failed"], "What failed"
    yield "execution-running", run + arns["running"], "What runs"
    yield "execution-aborted", run + arns["aborted"], "GivenUp"
    yield "execution-missing", run + arns["running"] + "x", "There is no such execution"
    yield "execution-start", f"#/executions/start/{arns['machine']}", "Earlier inputs"
    yield "activities", "#/activities", "review"


def of_training(_):
    yield "jobs", "#/jobs", "job-done"
    for state in ("done", "failed", "stopped", "running"):
        yield f"job-{state}", f"#/jobs/job-{state}", "Hyperparameters"
    for tab in ("channels", "artifacts", "settings", "request"):
        yield f"job-{tab}", f"#/jobs/job-done?tab={tab}", "Hyperparameters"
    yield "job-create", "#/jobs/create", "Create"
    yield "job-clone", "#/jobs/create?from=job-done", "Create"
    yield "jobs-compare", "#/jobs/compare?names=job-done,job-done-again", "Parameters and settings"
    yield "job-missing", "#/jobs/never-was", "There is no job of that name"


def of_endpoints(_):
    yield "endpoints", "#/endpoints", "run-1"
    yield "endpoint", "#/endpoints/run-1", "AllTraffic"
    yield "endpoint-body", "#/endpoints/run-1?try=body", "AllTraffic"
    yield "endpoint-create", "#/endpoints/create", "Create"
    yield "models", "#/models", "run-1"
    yield "model", "#/models/run-1", "noop-model"
    yield "model-create", "#/models/create?job=job-done", "Create model"


def of_storage(_):
    yield "buckets", "#/buckets", "nothing-here-yet"
    yield "bucket", f"#/buckets/{BUCKET}", "pictures"
    yield "bucket-empty", "#/buckets/nothing-here-yet", "nothing-here-yet"
    yield "bucket-missing", "#/buckets/never-was", "There is no bucket"
    told = {"txt": "as they came", "json": "epochs", "html": "doctype", "svg": "xmlns",
            "gz": "line by line", "png": "image/png 32 × 32", "npy": "NumPy", "ubyte": "IDX",
            "bin": "Binary"}
    for key in OBJECTS:
        kind = re.split(r"[./-]", key)[-1]
        name = "object-markup" if "onerror" in key else f"object-{kind}"
        yield (name, f"#/buckets/{BUCKET}/{urllib.parse.quote(key)}",
               "The name is" if "onerror" in key else told[kind])
    yield "object-empty", f"#/buckets/{BUCKET}/other/empty", "The object is empty"
    yield "object-archive", f"#/buckets/{BUCKET}/code/sourcedir.tar.gz", "train.sh"


def of_iam(_):
    flow_role = "FlowRole"
    yield "roles", "#/roles", flow_role
    yield "role", f"#/roles/{flow_role}", "AmazonS3FullAccess"
    yield "role-trust", f"#/roles/{flow_role}?tab=trust", "sts:AssumeRole"
    yield "users", "#/users", "erin"
    yield "user", "#/users/erin", "IAMReadOnlyAccess"
    yield "user-keys", "#/users/erin?tab=keys", "AKIA"
    yield "user-tags", "#/users/erin?tab=tags", "an intern"
    yield "policies", "#/policies", "ReadDigits"
    yield "policy", "#/policies/arn:aws:iam::000000000000:policy/ReadDigits", "s3:ListBucket"
    yield "why", "#/why", "The request"
    yield ("why-denied", "#/why/" + urllib.parse.quote(
        "User: arn:aws:iam::000000000000:user/erin is not authorized to perform: s3:GetObject on "
        f"resource: arn:aws:s3:::{BUCKET}/notes because no identity-based policy allows it", safe=""),
        "Nothing allows it")


class Pages(WithContents):
    def visit(self, pages):
        page = self.logged_in()
        for name, fragment, expected in pages:
            with self.subTest(page=name):
                self.go(page, fragment)
                expect(page.locator("main")).to_contain_text(expected)
                self.look(page, name)
        self.assertEqual(self.complaints, [])
        return page

    def test_home(self):
        self.visit([("home", "#/", "Running now"), ("not-found", "#/never/was", "")])

    def test_workflows(self):
        self.visit(of_workflows(self.contents.arns))

    def test_training(self):
        self.visit(of_training(None))

    def test_endpoints(self):
        self.visit(of_endpoints(None))

    def test_storage(self):
        self.visit(of_storage(None))

    def test_iam(self):
        self.visit(of_iam(None))

    def test_no_section_is_left_out(self):
        visited = {fragment.split("/")[1].split("?")[0] for part in (
            of_workflows, of_training, of_endpoints, of_storage, of_iam)
            for _, fragment, _ in part(dict.fromkeys(self.contents.arns, "arn"))}
        self.assertEqual(visited, sections())

    def test_what_floats(self):
        page = self.logged_in()
        page.keyboard.press("?")
        self.look(page, "keys")
        page.keyboard.press("Escape")
        page.keyboard.press("Control+k")
        page.get_by_role("combobox", name="Name").fill("s")
        expect(page.get_by_role("option").filter(has_text="Survey").first).to_be_visible()
        self.look(page, "palette")
        page.keyboard.press("Escape")
        for name, fragment, button in (
                ("role-create", "#/roles", "Create role"), ("bucket-create", "#/buckets", "Create bucket"),
                ("role-attach", "#/roles/FlowRole", "Attach policies"),
                ("role-inline", "#/roles/FlowRole", "Add inline policy"),
                ("execution-stop", "#/executions/details/" + self.contents.arns["running"], "Stop")):
            self.go(page, fragment)
            page.get_by_role("button", name=exactly(button)).click()
            expect(page.get_by_role("dialog")).to_be_visible()
            self.look(page, f"dialog-{name}")
            page.keyboard.press("Escape")
            expect(page.get_by_role("dialog")).to_have_count(0)
        self.assertEqual(self.complaints, [])


class Harmless(WithContents):
    """What users stored, printed and called things by is text."""

    def unharmed(self, page):
        self.assertFalse(page.evaluate("'harmed' in window"))
        self.assertEqual(page.locator("main img:not([src^='blob:'])").count(), 0)
        self.assertEqual(self.complaints, [])

    def test_names_and_inputs(self):
        page, arns = self.logged_in(), self.contents.arns
        self.go(page, "#/executions/details/" + arns["succeeded"])
        expect(page.locator(f"[data-state='{MARKUP}']")).to_contain_text(MARKUP)
        page.get_by_role("tab", name="Input and output").click()
        expect(page.locator("main")).to_contain_text(SCRIPT)
        self.go(page, f"#/statemachines/view/{arns['machine']}?tab=tags")
        expect(page.locator("main")).to_contain_text(MARKUP)
        self.go(page, "#/policies/arn:aws:iam::000000000000:policy/ReadDigits")
        expect(page.locator("main")).to_contain_text(MARKUP)
        self.unharmed(page)

    def test_what_a_job_prints(self):
        page = self.logged_in()
        self.go(page, "#/jobs/job-done")
        expect(page.locator(".log")).to_contain_text(MARKUP + SCRIPT)
        self.unharmed(page)

    def test_objects_are_shown_as_text(self):
        page = self.logged_in()
        for key in ("notes/page.html", "notes/drawing.svg"):
            self.go(page, f"#/buckets/{BUCKET}/{key}")
            expect(page.locator("pre.storage-text")).to_have_text(OBJECTS[key].decode())
        self.unharmed(page)

    def test_objects_at_their_own_address(self):
        """Opened as pages, they are downloads; framed or fetched as scripts, they are nothing."""
        page = self.logged_in()
        for key in ("notes/page.html", "notes/drawing.svg"):
            address = f"{self.daemon.url}/_console/api/s3/{BUCKET}/{key}"
            with page.expect_download() as download:
                page.evaluate("(address) => { location.href = address; }", address)
            self.assertEqual(download.value.suggested_filename, key.rsplit("/", 1)[1])
            headers = page.evaluate(
                "(address) => fetch(address).then((one) => Object.fromEntries(one.headers))", address)
            self.assertIn("sandbox", headers["content-security-policy"])
            self.assertEqual(headers["x-content-type-options"], "nosniff")
            self.assertTrue(headers["content-disposition"].startswith("attachment"))
        self.unharmed(page)


class Keyboard(WithContents):
    def focused(self, page, what):
        """Tab until the focus is on something that matches."""
        for _ in range(60):
            page.keyboard.press("Tab")
            if page.evaluate("(what) => document.activeElement.matches(what)", what):
                return
        self.fail(f"Tab never comes to {what}")

    def test_to_an_execution_and_its_step(self):
        page = self.logged_in()
        page.keyboard.press("g")
        page.keyboard.press("w")
        expect(page).to_have_url(re.compile("#/statemachines$"))
        page.get_by_role("row", name="Survey").wait_for()
        page.keyboard.press("/")
        page.keyboard.type("Survey")
        expect(page.locator("tbody tr")).to_have_count(1)
        self.focused(page, "tbody tr")
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", level=1, name="Survey")).to_be_visible()
        page.get_by_role("row", name="whole").wait_for()
        self.focused(page, "tbody tr")
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", level=1, name="whole")).to_be_visible()
        page.locator("[data-state=Prepare]").wait_for()
        self.focused(page, ".flow")
        page.keyboard.press("ArrowDown")
        page.keyboard.press("Enter")
        expect(page.locator(".step-head")).to_contain_text("Pass")
        self.assertIn("state=Prepare", page.url)
        self.assertEqual(self.complaints, [])

    def test_rows_and_tabs(self):
        page = self.logged_in()
        page.keyboard.press("g")
        page.keyboard.press("t")
        page.get_by_role("row", name="job-failed").wait_for()
        self.focused(page, "tbody tr")
        first = page.locator("tbody tr").first.inner_text()
        page.keyboard.press("ArrowDown")
        self.assertNotEqual(page.evaluate("document.activeElement.innerText"), first)
        name = page.evaluate("document.activeElement.querySelector('a').innerText")
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", level=1, name=exactly(name))).to_be_visible()
        self.focused(page, "[role=tab]")
        page.keyboard.press("ArrowRight")
        expect(page.get_by_role("tab", name=re.compile("Channels"))).to_be_focused()
        expect(page.get_by_role("tabpanel")).to_contain_text("s3://")
        self.assertEqual(self.complaints, [])

    def test_go_to_anything(self):
        page = self.logged_in()
        page.keyboard.press("Control+k")
        page.keyboard.type("survey")
        # Names are listed once they have been read; until then Enter has nothing to choose.
        expect(page.locator("#palette-0")).to_contain_text("Survey")
        expect(page.get_by_role("combobox")).to_have_attribute("aria-activedescendant", "palette-0")
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", level=1, name="Survey")).to_be_visible()
        page.keyboard.press("?")
        expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
        page.keyboard.press("Escape")
        expect(page.get_by_role("dialog")).to_have_count(0)
        self.assertEqual(self.complaints, [])


class Entrance(WithContents):
    def log_in(self, page, key, secret):
        self.go(page, "")
        page.get_by_label("Access key ID").fill(key)
        page.get_by_label("Secret access key").fill(secret)
        page.get_by_role("button", name="Log in").click()

    def test_by_key_and_out_again(self):
        page = self.open()
        self.go(page, "#/jobs")
        self.look(page, "login")
        self.log_in(page, self.daemon.key, "wrong")
        expect(page.get_by_role("alert")).to_contain_text("AccessDenied")
        self.look(page, "login-refused")
        self.assertEqual(len(self.complaints), 1)  # the browser's own, of a 403
        self.complaints.clear()
        page.get_by_label("Secret access key").fill(self.daemon.secret)
        page.get_by_role("button", name="Log in").click()
        page.get_by_role("button", name="Logged in as root").click()
        page.get_by_role("menuitem", name="Log out").click()
        expect(page.get_by_label("Access key ID")).to_be_visible()
        page.reload()
        expect(page.get_by_label("Access key ID")).to_be_visible()
        self.assertEqual(page.context.cookies(), [])
        self.assertEqual(self.complaints, [])

    def test_a_link_works_once(self):
        page, link = self.open(), self.link()
        page.goto(link)
        expect(page.get_by_role("heading", level=1, name="Home")).to_be_visible()
        self.assertNotIn("login", page.url)
        other = self.open()
        other.goto(link)
        expect(other.get_by_role("alert")).to_contain_text("AccessDenied")

    def test_who_may_not_sees_why(self):
        page, erin = self.open(), self.contents.erin
        self.log_in(page, erin["AccessKeyId"], erin["SecretAccessKey"])
        expect(page.get_by_role("heading", level=1, name="Home")).to_be_visible()
        self.look(page, "denied-home")
        self.go(page, "#/statemachines")
        refusal = page.get_by_role("alert").filter(has_text="states:ListStateMachines").first
        expect(refusal).to_contain_text("user/erin is not authorized")
        self.look(page, "denied-machines")
        refusal.get_by_role("link", name="Why?").click()
        expect(page.get_by_role("heading", level=2, name="Nothing allows it")).to_be_visible()
        expect(page.locator("main")).to_contain_text("What to do")
        self.go(page, f"#/buckets/{BUCKET}")
        expect(page.get_by_role("alert").first).to_contain_text("AccessDenied")
        self.look(page, "denied-bucket")
        self.assertEqual(self.complaints, [])


if __name__ == "__main__":
    unittest.main()
