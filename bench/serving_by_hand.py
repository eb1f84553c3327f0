"""The same model as people serve it by hand: what Flask's and TorchServe's programs share."""
import io
import os

import numpy
import torch

import mnist

CONTENT_TYPE = "application/x-npy"
_FOLDER = os.environ["SM_MODEL_DIR"]
_SCRIPT = os.path.join(_FOLDER, "model.pt")
MODEL = torch.jit.load(_SCRIPT) if os.path.exists(_SCRIPT) else mnist.model_fn(_FOLDER)
MODEL.eval()


def answer(body):
    """npy in, npy of float64 out."""
    images = torch.from_numpy(numpy.load(io.BytesIO(body)))
    with torch.no_grad():
        output = MODEL(images)
    stream = io.BytesIO()
    numpy.save(stream, output.numpy().astype("float64"))
    return stream.getvalue()
