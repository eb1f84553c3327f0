"""Every page of the console with real contents: nothing in the browser's console, no serious fault
found by axe-core, pictures of each; what users stored is never executed; the keyboard is enough; who
comes in, and what a user sees who may not.
"""
import re
import typing
import unittest
import urllib.parse

from contents import BUCKET, MARKUP, OBJECTS, SCRIPT, make_contents
from playwright.sync_api import expect
from visit import ROOT, InConsole, exactly

from harness import Daemon

ROUTES = ROOT / "console" / "src" / "app" / "routes.tsx"

# What a page can reach from where it is.
PROBE = b"""<!doctype html><title>probe</title><script>
(async () => {
  const told = [self.origin];
  try { told.push(localStorage.length); } catch (error) { told.push(error.name); }
  try { told.push((await fetch("/_console/api/session")).status); } catch (error) { told.push(error.name); }
  document.title = told.join(" ");
})();
</script>"""


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


class Visit(typing.NamedTuple):
    """A page: its address, a text that only its own contents have, and what it says went wrong."""
    name: str
    fragment: str
    expected: str
    alert: str | None = None

    @property
    def part(self):
        """Where the text is: in the chosen tab's panel, if the address chooses one."""
        chosen = re.search(r"[?&](?:tab|try)=(\w+)", self.fragment)
        return f"main #panel-{chosen.group(1)}" if chosen else "main"


def of_home(_):
    yield Visit("home", "#/", "Running now")
    yield Visit("not-found", "#/never/was", "This address names no page")


def of_workflows(arns):
    machine, run = f"#/statemachines/view/{arns['machine']}", "#/executions/details/"
    succeeded = run + arns["succeeded"]
    yield Visit("machines", "#/statemachines", "Survey")
    yield Visit("machine", f"{machine}?tab=executions", "whole")
    yield Visit("machine-definition", f"{machine}?tab=definition", '"StartAt": "Prepare"')
    yield Visit("machine-versions", f"{machine}?tab=versions", "Published")
    yield Visit("machine-aliases", f"{machine}?tab=aliases", "version 1: 100 %")
    yield Visit("machine-tags", f"{machine}?tab=tags", MARKUP)
    yield Visit("machine-create", "#/statemachines/create", "Takes the place of the text below")
    yield Visit("machine-edit", f"#/statemachines/edit/{arns['machine']}", "No problems")
    yield Visit("execution-succeeded", succeeded, "What came out")
    yield Visit("execution-events", f"{succeeded}?tab=events", "ExecutionSucceeded")
    yield Visit("execution-data", f"{succeeded}?tab=data", SCRIPT)
    yield Visit("execution-definition", f"{succeeded}?tab=definition", "What this execution runs")
    yield Visit("execution-map", f"{succeeded}?state=Each", "4 iterations")
    yield Visit("execution-parallel", f"{succeeded}?state=Both", "2 branches")
    yield Visit("execution-caught", f"{succeeded}?state=Fetch", "Tries (2)")
    yield Visit("execution-pipeline", f"{run}{arns['pipeline']}?state=Training", "Completed")
    yield Visit("execution-failed", run + arns["failed"], "What failed", "no such file: labels.idx")
    yield Visit("execution-running", run + arns["running"], "What runs")
    yield Visit("execution-aborted", run + arns["aborted"], "GivenUp", "GivenUp")
    yield Visit("execution-missing", run + arns["running"] + "x", "There is no such execution")
    yield Visit("execution-start", f"#/executions/start/{arns['machine']}", "whole")
    yield Visit("activities", "#/activities", "review")


def of_training(_):
    job = "#/jobs/job-done"
    yield Visit("jobs", "#/jobs", "job-done")
    yield Visit("job-done", job, "Train Epoch: 3")
    yield Visit("job-failed", "#/jobs/job-failed", "Reading the channel",
                "no such file: labels.idx")
    yield Visit("job-stopped", "#/jobs/job-stopped", "Stopped")
    yield Visit("job-running", "#/jobs/job-running", "epoch 1/6")
    yield Visit("job-parameters", f"{job}?tab=parameters", "sagemaker_program")
    yield Visit("job-channels", f"{job}?tab=channels", f"s3://{BUCKET}/data")
    yield Visit("job-artifacts", f"{job}?tab=artifacts", "Make a model of it")
    yield Visit("job-settings", f"{job}?tab=settings", "ml.c4.xlarge")
    yield Visit("job-request", f"{job}?tab=request", '"TrainingJobName": "job-done"')
    yield Visit("job-create", "#/jobs/create", "The model goes to")
    yield Visit("jobs-compare", "#/jobs/compare?names=job-done,job-done-again",
                "Parameters and settings")
    yield Visit("job-clone", "#/jobs/create?from=job-done", "The model goes to")
    yield Visit("job-missing", "#/jobs/never-was", "There is no job of that name",
                "Requested resource not found")


