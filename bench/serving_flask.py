"""The model behind Flask, for gunicorn."""
import flask

import serving_by_hand

app = flask.Flask(__name__)


@app.route("/ping")
def ping():
    return ""


@app.route("/invocations", methods=["POST"])
def invocations():
    return flask.Response(serving_by_hand.answer(flask.request.get_data()),
                          content_type=serving_by_hand.CONTENT_TYPE)
