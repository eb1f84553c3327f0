"""Model servers, one request at a time and sixteen connections at a time: a model in Python behind
ours against its four functions in a bare loop, gunicorn + Flask and TorchServe; TorchScript behind
libtorch's server against gunicorn + Flask. All run as plain processes of this machine, outside of
sandboxes, with as many workers and one thread a worker. For sixteen connections `ratio` is our rate
over the other's."""
import contextlib
import functools
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import urllib.error
import urllib.request

import serving_peers
from bench_invoke import figures_of, npy
from figures import interleaved, medians, ratio_of_pairs, report
from harness import BIN, ROOT, wait_for
from load_runs import as_bytes, free_port, load

PYTHON = serving_peers.PYTHON
ROUNDS = 5
SECONDS = 3
WORKERS = os.cpu_count()
SLACK_US = 200
IMAGES = 16
WARM_UPS = 3  # TorchServe's Java takes its time
TYPES = {"Content-Type": "application/x-npy", "Accept": "application/x-npy"}
SAVE_MODEL = """
import mnist, os, torch
torch.manual_seed(1)
torch.save(torch.nn.DataParallel(mnist.Net()).state_dict(),
           os.path.join(os.environ["SM_MODEL_DIR"], "model.pth"))
"""
SAVE_SCRIPT = """
import mnist, os, torch
torch.manual_seed(1)
torch.jit.script(mnist.Net().eval()).save(os.path.join(os.environ["SM_MODEL_DIR"], "model.pt"))
"""


class Model:
    """The folder of a model whose weights are as they began: they cost what others cost. `script`:
    TorchScript, without code."""

    def __init__(self, script):
        self.base = pathlib.Path(tempfile.mkdtemp(prefix="trainyard-bench-"))
        model = self.base / "model"
        code = self.base / "code" if script else model / "code"
        for folder in (model, code):
            folder.mkdir(parents=True)
        shutil.copy(ROOT / "examples" / "mnist" / "mnist.py", code)
        self.body = self.base / "body"
        self.body.write_bytes(npy(1))
        self.environment = {
            "PATH": "/usr/bin:/bin", "OMP_NUM_THREADS": "1", "SM_MODEL_DIR": str(model),
            "PYTHONDONTWRITEBYTECODE": "1", "SAGEMAKER_BASE_DIR": str(self.base)}
        if not script:
            self.environment["SAGEMAKER_PROGRAM"] = "mnist.py"
        self.path = ":".join(map(str, (code, ROOT / "python" / "shims",
                                       ROOT / "python" / "worker", ROOT / "bench")))
        self.python("-c", SAVE_SCRIPT if script else SAVE_MODEL)

    def python(self, *arguments):
        return subprocess.run([PYTHON, *map(str, arguments)], check=True, text=True,
                              stdout=subprocess.PIPE,
                              env={**self.environment, "PYTHONPATH": self.path}).stdout

    def bare(self):
        return {"p50_us": float(self.python(ROOT / "bench" / "serving_functions.py", self.body,
                                            SECONDS))}

    def bare_rate(self):
        """The loop on all processors at once: no server can do more."""
        command = [PYTHON, ROOT / "bench" / "serving_functions.py", self.body, str(SECONDS)]
        loops = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True,
                                  env={**self.environment, "PYTHONPATH": self.path})
                 for _ in range(WORKERS)]
        return {"per_second": sum(1e6 / float(loop.communicate()[0]) for loop in loops)}

    @contextlib.contextmanager
    def served(self, command, endpoint="/invocations", **environment):
        """HOST:PORT of a server that runs while the block does; PORT in its command and variables
        is replaced."""
        port = free_port()

        def told(text):
            return str(text).replace("PORT", str(port))
        variables = {**self.environment, "SAGEMAKER_BIND_TO_PORT": "PORT", **environment}
        with open(self.base / "log", "a") as log:
            process = subprocess.Popen(
                list(map(told, command)), stdout=log, stderr=log, process_group=0,
                env={name: told(value) for name, value in variables.items()})
        request = urllib.request.Request(f"http://127.0.0.1:{port}{endpoint}",
                                         self.body.read_bytes(), TYPES)
        try:
            def ready():
                if process.poll() is not None:
                    raise RuntimeError((self.base / "log").read_text())
                with contextlib.suppress(OSError, urllib.error.HTTPError):
                    return urllib.request.urlopen(request)
            wait_for(ready, 60, "answer")
            address = f"127.0.0.1:{port}"
            for _ in range(WARM_UPS):
                load(address, 16, *self.requests(endpoint))
            yield address
        finally:
            os.killpg(process.pid, signal.SIGTERM)  # TorchServe's script leaves its Java alone
            process.wait(timeout=60)

    def ours(self, workers=WORKERS):
        return self.served([BIN / "trainyard-toolkit", "serve"],
                           SAGEMAKER_MODEL_SERVER_WORKERS=str(workers))

    def flask(self):
        return self.served(serving_peers.flask(WORKERS), PYTHONPATH=self.path)

    def torchserve(self):
        command, variables = serving_peers.torchserve(WORKERS, self.base)
        return self.served(command, serving_peers.ENDPOINTS["torchserve"], PYTHONPATH=self.path,
                           **variables)

    def requests(self, endpoint="/invocations"):
        """Of different images: joint answers for equal ones would prove nothing."""
        return [as_bytes("localhost", endpoint, TYPES, npy(1, number / IMAGES))
                for number in range(IMAGES)]