def of_endpoints(_):
    yield Visit("endpoints", "#/endpoints", "run-1")
    yield Visit("endpoint", "#/endpoints/run-1", "AllTraffic")
    yield Visit("endpoint-body", "#/endpoints/run-1?try=body", "Content type")
    yield Visit("endpoint-create", "#/endpoints/create", "Instance type")
    yield Visit("models", "#/models", "run-1")
    yield Visit("model", "#/models/run-1", "noop-model")
    yield Visit("endpoint-configs", "#/endpointconfigs", "run-1")
    yield Visit("model-create", "#/models/create?job=job-done", "Create model")


def of_notebooks(_):
    yield Visit("notebooks", "#/notebooks", "No notebook instance yet")
    yield Visit("notebook-missing", "#/notebooks/never-was", "The notebook instance cannot be shown",
                "RecordNotFound")


def of_storage(_):
    bucket = f"#/buckets/{BUCKET}"
    yield Visit("buckets", "#/buckets", "nothing-here-yet")
    yield Visit("bucket", bucket, "pictures")
    yield Visit("bucket-empty", "#/buckets/nothing-here-yet", "Nothing is in this bucket")
    yield Visit("bucket-missing", "#/buckets/never-was", "There is no bucket")
    told = {"txt": "as they came", "json": "epochs", "html": "doctype", "svg": "xmlns",
            "gz": "line by line", "png": "image/png 32 × 32", "npy": "NumPy", "ubyte": "IDX",
            "bin": "Binary"}
    for key in OBJECTS:
        kind = re.split(r"[./-]", key)[-1]
        markup = "onerror" in key
        yield Visit("object-markup" if markup else f"object-{kind}",
                    f"{bucket}/{urllib.parse.quote(key)}", "The name is" if markup else told[kind])
    yield Visit("object-empty", f"{bucket}/other/empty", "The object is empty")
    yield Visit("object-archive", f"{bucket}/code/sourcedir.tar.gz", "train.sh")


def of_iam(_):
    role = "#/roles/FlowRole"
    yield Visit("roles", "#/roles", "FlowRole")
    yield Visit("role", f"{role}?tab=permissions", "AmazonS3FullAccess")
    yield Visit("role-trust", f"{role}?tab=trust", "sts:AssumeRole")
    yield Visit("users", "#/users", "erin")
    yield Visit("user", "#/users/erin?tab=permissions", "IAMReadOnlyAccess")
    yield Visit("user-keys", "#/users/erin?tab=keys", "AKIA")
    yield Visit("user-tags", "#/users/erin?tab=tags", "an intern")
    yield Visit("policies", "#/policies", "ReadDigits")
    yield Visit("policy", "#/policies/arn:aws:iam::000000000000:policy/ReadDigits", "s3:ListBucket")
    yield Visit("why", "#/why", "The request")
    yield Visit("why-denied", "#/why/" + urllib.parse.quote(
        "User: arn:aws:iam::000000000000:user/erin is not authorized to perform: s3:GetObject on "
        f"resource: arn:aws:s3:::{BUCKET}/notes because no identity-based policy allows it", safe=""),
        "Nothing allows it")


# A new section has a list of its visits here; a new page of a section is one more visit.
SECTIONS = (of_workflows, of_training, of_endpoints, of_notebooks, of_storage, of_iam)


