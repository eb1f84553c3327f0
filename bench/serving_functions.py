"""The four functions of examples/mnist/mnist.py as our workers call them, its own model_fn and
PyTorch's defaults, in a bare loop."""
import os
import sys

from trainyard_worker.frameworks import PyTorch

import mnist

_HANDLER = PyTorch()
MODEL = mnist.model_fn(os.environ["SM_MODEL_DIR"])
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