def latency(model):
    requests = model.requests()
    with model.ours(1) as ours:
        samples = figures_of(interleaved(ROUNDS, ours=lambda: load(ours, 1, *requests),
                                         bare=model.bare), "p50_us")
    middle = medians(samples)
    report("serving.bare_p50", middle["bare"], "us")
    report("serving.python_p50", middle["ours"], "us",
           f"<={1.5 * middle['bare'] + SLACK_US:.0f} (1.5 of bare_p50 and {SLACK_US} us)",
           ratio_of_pairs(samples, "ours", "bare"))


def rates(model, servers, **others):
    """Of each server, and of what else there is, in turn: one that waits takes nothing."""
    with contextlib.ExitStack() as stack:
        runs = dict(others)
        for name, server in servers.items():
            address = stack.enter_context(server())
            endpoint = serving_peers.ENDPOINTS.get(name, "/invocations")
            runs[name] = functools.partial(load, address, 16, *model.requests(endpoint))
        return figures_of(interleaved(ROUNDS, **runs), "per_second")


def python_rate(model):
    samples = rates(model, {"ours": model.ours, "flask": model.flask,
                            "torchserve": model.torchserve}, bare=model.bare_rate)
    middle = medians(samples)
    report("serving.bare_rate", middle["bare"], "1/s")
    report("serving.flask_rate_16", middle["flask"], "1/s")
    report("serving.torchserve_rate_16", middle["torchserve"], "1/s")
    for peer, limit in (("flask", 3), ("torchserve", 2)):
        report(f"serving.python_to_{peer}", middle["ours"], "1/s", f">={limit} of {peer}_rate_16",
               ratio_of_pairs(samples, "ours", peer))
    report("serving.python_to_bare", middle["ours"], "1/s", None,
           ratio_of_pairs(samples, "ours", "bare"))


def script_rate(model):
    samples = rates(model, {"ours": model.ours, "flask": model.flask})
    middle = medians(samples)
    report("serving.script_flask_rate_16", middle["flask"], "1/s")
    report("serving.script_to_flask", middle["ours"], "1/s", ">=5 of script_flask_rate_16",
           ratio_of_pairs(samples, "ours", "flask"))


def main():
    for script, benchmarks in ((False, (latency, python_rate)), (True, (script_rate,))):
        model = Model(script)
        for benchmark in benchmarks:
            benchmark(model)
        shutil.rmtree(model.base)


if __name__ == "__main__":
    main()
