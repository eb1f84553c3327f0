"""sagemaker_training.entry_point_type under its older name."""
from sagemaker_training.entry_point_type import *  # noqa: F401,F403
