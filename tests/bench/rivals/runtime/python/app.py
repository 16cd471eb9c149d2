"""Echo on awslambdaric, which makes every event a dict and every answer JSON again."""

import os


def handler(event, context):
    if "crash" in event:
        os.abort()
    return event
