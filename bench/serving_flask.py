"""The same model behind Flask, for gunicorn: what people write by hand."""
import io
import os

import flask
import numpy
import torch

import mnist

FOLDER = os.environ["SM_MODEL_DIR"]
SCRIPT = os.path.join(FOLDER, "model.pt")
MODEL = torch.jit.load(SCRIPT) if os.path.exists(SCRIPT) else mnist.model_fn(FOLDER)
MODEL.eval()

app = flask.Flask(__name__)


@app.route("/ping")
def ping():
    return ""


@app.route("/invocations", methods=["POST"])
def invocations():
    images = torch.from_numpy(numpy.load(io.BytesIO(flask.request.get_data())))
    with torch.no_grad():
        answer = MODEL(images)
    body = io.BytesIO()
    numpy.save(body, answer.numpy().astype("float64"))
    return flask.Response(body.getvalue(), content_type="application/x-npy")
