"""Accounts, devices and mail of a throw-away server, for requests that mean something."""

import base64
import hashlib
import itertools
import struct
from datetime import datetime, timedelta, timezone

import requests
from nacl.signing import SigningKey

PASSWORD = "correct horse battery staple"


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def string(text: str) -> bytes:
    return bytes([len(text)]) + text.encode()


class Source:
    """Bytes that look random and are the same in every run."""

    def __init__(self) -> None:
        self.count = itertools.count()

    def bytes(self, length: int) -> bytes:
        return hashlib.shake_256(f"sealpost{next(self.count)}".encode()).digest(length)

    def id(self) -> str:
        return base64.urlsafe_b64encode(self.bytes(16)).decode().rstrip("=")


class Account:
    """One account with an account key, the session that it began with, and at most one device of its own."""

    def __init__(self, world: "World", handle: str) -> None:
        self.world = world
        self.handle = handle
        self.key = SigningKey(world.source.bytes(32))
        body = {"handle": handle, "password": PASSWORD, "account_key": b64(bytes(self.key.verify_key))}
        answer = world.call("POST", "/v1/accounts", body)
        self.token = answer["session"]["access_token"]
        self.refresh_token = answer["session"]["refresh_token"]
        self.lists: list[bytes] = []
        self.identities: list[SigningKey] = []
        self.key_ids = itertools.count(1)

    @staticmethod
    def token_request() -> dict:
        tomorrow = datetime.now(timezone.utc) + timedelta(days=1)
        return {"name": "script", "scopes": ["account"], "expires": tomorrow.strftime("%Y-%m-%dT%H:%M:%SZ")}

    def make_token(self) -> str:
        """The id of a new API token."""
        return self.world.call("POST", "/v1/tokens", self.token_request(), self.token)["id"]

    # Devices

    def signed(self, identity: SigningKey, label: bytes, length: int) -> dict:
        key = self.world.source.bytes(length)
        return {"id": next(self.key_ids), "key": b64(key), "signature": b64(identity.sign(label + key).signature)}

    def long_lived(self, identity: SigningKey) -> dict:
        key, number, created = self.world.source.bytes(1216), next(self.key_ids), 1795326660
        signed = b"SealpostSK\x01" + struct.pack(">IQ", number, created) + key
        return {
            "signed_prekey": self.signed(identity, b"\x05", 32),
            "last_resort_kem_prekey": self.signed(identity, b"\x0a", 1568),
            "sealing_key": {
                "id": number, "created": created, "key": b64(key), "signature": b64(identity.sign(signed).signature),
            },
        }

    def registration(self, identity: SigningKey) -> dict:
        challenge = base64.b64decode(self.world.call("POST", "/v1/sessions/challenge")["challenge"])
        proof = identity.sign(b"SealpostDevice\x01" + challenge + string(self.handle)).signature
        return {
            "name": "laptop", "identity_key": b64(bytes(identity.verify_key)), "challenge": b64(challenge),
            "proof": b64(proof), **self.long_lived(identity),
        }

    def register_device(self) -> None:
        """From now on the account's token is that of a device."""
        identity = SigningKey(self.world.source.bytes(32))
        answer = self.world.call("POST", "/v1/devices", self.registration(identity), self.token)
        self.token = answer["session"]["access_token"]
        self.identities.append(identity)
        self.world.call("PUT", "/v1/account/device-list", self.next_list(), self.token)
        self.world.call("POST", f"/v1/devices/{answer['device']}/one-time-prekeys", self.one_time(20), self.token)

    def one_time(self, count: int) -> dict:
        identity = self.identities[-1]
        return {
            "one_time_prekeys": [
                {"id": next(self.key_ids), "key": b64(self.world.source.bytes(32))} for _ in range(count)
            ],
            "one_time_kem_prekeys": [self.signed(identity, b"\x0a", 1568) for _ in range(count)],
        }

    def next_list(self, key: SigningKey | None = None) -> dict:
        """The signed successor of the last list, of all devices."""
        key = key or self.key
        previous = hashlib.sha256(self.lists[-1]).digest() if self.lists else bytes(32)
        data = b"SealpostDL\x01" + string(self.handle) + struct.pack(">Q", len(self.lists) + 1) + previous
        data += bytes(key.verify_key) + bytes([len(self.identities)])
        for number, identity in enumerate(self.identities, 1):
            data += struct.pack(">I", number) + bytes(identity.verify_key) + struct.pack(">Q", 1795326660)
        self.lists.append(data)
        return {"list": b64(data), "signature": b64(key.sign(data).signature)}


class World:
    """Alice, who calls; bob and his mailbox; and others as they are needed."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.source = Source()
        self.handles = itertools.count()
        self.others: dict[str, Account] = {}
        self.alice = Account(self, "alice")
        self.alice.register_device()
        self.bob = Account(self, "bob")
        self.bob.register_device()
        for _ in range(30):
            path = f"/v1/mailboxes/alice.1/envelopes/{self.source.id()}"
            answer = requests.put(
                url + path, data=self.envelope(), headers={"Authorization": f"Bearer {self.bob.token}"}, timeout=10
            )
            answer.raise_for_status()

    def other(self) -> Account:
        """A new account, for what ends an account's life as it was."""
        account = Account(self, f"other{next(self.handles)}")
        self.others[account.token] = account
        return account

    def envelope(self) -> bytes:
        """An ordinary message by its frame."""
        return b"\x01\x02" + self.source.bytes(120)

    def call(self, method: str, path: str, body: dict | None = None, token: str | None = None) -> dict:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        answer = requests.request(method, self.url + path, json=body, headers=headers, timeout=10)
        if not answer.ok:
            raise RuntimeError(f"{method} {path}: {answer.status_code} {answer.text}")
        return answer.json()
