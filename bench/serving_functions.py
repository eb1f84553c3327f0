"""The four functions of examples/mnist/mnist.py as a model server calls them: its own model_fn, or
for TorchScript the default, and PyTorch's other defaults. What the bare loop and the other servers
have in common with our workers."""
import os
import sys

from trainyard_worker.frameworks import PyTorch

import mnist

_HANDLER = PyTorch()
_FOLDER = os.environ["SM_MODEL_DIR"]
_SCRIPT = os.path.exists(os.path.join(_FOLDER, "model.pt"))
MODEL = (_HANDLER.default_model_fn if _SCRIPT else mnist.model_fn)(_FOLDER)
CONTENT_TYPE = "application/x-npy"


def answer(body, content_type, accept):
    data = _HANDLER.default_input_fn(body, content_type)
    return _HANDLER.default_output_fn(_HANDLER.default_predict_fn(data, MODEL), accept)


def loop(body, seconds):
    """Calls them again and again; the median in microseconds."""
    import statistics
    import time
    times = []
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        begin = time.perf_counter()
        answer(body, CONTENT_TYPE, CONTENT_TYPE)
        times.append(time.perf_counter() - begin)
    return statistics.median(times) * 1e6


if __name__ == "__main__":
    with open(sys.argv[1], "rb") as file:
        print(loop(file.read(), float(sys.argv[2])))
