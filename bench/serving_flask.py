"""The same functions behind Flask, for gunicorn: what people write by hand."""
import flask

import serving_functions

app = flask.Flask(__name__)


@app.route("/ping")
def ping():
    return ""


@app.route("/invocations", methods=["POST"])
def invocations():
    request = flask.request
    body, content_type = serving_functions.answer(request.get_data(), request.content_type,
                                                  request.headers["Accept"])
    return flask.Response(body, content_type=content_type)