class Pages(WithContents):
    def visit(self, section):
        page = self.logged_in()
        for visit in section(self.contents.arns):
            with self.subTest(page=visit.name):
                self.go(page, visit.fragment)
                expect(page.locator(visit.part)).to_contain_text(visit.expected)
                self.look(page, visit.name, visit.alert)
        self.assertEqual(self.complaints, [])

    def test_home(self):
        self.visit(of_home)

    def test_workflows(self):
        self.visit(of_workflows)

    def test_training(self):
        self.visit(of_training)

    def test_endpoints(self):
        self.visit(of_endpoints)

    def test_notebooks(self):
        self.visit(of_notebooks)

    def test_storage(self):
        self.visit(of_storage)

    def test_iam(self):
        self.visit(of_iam)

    def test_no_section_is_left_out(self):
        visited = {visit.fragment.split("/")[1].split("?")[0] for section in SECTIONS
                   for visit in section(dict.fromkeys(self.contents.arns, "arn"))}
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
                ("role-detach", "#/roles/FlowRole", "Detach AmazonS3FullAccess"),
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
        """A presigned link may show a page that somebody stored, and the console is at the same host:
        the page is one of nowhere, and finds neither the session nor what it opens."""
        page, s3 = self.logged_in(), self.daemon.client("s3", signature_version="s3v4")
        s3.put_object(Bucket=BUCKET, Key="probe.html", Body=PROBE, ContentType="text/html")
        self.addCleanup(s3.delete_object, Bucket=BUCKET, Key="probe.html")
        page.goto(s3.generate_presigned_url("get_object", {"Bucket": BUCKET, "Key": "probe.html"}))
        expect(page).to_have_title("null SecurityError TypeError")
        self.complaints.clear()  # the browser's own, of a request that it held back
        self.go(page, "#/jobs")
        expect(page.locator("main")).to_contain_text("job-done")  # still logged in
        self.unharmed(page)

    def test_a_download(self):
        page = self.logged_in()
        self.go(page, f"#/buckets/{BUCKET}/notes/page.html")
        with page.expect_download() as download:
            page.get_by_role("button", name="Download").click()
        self.assertEqual(download.value.suggested_filename, "page.html")
        self.assertEqual(download.value.path().read_bytes(), OBJECTS["notes/page.html"])
        self.unharmed(page)


class Keyboard(WithContents):
    def focused(self, page, what):
        """Tab, unless it is there, until the focus is on something that matches."""
        for _ in range(60):
            if page.evaluate("(what) => document.activeElement.matches(what)", what):
                return
            page.keyboard.press("Tab")
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

    def test_dialogs(self):
        """What is typed at once is in the field that one begins with; afterwards the focus is where it
        was."""
        page = self.logged_in()
        for fragment, title, field in (
                ("#/buckets", "Create bucket", "Name"), ("#/activities", "Create activity", "Name"),
                ("#/users", "Create user", "User name"), ("#/roles", "Create role", "Role name")):
            self.go(page, fragment)
            opener = page.locator(".page-head").get_by_role("button", name=exactly(title))
            opener.wait_for()
            for leave in ("by Cancel", "by Escape"):
                with self.subTest(dialog=title, leave=leave):
                    self.focused(page, ".page-head .button.primary")
                    page.keyboard.press("Enter")
                    page.keyboard.type("typed-at-once")
                    dialog = page.get_by_role("dialog", name=exactly(title))
                    expect(dialog.get_by_label(field, exact=True)).to_have_value("typed-at-once")
                    if leave == "by Cancel":
                        self.focused(page, "dialog footer button:not([type=submit])")
                        page.keyboard.press("Enter")
                    else:
                        page.keyboard.press("Escape")
                    expect(page.get_by_role("dialog")).to_have_count(0)
                    expect(opener).to_be_focused()
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
        self.look(page, "login-refused", "AccessDenied")
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
        self.assertIsNone(page.evaluate("localStorage.getItem('trainyard.session')"))
        self.assertEqual(self.complaints, [])

    def test_tabs_share_a_session(self):
        page = self.logged_in()
        other = page.context.new_page()
        self.go(other, "#/jobs")
        expect(other.locator("main")).to_contain_text("job-done")
        page.get_by_role("button", name="Logged in as root").click()
        page.get_by_role("menuitem", name="Log out").click()
        expect(other.get_by_label("Access key ID")).to_be_visible()

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
        self.look(page, "denied-home", "AccessDenied")
        self.go(page, "#/statemachines")
        refusal = page.get_by_role("alert").filter(has_text="states:ListStateMachines").first
        expect(refusal).to_contain_text("user/erin is not authorized")
        self.look(page, "denied-machines", "AccessDenied")
        refusal.get_by_role("link", name="Why?").click()
        expect(page.get_by_role("heading", level=2, name="Nothing allows it")).to_be_visible()
        expect(page.locator("main")).to_contain_text("What to do")
        self.go(page, f"#/buckets/{BUCKET}")
        expect(page.get_by_role("alert").first).to_contain_text("AccessDenied")
        self.look(page, "denied-bucket", "AccessDenied")
        # What may not be seen is not said to be none.
        for section, nothing in (("buckets", "No bucket yet"),
                                 ("statemachines", "No state machine yet")):
            self.go(page, f"#/{section}")
            expect(page.locator("main").get_by_role("alert").first).to_contain_text("AccessDenied")
            self.assertNotIn(nothing, page.locator("main").inner_text())
        self.assertEqual(self.complaints, [])


if __name__ == "__main__":
    unittest.main()
