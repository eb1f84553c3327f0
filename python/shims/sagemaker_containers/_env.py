"""sagemaker_training.environment under its older names, and a model server's settings."""
import os

from sagemaker_training import params
from sagemaker_training.environment import *  # noqa: F401,F403
from sagemaker_training.environment import Environment, base_dir, model_dir, num_cpus, num_gpus

TrainingEnv = Environment


class ServingEnv:
    """What a model server is told by its variables."""

    def __init__(self):
        variables = os.environ
        self.base_dir = base_dir
        self.model_dir = model_dir
        self.num_cpus, self.num_gpus = num_cpus(), num_gpus()
        self.user_entry_point = variables.get(params.USER_PROGRAM_ENV)
        self.module_dir = variables.get(params.SUBMIT_DIR_ENV,
                                        os.path.join(model_dir, "code"))
        program = self.user_entry_point or ""
        self.module_name = program[:-3] if program.endswith(".py") else program
        self.model_server_workers = int(variables.get(params.MODEL_SERVER_WORKERS_ENV)
                                        or self.num_cpus)
        self.model_server_timeout = int(variables.get(params.MODEL_SERVER_TIMEOUT_ENV) or 60)
        self.default_accept = variables.get(params.DEFAULT_INVOCATIONS_ACCEPT_ENV,
                                            "application/json")
        self.http_port = variables.get("SAGEMAKER_BIND_TO_PORT", "8080")
        self.framework_module = variables.get(params.FRAMEWORK_SERVING_MODULE_ENV)
