"""What a serving instance knows: its folders and how its model is served."""
import os

from sagemaker_inference import content_types, parameters

DEFAULT_MODULE_NAME = "inference.py"
DEFAULT_MODEL_SERVER_TIMEOUT = "60"
DEFAULT_HTTP_PORT = "8080"

base_dir = os.environ.get(parameters.BASE_PATH_ENV) or os.path.join("/opt", "ml")
model_dir = os.path.join(base_dir, "model")
code_dir = os.path.join(model_dir, "code")


def _value(name, otherwise=None):
    return os.environ.get(name) or otherwise


class Environment:
    """A snapshot."""

    def __init__(self):
        program = _value(parameters.USER_PROGRAM_ENV, DEFAULT_MODULE_NAME)
        self.module_name = program[:-3] if program.endswith(".py") else program
        self.model_server_timeout = int(_value(parameters.MODEL_SERVER_TIMEOUT_ENV,
                                               DEFAULT_MODEL_SERVER_TIMEOUT))
        self.model_server_workers = _value(parameters.MODEL_SERVER_WORKERS_ENV)
        self.default_accept = _value(parameters.DEFAULT_INVOCATIONS_ACCEPT_ENV,
                                     content_types.JSON)
        self.inference_http_port = _value(parameters.BIND_TO_PORT_ENV, DEFAULT_HTTP_PORT)
        self.management_http_port = self.inference_http_port
        self.safe_port_range = _value(parameters.SAFE_PORT_RANGE_ENV)
