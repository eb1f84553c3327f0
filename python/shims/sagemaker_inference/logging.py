"""The toolkit's logger."""
import logging


def configure_logger():
    """Adds a handler that tells time, name and level."""
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(asctime)s - %(name)s - %(levelname)s - %(message)s"))
    get_logger().addHandler(handler)


def get_logger():
    return logging.getLogger("sagemaker-inference")
