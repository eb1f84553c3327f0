"""The daemon is ended with SIGKILL at every point that a notebook instance's life passes on its way
into the world (attempts, volumes, processes), and started again: the life goes on as if nothing had
been, the files stay, and nothing is left at its end."""
import os
import pathlib
import re
import sys
import time
import unittest

from botocore.exceptions import ClientError
from instance import Instance, Refused, daemon_with_jupyter, wait_for

from harness import make_roles

# Those of commits and of other messages are e2e/test_crash's.
OUTWARD = re.compile(r"(perform(ed)?\.compute\.|attempt\.|volume\.|spawn\.|plan\.|egress\.)")
REQUIRED = {"perform.compute.submit", "perform.compute.cancel", "perform.compute.forget",
            "perform.compute.volume.remove", "performed.compute.volume.remove", "volume.folder",
            "volume.rename", "attempt.folder", "plan.rename", "spawn.network", "spawn.agent"}
LIFE_SECONDS_MAX = 120


class Life:
    def __init__(self, environment):
        self.daemon = daemon_with_jupyter()
        self.deadline = time.monotonic() + LIFE_SECONDS_MAX
        self.restarts = 0
        self.role, _ = make_roles(self.daemon.start())
        self.daemon.terminate()
        self.daemon.start(environment, expect_ready=False)
        self.lab = Instance(self.daemon, "lab")

    def attempt(self, action):
        """Until the daemon answers; one that was killed is started again."""
        while True:
            self.restarts += self.daemon.revive()
            try:
                return action()
            except (ClientError, Refused, AssertionError):
                raise
            except Exception as error:  # the connection broke
                if time.monotonic() > self.deadline:
                    raise AssertionError(self.daemon.tail()) from error
                time.sleep(0.05)

    def status(self):
        try:
            now = self.lab.describe()
        except ClientError as error:
            if "RecordNotFound" in str(error):
                return None
            raise
        if now["NotebookInstanceStatus"] == "Failed":
            raise AssertionError(now["FailureReason"])
        return now["NotebookInstanceStatus"]

    @staticmethod
    def ask(action):
        """A wish that was heard before the connection broke is no error when it is repeated."""
        try:
            action()
        except ClientError as error:
            heard = ("Unable to transition", "duplicate", "RecordNotFound")
            if not any(word in str(error) for word in heard):
                raise

    def bring(self, ask, come_from, to):
        """Asks until it is on its way, and waits until it is there."""
        while True:
            status = self.attempt(self.status)
            if status == to:
                return
            if status == come_from:
                self.attempt(lambda: self.ask(ask))
            if time.monotonic() > self.deadline:
                raise AssertionError(f"{status} in place of {to}: {self.daemon.tail()}")
            time.sleep(0.1)

    def files(self, action):
        def again():
            self.lab.enter()
            return action()
        return self.attempt(again)

    def go(self):
        name = {"NotebookInstanceName": "lab"}
        api = lambda: self.lab.api  # noqa: E731  a client of the daemon that runs now
        self.bring(lambda: self.lab.create(self.role), None, "InService")
        self.files(lambda: self.lab.write("kept.txt", "still here"))
        self.bring(lambda: api().stop_notebook_instance(**name), "InService", "Stopped")
        self.bring(lambda: api().start_notebook_instance(**name), "Stopped", "InService")
        assert self.files(lambda: self.lab.read("kept.txt")) == "still here"
        self.bring(lambda: api().stop_notebook_instance(**name), "InService", "Stopped")
        self.bring(lambda: api().delete_notebook_instance(**name), "Stopped", None)
        for folder in ("volumes", "attempts"):
            left = self.daemon.data / folder
            wait_for(lambda: self.attempt(self.status) is None and not list(left.iterdir()), 30,
                     f"an empty folder {folder}")


class Crash(unittest.TestCase):
    def test_every_outward_point(self):
        log = pathlib.Path(os.environ.get("TMPDIR", "/tmp"), f"points-{os.getpid()}.log")
        self.addCleanup(log.unlink, missing_ok=True)
        calm = Life({"TRAINYARD_POINTS_LOG": str(log)})
        self.addCleanup(calm.daemon.close)
        calm.go()
        calm.daemon.terminate()
        points = {one for one in log.read_text().split() if OUTWARD.match(one)}
        self.assertLessEqual(REQUIRED, points, "points that no life passes")
        for point in sorted(points):
            with self.subTest(point):
                life = Life({"TRAINYARD_CRASH_AT": f"{point}:1"})
                try:
                    life.go()
                    self.assertEqual(life.restarts, 1)
                finally:
                    life.daemon.close()
            print(f"crashed at {point}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    unittest.main(verbosity=2)
