"""The other servers, with the model of serving_by_hand.py: gunicorn + Flask, and TorchServe."""
import json
import shutil
import subprocess

from harness import ROOT

PYTHON = "/usr/bin/python3"
PACKAGES = ["flask==3.0.3", "gunicorn==23.0.0", "torchserve==0.12.0"]
ENDPOINTS = {"torchserve": "/predictions/mnist"}


def programs():
    """A virtual environment over Debian's packages (PyTorch) with both: its folder of programs."""
    folder = ROOT / "build" / "bench-venv"
    if not (folder / "bin" / "torchserve").exists():
        subprocess.run([PYTHON, "-m", "venv", "--system-site-packages", folder], check=True)
        subprocess.run([folder / "bin" / "pip", "install", "-q", "--disable-pip-version-check",
                        *PACKAGES], check=True)
    return folder / "bin"


def flask(workers):
    return [programs() / "gunicorn", "-w", workers, "-b", "127.0.0.1:PORT", "serving_flask:app"]


def torchserve(workers, folder):
    """Command and variables; what it wants as files is made in `folder`."""
    model = folder / "store" / "mnist"
    (model / "MAR-INF").mkdir(parents=True, exist_ok=True)
    (model / "MAR-INF" / "MANIFEST.json").write_text(json.dumps({
        "runtime": "python", "archiverVersion": "0.12.0",
        "model": {"modelName": "mnist", "modelVersion": "1.0",
                  "handler": "serving_torchserve.py"}}))
    shutil.copy(ROOT / "bench" / "serving_torchserve.py", model)
    properties = folder / "torchserve.properties"
    properties.write_text("enable_envvars_config=true\n")
    command = [programs() / "torchserve", "--start", "--foreground", "--disable-token-auth",
               "--ncs", "--model-store", model.parent, "--models", "mnist=mnist", "--ts-config",
               properties]
    return command, {"TS_INFERENCE_ADDRESS": "http://127.0.0.1:PORT",
                     "TS_MANAGEMENT_ADDRESS": f"unix:{folder}/management.sock",
                     "TS_METRICS_ADDRESS": f"unix:{folder}/metrics.sock",
                     "TS_DEFAULT_WORKERS_PER_MODEL": str(workers), "LOG_LOCATION": str(folder),
                     "METRICS_LOCATION": str(folder), "TMPDIR": str(folder)}
