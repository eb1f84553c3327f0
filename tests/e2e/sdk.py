"""The real Python SDKs against a daemon of a test's own.

Tests that use this run twice, in the two environments that tools/venv makes of tools/locks: what a
call is named in SageMaker's SDK 1.x and 2.x is told apart here, and only here.
"""
import contextlib
import io
import os
import pathlib
import tempfile

import boto3
import botocore

from harness import ACCOUNT, REGION

# SageMaker's SDK 2.x tells a host of the internet of each call, unless it is told not to.
_folder = tempfile.TemporaryDirectory()
_settings = pathlib.Path(_folder.name, "config.yaml")
_settings.write_text("SchemaVersion: '1.0'\nSageMaker:\n  PythonSDK:\n    Modules:\n"
                     "      TelemetryOptOut: true\n")
os.environ["SAGEMAKER_USER_CONFIG_OVERRIDE"] = str(_settings)

import sagemaker  # noqa: E402
from sagemaker.pytorch import PyTorch  # noqa: E402

V1 = sagemaker.__version__.startswith("1.")
BUCKET = f"sagemaker-{REGION}-{ACCOUNT}"
FRAMEWORK = "1.2.0"


class EndpointSession(boto3.Session):
    """AWS_ENDPOINT_URL for a boto3 that does not know it yet (before 1.28)."""

    def client(self, *arguments, **named):
        named.setdefault("endpoint_url", os.environ["AWS_ENDPOINT_URL"])
        return super().client(*arguments, **named)

    def resource(self, *arguments, **named):
        named.setdefault("endpoint_url", os.environ["AWS_ENDPOINT_URL"])
        return super().resource(*arguments, **named)


def connect(daemon):
    """Points every client that the SDKs make at the daemon, as its root user; returns a session."""
    os.environ.update(AWS_ENDPOINT_URL=daemon.url, AWS_ACCESS_KEY_ID=daemon.key,
                      AWS_SECRET_ACCESS_KEY=daemon.secret, AWS_DEFAULT_REGION=REGION,
                      AWS_EC2_METADATA_DISABLED="true")
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN"):
        os.environ.pop(name, None)
    old = tuple(map(int, botocore.__version__.split(".")[:2])) < (1, 31)
    boto3.DEFAULT_SESSION = EndpointSession() if old else boto3.Session()
    return sagemaker.Session(boto_session=boto3.DEFAULT_SESSION, default_bucket=BUCKET)


def estimator(session, role, entry_point, instances=1, **settings):
    """A PyTorch estimator on ml.c4.xlarge."""
    shape = {"train_instance_count": instances, "train_instance_type": "ml.c4.xlarge"} if V1 else \
        {"instance_count": instances, "instance_type": "ml.c4.xlarge", "py_version": "py3"}
    return PyTorch(entry_point=str(entry_point), role=role, framework_version=FRAMEWORK,
                   sagemaker_session=session, **shape, **settings)


def predictor(endpoint, session):
    """A predictor for an endpoint that is there: numpy's format both ways."""
    if V1:
        from sagemaker.predictor import RealTimePredictor, npy_serializer, numpy_deserializer
        return RealTimePredictor(endpoint, session, npy_serializer, numpy_deserializer)
    from sagemaker.deserializers import NumpyDeserializer
    from sagemaker.predictor import Predictor
    from sagemaker.serializers import NumpySerializer
    return Predictor(endpoint, session, serializer=NumpySerializer(),
                     deserializer=NumpyDeserializer())


def speak_json(to):
    """Makes a predictor send and read JSON."""
    if V1:
        from sagemaker.predictor import json_deserializer, json_serializer
        to.serializer, to.deserializer = json_serializer, json_deserializer
        to.content_type, to.accept = json_serializer.content_type, json_deserializer.accept
    else:
        from sagemaker.deserializers import JSONDeserializer
        from sagemaker.serializers import JSONSerializer
        to.serializer, to.deserializer = JSONSerializer(), JSONDeserializer()


def endpoint_of(one):
    return one.endpoint if V1 else one.endpoint_name


@contextlib.contextmanager
def printed():
    """What the block prints; an io.StringIO."""
    text = io.StringIO()
    with contextlib.redirect_stdout(text):
        yield text
