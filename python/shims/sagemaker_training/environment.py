"""What a training instance knows: its folders, its hosts, its hyperparameters."""
import json
import logging
import os

from sagemaker_training import mapping, params

SAGEMAKER_BASE_PATH = "/opt/ml"
BASE_PATH_ENV = "SAGEMAKER_BASE_DIR"
HYPERPARAMETERS_FILE = "hyperparameters.json"
RESOURCE_CONFIG_FILE = "resourceconfig.json"
INPUT_DATA_CONFIG_FILE = "inputdataconfig.json"

base_dir = params.BASE_PATH
code_dir = os.path.join(base_dir, "code")
model_dir = os.path.join(base_dir, "model")
input_dir = os.path.join(base_dir, "input")
input_config_dir = os.path.join(input_dir, "config")
output_dir = os.path.join(base_dir, "output")
output_data_dir = os.path.join(output_dir, "data")
output_intermediate_dir = os.path.join(output_dir, "intermediate")
hyperparameters_file_dir = os.path.join(input_config_dir, HYPERPARAMETERS_FILE)
resource_config_file_dir = os.path.join(input_config_dir, RESOURCE_CONFIG_FILE)
input_data_config_file_dir = os.path.join(input_config_dir, INPUT_DATA_CONFIG_FILE)


def _read_json(path):
    with open(path, encoding="utf-8") as file:
        return json.load(file)


def _decoded(value):
    """JSON where it is JSON, else the text itself."""
    try:
        return json.loads(value)
    except (ValueError, TypeError):
        return value


def read_hyperparameters():
    return {name: _decoded(value) for name, value in _read_json(hyperparameters_file_dir).items()}


def read_resource_config():
    return _read_json(resource_config_file_dir)


def read_input_data_config():
    return _read_json(input_data_config_file_dir)


def channel_path(channel):
    """Where a channel's files are."""
    return os.path.join(input_dir, "data", channel)


def num_gpus():
    return int(os.environ.get("SM_NUM_GPUS") or 0)


def num_cpus():
    """The instance's share, not the machine."""
    return int(os.environ.get("SM_NUM_CPUS") or os.cpu_count() or 1)


def write_env_vars(env_vars=None):
    os.environ.update(env_vars or {})


class Environment(mapping.MappingMixin):
    """A snapshot; its properties can be read as a dictionary as well."""

    def __init__(self, resource_config=None, input_data_config=None, hyperparameters=None):
        self._resources = resource_config or read_resource_config()
        self._inputs = input_data_config or read_input_data_config()
        everything = hyperparameters or read_hyperparameters()
        ours = mapping.split_by_criteria(everything, keys=params.SAGEMAKER_HYPERPARAMETERS,
                                         prefix=params.SAGEMAKER_PREFIX)
        self._settings, self._hyperparameters = ours.included, ours.excluded

    def _setting(self, name, otherwise):
        value = self._settings.get(name)
        return otherwise if value is None else value

    # Folders.
    input_dir = property(lambda self: input_dir)
    input_config_dir = property(lambda self: input_config_dir)
    model_dir = property(lambda self: model_dir)
    output_dir = property(lambda self: output_dir)
    output_data_dir = property(lambda self: output_data_dir)
    output_intermediate_dir = property(lambda self: output_intermediate_dir)

    # The job.
    hyperparameters = property(lambda self: self._hyperparameters)
    resource_config = property(lambda self: self._resources)
    input_data_config = property(lambda self: self._inputs)
    num_cpus = property(lambda self: num_cpus())
    num_gpus = property(lambda self: num_gpus())
    num_neurons = property(lambda self: 0)
    framework_module = property(
        lambda self: os.environ.get(params.FRAMEWORK_TRAINING_MODULE_ENV)
        or os.environ.get("SM_FRAMEWORK_MODULE"))

    @property
    def channel_input_dirs(self):
        return {channel: channel_path(channel) for channel in self._inputs}

    @property
    def additional_framework_parameters(self):
        return {name: value for name, value in self._settings.items()
                if name not in params.SAGEMAKER_HYPERPARAMETERS}

    @property
    def user_entry_point(self):
        return self._setting(params.USER_PROGRAM_PARAM, os.environ.get(params.USER_PROGRAM_ENV))

    @property
    def module_name(self):
        program = self.user_entry_point
        return program[:-3] if program and program.endswith(".py") else program

    @property
    def module_dir(self):
        return self._setting(params.SUBMIT_DIR_PARAM, code_dir)

    @property
    def log_level(self):
        return self._setting(params.LOG_LEVEL_PARAM, logging.INFO)

    @property
    def job_name(self):
        return self._setting(params.JOB_NAME_PARAM,
                             os.environ.get(params.TRAINING_JOB_ENV, ""))

    def sagemaker_s3_output(self):
        return self._settings.get(params.S3_OUTPUT_LOCATION_PARAM)

    # The hosts.
    @property
    def hosts(self):
        return self._resources["hosts"]

    @property
    def current_host(self):
        return self._resources["current_host"]

    @property
    def network_interface_name(self):
        return self._resources.get("network_interface_name", "eth0")

    @property
    def master_hostname(self):
        return sorted(self.hosts)[0]

    @property
    def is_master(self):
        return self.current_host == self.master_hostname

    @property
    def current_instance_type(self):
        return self._resources.get("current_instance_type", "local")

    @property
    def current_instance_group(self):
        return self._resources.get("current_group_name", "homogeneousCluster")

    @property
    def instance_groups_dict(self):
        groups = self._resources.get("instance_groups") or [
            {"instance_group_name": self.current_instance_group,
             "instance_type": self.current_instance_type, "hosts": self.hosts}]
        return {group["instance_group_name"]: group for group in groups}

    @property
    def instance_groups(self):
        return list(self.instance_groups_dict)

    @property
    def current_instance_group_hosts(self):
        return self.instance_groups_dict[self.current_instance_group]["hosts"]

    @property
    def distribution_instance_groups(self):
        return self._settings.get("sagemaker_distribution_instance_groups") or []

    @property
    def distribution_hosts(self):
        groups = self.distribution_instance_groups
        if not groups:
            return self.hosts
        return [host for group in groups for host in self.instance_groups_dict[group]["hosts"]]

    @property
    def is_hetero(self):
        return len(self.instance_groups_dict) > 1

    def to_cmd_args(self):
        """The program's arguments."""
        return mapping.to_cmd_args(self.hyperparameters)

    def to_env_vars(self):
        """The SM_ variables that the program has."""
        values = {
            "hosts": self.hosts, "network_interface_name": self.network_interface_name,
            "hps": self.hyperparameters, "user_entry_point": self.user_entry_point,
            "framework_params": self.additional_framework_parameters,
            "resource_config": self.resource_config, "input_data_config": self.input_data_config,
            "output_data_dir": self.output_data_dir,
            "channels": sorted(self.channel_input_dirs), "current_host": self.current_host,
            "module_name": self.module_name, "log_level": self.log_level,
            "framework_module": self.framework_module, "input_dir": self.input_dir,
            "input_config_dir": self.input_config_dir, "output_dir": self.output_dir,
            "num_cpus": self.num_cpus, "num_gpus": self.num_gpus, "model_dir": self.model_dir,
            "module_dir": self.module_dir, "training_env": dict(self),
            "user_args": self.to_cmd_args(),
            "output_intermediate_dir": self.output_intermediate_dir}
        for channel, path in self.channel_input_dirs.items():
            values["channel_" + channel] = path
        return mapping.to_env_vars(values)
