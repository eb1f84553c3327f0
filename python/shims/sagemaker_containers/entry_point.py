"""sagemaker_training.entry_point under its older name."""
from sagemaker_training.entry_point import *  # noqa: F401,F403
