"""How a program reports: one line per check, its name, a tab and the result as JSON."""

import datetime
import decimal
import json
import os
import uuid


def dsn():
    return os.environ["DRIVER_DSN"]


def plain(value):
    """The value as JSON can hold it, with the type where JSON would hide it."""
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, float):
        return f"float {value!r}"
    if isinstance(value, (bytes, bytearray, memoryview)):
        return "bytes " + bytes(value).hex()
    if isinstance(value, decimal.Decimal):
        return f"decimal {value}"
    if isinstance(value, (datetime.datetime, datetime.date, datetime.time)):
        return f"{type(value).__name__} {value.isoformat()}"
    if isinstance(value, (datetime.timedelta, uuid.UUID)):
        return f"{type(value).__name__} {value}"
    if hasattr(value, "items"):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, (set, frozenset)):
        return sorted(plain(v) for v in value)
    if isinstance(value, (list, tuple)):
        return [plain(v) for v in value]
    return f"{type(value).__name__} {value!r}"


def failure(error):
    """The type of an error, its SQLSTATE and the first line of its message."""
    cause = getattr(error, "orig", None) or error
    state = getattr(cause, "sqlstate", None) or getattr(cause, "pgcode", None)
    return {"error": type(cause).__name__, "state": state, "message": str(cause).split("\n")[0]}


def emit(name, result):
    print(f"{name}\t{json.dumps(plain(result), ensure_ascii=False)}", flush=True)


def check(name, run, after_error=None):
    """Runs one check and prints its line, whatever happens."""
    try:
        result = run()
    except Exception as error:  # the error is the result
        result = failure(error)
        if after_error:
            after_error()
    emit(name, result)


async def check_async(name, run):
    try:
        result = await run()
    except Exception as error:  # the error is the result
        result = failure(error)
    emit(name, result)
