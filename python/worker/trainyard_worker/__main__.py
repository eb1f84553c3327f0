"""python3 -u -m trainyard_worker, with the front's socket as descriptor 3."""
import faulthandler
import functools
import gc
import json
import sys
import traceback

from trainyard_worker.channel import Channel, Ended
from trainyard_worker.service import Service


@functools.lru_cache(maxsize=64)
def head_of(status, *fields):
    """The same few again and again."""
    return json.dumps({"status": status, "headers": dict(fields)}).encode("ascii")


def main():
    faulthandler.enable()  # SIGABRT of the front: this takes too long, where is it?
    channel = Channel()
    sys.argv = ["trainyard_worker"]  # scripts that look at their arguments find none
    try:
        service = Service()
    except BaseException:  # SystemExit of a script as well: there is no model
        traceback.print_exc()
        sys.exit(1)
    # What is there now stays: the collector need not look at it again and again.
    gc.collect()
    gc.freeze()
    try:
        channel.send(b'{"ready":true}')
        while True:
            head, body = channel.receive()
            status, headers, body = service.answer(head["headers"], body)
            channel.send(head_of(status, *headers.items()), body)
    except Ended:
        pass


if __name__ == "__main__":
    main()
