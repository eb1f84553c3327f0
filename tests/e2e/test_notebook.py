"""`trainyard notebook` when it cannot: one line that says why, and nothing left behind. What it does
when it can is in tests/notebook."""
import os
import pathlib
import signal
import socket
import subprocess
import tempfile
import unittest

from harness import BIN, WithDaemon, wait_for


class NotebookFaults(WithDaemon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        assert cls.daemon.command("init").returncode == 0

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def jupyter(self, script):
        """Puts a `jupyter-lab` on the PATH that does this."""
        program = self.folder / "jupyter-lab"
        program.write_text("#!/bin/sh\n" + script)
        program.chmod(0o755)

    def command(self, **changed):
        options = {"data": self.daemon.data, "folder": self.folder, "listen": "127.0.0.1:0",
                   **changed}
        return [BIN / "trainyard", "notebook", "--no-browser",
                *(f"--{name}={value}" for name, value in options.items())]

    def environment(self):
        return {**os.environ, "PATH": f"{self.folder}:/usr/bin:/bin"}

    def refused(self, **options):
        done = subprocess.run(self.command(**options), env=self.environment(),
                              capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 1, done.stdout)
        line, = done.stderr.splitlines()
        return line

    def test_without_jupyter(self):
        self.assertIn("`pip install jupyterlab`", self.refused())

    def test_what_is_asked_for_is_not_there(self):
        self.jupyter("exit 1\n")
        self.assertIn("no daemon runs on ", self.refused(data=self.folder))
        self.assertIn("`trainyard init` makes", self.refused(role="Nobody"))
        self.assertIn("/nowhere is no folder", self.refused(folder="/nowhere"))
        self.assertIn("--listen wants HOST:PORT", self.refused(listen="8888"))

    def test_a_port_that_is_taken(self):
        self.jupyter(f"touch {self.folder}/started\n")
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            line = self.refused(listen="127.0.0.1:%d" % taken.getsockname()[1])
        self.assertIn("cannot listen on 127.0.0.1:", line)
        self.assertFalse((self.folder / "started").exists())

    def test_a_jupyter_that_ends(self):
        self.jupyter("echo starting >&2; echo 'bad config' >&2; exit 3\n")
        self.assertIn("JupyterLab ended with code 3: bad config (its log is ", self.refused())

    def test_stopped_while_it_starts(self):
        self.jupyter(f"echo $$ > {self.folder}/pid.new; mv {self.folder}/pid.new "
                     f"{self.folder}/pid; exec sleep 600\n")
        process = subprocess.Popen(self.command(), env=self.environment(), text=True,
                                   stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        wait_for(lambda: (self.folder / "pid").exists(), 30, "start")
        process.send_signal(signal.SIGTERM)
        told, _ = process.communicate(timeout=30)
        self.assertEqual((process.returncode, told), (0, ""))
        self.assertFalse(pathlib.Path("/proc", (self.folder / "pid").read_text().strip()).exists())

    def test_killed_it_takes_jupyter_along(self):
        self.jupyter(f"echo $$ > {self.folder}/pid.new; mv {self.folder}/pid.new "
                     f"{self.folder}/pid; exec sleep 600\n")
        process = subprocess.Popen(self.command(), env=self.environment(),
                                   stdout=subprocess.DEVNULL)
        wait_for(lambda: (self.folder / "pid").exists(), 30, "start")
        process.kill()
        process.wait()
        started = pathlib.Path("/proc", (self.folder / "pid").read_text().strip(), "cmdline")
        wait_for(lambda: not started.exists() or not started.read_bytes(), 30, "end of Jupyter")


if __name__ == "__main__":
    unittest.main(verbosity=2)
