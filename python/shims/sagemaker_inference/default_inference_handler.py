"""What is done where a script has no function of its own; handlers of frameworks derive from it."""
from sagemaker_inference import decoder, encoder, errors, utils


def _missing(name):
    return NotImplementedError(
        f"There is no default {name} for this framework: define {name} in the script.")


class DefaultInferenceHandler:
    """Reads and writes arrays; loading and predicting are the script's."""

    def default_model_fn(self, model_dir, context=None):
        """The model in the folder."""
        raise _missing("model_fn")

    def default_input_fn(self, input_data, content_type, context=None):
        """The body as predict_fn wants it."""
        return decoder.decode(input_data, content_type)

    def default_predict_fn(self, data, model, context=None):
        """The model's answer."""
        raise _missing("predict_fn")

    def default_output_fn(self, prediction, accept, context=None):
        """(body, its content type): the first type of the Accept field that can be written."""
        for content_type in utils.parse_accept(accept):
            if content_type in encoder.SUPPORTED_CONTENT_TYPES:
                return encoder.encode(prediction, content_type), content_type
        raise errors.UnsupportedFormatError(accept)
