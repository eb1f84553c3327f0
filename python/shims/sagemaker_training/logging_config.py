"""The toolkit's logger."""
import logging
import sys


def get_logger():
    return logging.getLogger("sagemaker-training-toolkit")


def configure_logger(level, log_format="%(asctime)s %(name)-12s %(levelname)-8s %(message)s"):
    logging.basicConfig(format=log_format, level=level, stream=sys.stdout)
