"""What schemathesis cannot know of Sealpost: who may call, which requests end the caller's session, and which keys,
signatures and envelopes are good. Loaded by schemathesis through SCHEMATHESIS_HOOKS."""

import base64
import collections
import os
import sys

import schemathesis
from nacl.signing import SigningKey
from schemathesis import GenerationMode

sys.path.insert(0, os.path.dirname(__file__))

from world import PASSWORD, World, b64  # noqa: E402

world = World(os.environ["SEALPOST_URL"])
calls: collections.Counter = collections.Counter()

# Each call of these is made by an account of its own.
FINAL = {
    "changeAccount", "deleteAccount", "setAccountKey", "changeDeviceList", "registerDevice", "removeDevice",
    "endSession", "createToken", "revokeToken",
}
# Complaints about what the description itself says: never an answer to a request that follows it.
COMPLAINTS = {
    "malformed_json", "invalid_utf8", "unknown_member", "missing_member", "invalid_member", "unknown_parameter",
    "invalid_parameter", "unsupported_media_type", "body_too_large",
}
# Rules between members, or of time, that a schema cannot state: operation, code, member.
RULES = {
    ("signIn", "missing_member", None), ("signIn", "invalid_member", None), ("createToken", "invalid_member", "expires"),
    ("deposit", "invalid_member", "device"), ("register", "invalid_member", "email"),
    ("changeAccount", "invalid_member", "email"),
}


def operation_id(case) -> str:
    return case.operation.definition.raw["operationId"]


@schemathesis.auth(refresh_interval=None)
class Caller:
    def get(self, case, context):
        return world.other().token if operation_id(case) in FINAL else world.alice.token

    def set(self, case, data, context):
        case.headers["Authorization"] = f"Bearer {data}"


@schemathesis.hook
def before_call(context, case, kwargs):
    wait_briefly(case)
    if case.meta is not None and case.meta.generation.mode != GenerationMode.POSITIVE:
        return
    name = operation_id(case)
    calls[name] += 1
    # Of three requests that follow the description one means something, too.
    if calls[name] % 3 == 1:
        mean_something(name, case)


def wait_briefly(case) -> None:
    """No answer is worth a wait of more than a second here."""
    for values in (case.query, case.body):
        if isinstance(values, dict) and str(values.get("wait", "")).isdigit() and 1 < int(values["wait"]) <= 55:
            values["wait"] = 1
    if case.headers and "wait" in str(case.headers.get("Prefer", "")):
        case.headers["Prefer"] = "wait=1"


def mean_something(name: str, case) -> None:
    token = (case.headers or {}).get("Authorization", "").removeprefix("Bearer ")
    other = world.others.get(token)
    if case.path_parameters:
        real = {
            "handle": "bob", "address": "bob.1", "device": 1, "seq": calls[name] % 30 + 1, "session": "current",
            "id": world.source.id(),
        }
        for key in case.path_parameters:
            case.path_parameters[key] = real.get(key, case.path_parameters[key])
    if name == "refresh":
        case.body = {"refresh_token": world.other().refresh_token}
    elif name == "deposit":
        case.body = {"envelopes": [{"device": 1, "content": b64(world.envelope())}], "ttl": 60}
    elif name == "depositRaw":
        case.body = world.envelope()
    elif name == "claim":
        case.body = {"request_id": world.source.id()}
    elif name == "acknowledge":
        case.body = {"through": calls[name] // 3}
    elif name == "poll":
        case.body = {"mailbox": {}, "wait": 0}
    elif name == "fetch":
        case.query = {"limit": 5}
    elif name == "signIn":
        # Not alice: an account has so many sessions, and the next one ends the one that was used least recently.
        case.body = {"handle": "bob", "password": PASSWORD}
    elif name == "register":
        case.body = {"handle": f"new{calls[name]}", "password": PASSWORD}
    elif name == "replacePrekeys":
        case.body = world.alice.long_lived(world.alice.identities[0])
    elif name == "appendPrekeys":
        case.body = world.alice.one_time(1)
    elif other is None:
        return
    elif name == "createToken":
        case.body = other.token_request()
    elif name == "revokeToken":
        case.path_parameters["id"] = other.make_token()
    elif name == "removeDevice":
        other.register_device()
    elif name == "registerDevice":
        case.body = other.registration(SigningKey(world.source.bytes(32)))
    elif name == "changeDeviceList":
        case.body = other.next_list()
        case.headers.pop("If-Match", None)
    elif name == "setAccountKey":
        key = SigningKey(world.source.bytes(32))
        case.body = {"account_key": b64(bytes(key.verify_key)), **other.next_list(key)}


@schemathesis.check
def only_sensible_complaints(ctx, response, case):
    """A request that follows the description is not told that it does not."""
    if case.meta is None or case.meta.generation.mode != GenerationMode.POSITIVE or response.status_code < 400:
        return
    problem = response.json()
    code, name = problem["code"], operation_id(case)
    if code in {"invalid_token", "expired_token"} and name != "refresh":
        raise AssertionError("the caller's own session is over: what follows is no test of anything")
    if code not in COMPLAINTS:
        return
    member = problem.get("member", "").rsplit(".")[-1]
    if (name, code, None) in RULES or (name, code, member) in RULES:
        return
    raise AssertionError(f"{code} for a request that follows the description: {problem['detail']}")
