"""The same functions as TorchServe's handler."""
import serving_functions


def handle(data, context):
    """Called with nothing when the worker starts; then with a batch of one."""
    if not data:
        return None
    body, content_type = serving_functions.answer(data[0]["body"], serving_functions.CONTENT_TYPE,
                                                  serving_functions.CONTENT_TYPE)
    context.set_response_content_type(0, content_type)
    return [body]
