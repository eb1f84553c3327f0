"""What a reader of the console waits for, in Debian's Chromium: the first paint of an execution with
1,000 events against a page without content of the same server, from a commit to the page, the
longest frame while 10,000 events and a graph of 1,000 states are scrolled and zoomed, the JavaScript
that comes first, and what half an hour of changes leaves in memory.

bench_console.py [--minutes N]: how long the heap is watched (30)."""
import argparse
import json
import re
import statistics
import threading
import time

from figures import interleaved, medians, ratio_of_pairs, report
from harness import Daemon, make_roles, wait_for
from playwright.sync_api import sync_playwright

PAIRS = 9
CHANGES = 40
PAINT_SCRIPT = """() => performance.getEntriesByType('paint')
    .find((entry) => entry.name === 'first-contentful-paint')?.startTime"""
# Watches frames until it is asked for the longest one between two.
FRAMES_SCRIPT = """() => { const frames = window.frames_ = { last: performance.now(), longest: 0 };
    const step = (now) => { frames.longest = Math.max(frames.longest, now - frames.last);
                            frames.last = now; requestAnimationFrame(step); };
    requestAnimationFrame(step); }"""
SCRIPTS_SCRIPT = """() => performance.getEntriesByType('resource')
    .filter((entry) => entry.name.endsWith('.js')).reduce((all, entry) => all + entry.encodedBodySize, 0)"""
KIB = 1024


def chain(states):
    """A definition of so many Pass states in a row, a Choice at every seventh."""
    made = {}
    for index in range(states):
        after = f"S{index + 1}" if index + 1 < states else "End"
        made[f"S{index}"] = {"Type": "Pass", "Next": after} if index % 7 else {
            "Type": "Choice", "Default": after,
            "Choices": [{"Variable": "$.skip", "BooleanEquals": True,
                         "Next": f"S{min(index + 3, states - 1)}"}]}
    made["End"] = {"Type": "Succeed"}
    return {"StartAt": "S0", "States": made}


def counting(turns):
    """A loop of a Pass, a count and a Choice that goes round so often."""
    return {"StartAt": "Begin", "States": {
        "Begin": {"Type": "Pass", "Result": 0, "ResultPath": "$.n", "Next": "Count"},
        "Count": {"Type": "Pass", "Parameters": {"n.$": "States.MathAdd($.n, 1)"}, "Next": "Again"},
        "Again": {"Type": "Choice", "Default": "Done", "Choices": [
            {"Variable": "$.n", "NumericLessThan": turns, "Next": "Count"}]},
        "Done": {"Type": "Succeed"}}}


class Console:
    """A daemon with machines, and a browser that is logged in."""

    def __init__(self, playwright):
        self.daemon = Daemon().start()
        _, self.role = make_roles(self.daemon)
        self.states = self.daemon.client("stepfunctions")
        self.activity = self.states.create_activity(name="hand")["activityArn"]
        self.browser = playwright.chromium.launch(executable_path="/usr/bin/chromium",
                                                  args=["--no-sandbox", "--js-flags=--expose-gc"])
        self.context = self.browser.new_context(viewport={"width": 1440, "height": 900})
        page = self.context.new_page()
        told = self.daemon.command("console", "--print").stdout
        page.goto(re.search(r"http://\S+", told).group())
        page.get_by_role("heading", name="Home").wait_for()
        page.close()

    def close(self):
        self.browser.close()
        self.daemon.close()

    def machine(self, name, definition):
        return self.states.create_state_machine(
            name=name, roleArn=self.role, definition=json.dumps(definition))["stateMachineArn"]

    def execution(self, machine, wait=True):
        arn = self.states.start_execution(stateMachineArn=machine, input="{}")["executionArn"]
        if wait:
            wait_for(lambda: self.states.describe_execution(
                executionArn=arn)["status"] == "SUCCEEDED", 120, "the execution")
        return arn

    def address(self, path):
        return f"{self.daemon.url}/_console/{path}"

    def paint(self, path):
        page = self.context.new_page()
        page.goto(self.address(path))
        milliseconds = wait_for(lambda: page.evaluate(PAINT_SCRIPT), 60, "a paint")
        page.close()
        return milliseconds

    def shown(self, path):
        """Milliseconds until the execution's graph is there, coloured."""
        page = self.context.new_page()
        page.goto(self.address(path))
        page.wait_for_selector('[data-status="succeeded"]')
        milliseconds = page.evaluate("() => performance.now()")
        page.close()
        return milliseconds


def measure_paint(console):
    arn = console.execution(console.machine("thousand", counting(247)))
    execution = f"#/executions/details/{arn}"
    samples = interleaved(PAIRS, ours=lambda: console.paint(execution),
                          blank=lambda: console.paint("nothing-is-here"),
                          graph=lambda: console.shown(execution))
    middle = medians(samples)
    report("console.first_paint", middle["ours"], "ms", ratio=ratio_of_pairs(samples, "ours", "blank"))
    report("console.first_paint_blank", middle["blank"], "ms")
    report("console.graph_shown", middle["graph"], "ms")
    page = console.context.new_page()
    page.goto(console.address(execution))
    page.wait_for_selector('[data-status="succeeded"]')
    report("console.initial_script", page.evaluate(SCRIPTS_SCRIPT) / KIB, "KiB", limit=400)
    page.close()


