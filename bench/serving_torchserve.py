"""The model as TorchServe's handler."""
import serving_by_hand


def handle(data, context):
    """Called with nothing when the worker starts; then with a batch of one."""
    if not data:
        return None
    context.set_response_content_type(0, serving_by_hand.CONTENT_TYPE)
    return [serving_by_hand.answer(data[0]["body"])]
