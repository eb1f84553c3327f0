"""A model in Python behind our model server: one request at a time against its four functions in a
bare loop; sixteen connections against gunicorn + Flask with as many workers. All run as plain
processes of this machine, outside of sandboxes, with one thread a worker."""
import contextlib
import os
import pathlib
import shutil
import socket
import subprocess
import tempfile
import urllib.request

from bench_invoke import as_bytes, figures_of, load, npy
from figures import interleaved, medians, ratio_of_pairs, report
from harness import BIN, ROOT, wait_for

PYTHON = "/usr/bin/python3"
PEERS = ["flask==3.0.3", "gunicorn==23.0.0"]
ROUNDS = 5
SECONDS = 3
WORKERS = os.cpu_count()
SLACK_US = 200
SAVE_MODEL = """
import mnist, os, torch
torch.manual_seed(1)
torch.save(torch.nn.DataParallel(mnist.Net()).state_dict(),
           os.path.join(os.environ["SM_MODEL_DIR"], "model.pth"))
"""


def peers():
    """A virtual environment over Debian's packages (PyTorch) with Flask and gunicorn."""
    folder = ROOT / "build" / "bench-venv"
    if not (folder / "bin" / "gunicorn").exists():
        subprocess.run([PYTHON, "-m", "venv", "--system-site-packages", folder], check=True)
        subprocess.run([folder / "bin" / "pip", "install", "-q", "--disable-pip-version-check",
                        *PEERS], check=True)
    return folder / "bin"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Model:
    """The folder of a model whose weights are as they began: they cost what others cost."""

    def __init__(self):
        self.base = pathlib.Path(tempfile.mkdtemp(prefix="trainyard-bench-"))
        code = self.base / "model" / "code"
        code.mkdir(parents=True)
        shutil.copy(ROOT / "examples" / "mnist" / "mnist.py", code)
        self.body = self.base / "body"
        self.body.write_bytes(npy(1))
        self.environment = {
            "PATH": "/usr/bin:/bin", "OMP_NUM_THREADS": "1", "SM_MODEL_DIR": str(code.parent),
            "PYTHONDONTWRITEBYTECODE": "1", "SAGEMAKER_PROGRAM": "mnist.py",
            "SAGEMAKER_BASE_DIR": str(self.base)}
        self.path = ":".join(map(str, (code, ROOT / "python" / "shims",
                                       ROOT / "python" / "worker", ROOT / "bench")))
        self.python("-c", SAVE_MODEL)

    def python(self, *arguments):
        return subprocess.run([PYTHON, *map(str, arguments)], check=True, text=True,
                              stdout=subprocess.PIPE,
                              env={**self.environment, "PYTHONPATH": self.path}).stdout

    def bare(self):
        return {"p50_us": float(self.python(ROOT / "bench" / "serving_functions.py", self.body,
                                            SECONDS))}

    @contextlib.contextmanager
    def served(self, command, **environment):
        """HOST:PORT of a server that runs while the block does."""
        port = free_port()
        with open(self.base / "log", "a") as log:
            process = subprocess.Popen(
                [str(word).replace("PORT", str(port)) for word in command], stdout=log, stderr=log,
                env={**self.environment, "SAGEMAKER_BIND_TO_PORT": str(port), **environment})
        try:
            def ready():
                if process.poll() is not None:
                    raise RuntimeError((self.base / "log").read_text())
                with contextlib.suppress(OSError):
                    return urllib.request.urlopen(f"http://127.0.0.1:{port}/ping")
            wait_for(ready, 60, "ping")
            yield f"127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait(timeout=60)

    def ours(self, workers):
        return self.served([BIN / "trainyard-toolkit", "serve"],
                           SAGEMAKER_MODEL_SERVER_WORKERS=str(workers))

    def flask(self, gunicorn, workers):
        return self.served([gunicorn, "-w", workers, "-b", "127.0.0.1:PORT", "serving_flask:app"],
                           PYTHONPATH=self.path)

    def request(self):
        return as_bytes("localhost", "/invocations",
                        {"Content-Type": "application/x-npy", "Accept": "application/x-npy"},
                        self.body.read_bytes())


def warmed(address, request):
    load(address, 16, request)
    return address


def main():
    model = Model()
    request = model.request()
    with model.ours(1) as ours:
        warmed(ours, request)
        samples = figures_of(interleaved(ROUNDS, ours=lambda: load(ours, 1, request),
                                         bare=model.bare), "p50_us")
    middle = medians(samples)
    report("serving.bare_p50", middle["bare"], "us")
    report("serving.python_p50", middle["ours"], "us",
           f"<={1.5 * middle['bare'] + SLACK_US:.0f} (1.5 of bare_p50 and {SLACK_US} us)",
           ratio_of_pairs(samples, "ours", "bare"))
    gunicorn = peers() / "gunicorn"
    with model.ours(WORKERS) as ours, model.flask(gunicorn, WORKERS) as flask:
        warmed(ours, request), warmed(flask, request)
        samples = figures_of(interleaved(ROUNDS, ours=lambda: load(ours, 16, request),
                                         flask=lambda: load(flask, 16, request)), "per_second")
    middle = medians(samples)
    report("serving.flask_rate_16", middle["flask"], "1/s")
    report("serving.python_rate_16", middle["ours"], "1/s", ">=3 of flask_rate_16",
           ratio_of_pairs(samples, "ours", "flask"))
    shutil.rmtree(model.base)


if __name__ == "__main__":
    main()