def waiting_rounds(activity, rounds):
    """Tasks one after the other, each done by hand."""
    states = {f"T{index}": {"Type": "Task", "Resource": activity, "Next": f"T{index + 1}"}
              for index in range(rounds)}
    states[f"T{rounds}"] = {"Type": "Succeed"}
    return {"StartAt": "T0", "States": states}


def measure_update(console):
    """From the answer to SendTaskSuccess, which comes after the commit, to the number of events."""
    machine = console.machine("by-hand", waiting_rounds(console.activity, CHANGES))
    arn = console.execution(machine, wait=False)
    page = console.context.new_page()
    page.goto(console.address(f"#/executions/details/{arn}"))
    page.wait_for_selector('[data-state="T0"][data-status="running"]')
    page.evaluate("""() => { window.seen_ = {};
        const tab = [...document.querySelectorAll('[role=tab]')].find((one) => /^Events/.test(one.innerText));
        new MutationObserver(() => {
          const count = Number(/\\d+/.exec(tab.textContent)[0]);
          window.seen_[count] ??= performance.timeOrigin + performance.now();
        }).observe(tab, { subtree: true, childList: true, characterData: true }); }""")
    took = []
    for _ in range(CHANGES):
        token = console.states.get_activity_task(activityArn=console.activity)["taskToken"]
        time.sleep(0.15)  # what that changed has been shown
        console.states.send_task_success(taskToken=token, output="{}")
        committed = time.time() * 1000
        count = console.states.get_execution_history(
            executionArn=arn, reverseOrder=True, maxResults=1)["events"][0]["id"]
        seen = wait_for(lambda: page.evaluate(f"() => window.seen_[{count}]"), 30, "the events")
        took.append(seen - committed)
    page.close()
    report("console.live_update", statistics.median(took), "ms")


def longest_frame(page, work):
    page.evaluate(FRAMES_SCRIPT)
    work()
    return page.evaluate("() => window.frames_.longest")


def measure_frames(console):
    arn = console.execution(console.machine("events", counting(2600)))
    page = console.context.new_page()
    page.goto(console.address(f"#/executions/details/{arn}?tab=events"))
    table = page.get_by_role("table", name=re.compile("[Ee]vents"))
    table.wait_for()
    # All pages of the history are there once the last event is counted.
    page.get_by_role("tab", name=re.compile(r"Events \(10,\d+\)")).wait_for(timeout=60_000)
    table.hover()

    def scroll():
        for step in range(60):
            page.mouse.wheel(0, 4000 if step < 40 else -6000)
            page.wait_for_timeout(30)
    report("console.events_frame", longest_frame(page, scroll), "ms", limit=100)
    page.close()

    machine = console.machine("states", chain(1000))
    page = console.context.new_page()
    page.goto(console.address(f"#/statemachines/view/{machine}"))
    flow = page.locator(".flow")
    flow.wait_for(timeout=60_000)
    page.wait_for_selector("[data-state]")
    flow.hover()

    def zoom():
        for step in range(60):
            page.mouse.wheel(0, 300 if step % 20 < 10 else -300)
            page.wait_for_timeout(30)
    report("console.graph_frame", longest_frame(page, zoom), "ms", limit=100)
    page.close()


def heap(session):
    for _ in range(3):
        session.send("HeapProfiler.collectGarbage")
    return session.send("Runtime.getHeapUsage")["usedSize"]


def measure_heap(console, minutes):
    """A page of a machine's executions, which come and go, several a second."""
    machine = console.machine("steady", counting(20))
    page = console.context.new_page()
    page.goto(console.address(f"#/statemachines/view/{machine}"))
    session = console.context.new_cdp_session(page)
    ending = threading.Event()

    def change():
        while not ending.wait(0.2):
            console.states.start_execution(stateMachineArn=machine, input="{}")
    thread = threading.Thread(target=change)
    thread.start()
    try:
        # What is loaded and remembered once is there after a tenth of the time.
        page.wait_for_timeout(minutes * 6_000)
        before = heap(session)
        page.wait_for_timeout(minutes * 54_000)
        after = heap(session)
    finally:
        ending.set()
        thread.join()
    report("console.heap", after / KIB / KIB, "MiB", ratio=after / before)
    page.close()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--minutes", type=float, default=30)
    minutes = parser.parse_args().minutes
    with sync_playwright() as playwright:
        console = Console(playwright)
        try:
            measure_paint(console)
            measure_update(console)
            measure_frames(console)
            measure_heap(console, minutes)
        finally:
            console.close()


if __name__ == "__main__":
    main()
