"""The names that scripts import from here."""
from sagemaker_containers import _content_types as content_types
from sagemaker_containers import _encoders as encoders
from sagemaker_containers import _env as env
from sagemaker_containers import _errors as errors
from sagemaker_containers import _files as files
from sagemaker_containers import _functions as functions
from sagemaker_containers import _logging as logging
from sagemaker_containers import _mapping as mapping
from sagemaker_containers import _modules as modules
from sagemaker_containers import _params as params
from sagemaker_containers import _worker as worker
from sagemaker_containers import entry_point

__all__ = ["content_types", "encoders", "entry_point", "env", "errors", "files", "functions",
           "logging", "mapping", "modules", "params", "training_env", "worker"]


def training_env(resource_config=None, input_data_config=None, hyperparameters=None):
    """The instance's environment; what is not given is read from its files."""
    return env.TrainingEnv(resource_config=resource_config, input_data_config=input_data_config,
                           hyperparameters=hyperparameters)
