"""A peer of its own for Sealpost's end-to-end encryption, on the PyPI packages DoubleRatchet, X3DH and cryptography.

Written from docs/e2ee.md, sharing no code with the Swift side. Reads one JSON object a line from stdin and answers each
with one line on stdout; byte strings are hexadecimal. Operations:

    bundle   {one_time}             -> {identity_key, signed_prekey, one_time_prekey, kem_prekey}
    open     {bundle}               -> {}            opens a session as initiator
    send     {plaintext}            -> {envelope}
    receive  {envelope}             -> {plaintext} or {error}
"""

import asyncio
import hashlib
import hmac
import json
import sys
import types

import doubleratchet
import nacl.signing
import x3dh
import x3dh.base_state
import x3dh.identity_key_pair
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import mlkem
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from doubleratchet.recommended import diffie_hellman_ratchet_curve25519

HANDSHAKE_INFO = b"Sealpost_CURVE25519_SHA-256_ML-KEM-1024"
MAX_SKIP = 1000


def u32(number):
    return number.to_bytes(4, "big")


def hkdf(salt, key_material, info, length):
    return HKDF(hashes.SHA256(), length, salt, info).derive(key_material)


class RootChainKDF(doubleratchet.KDF):
    @staticmethod
    async def derive(key, data, length):
        return hkdf(key, data, b"Sealpost_DR_root", length)


class MessageChainKDF(doubleratchet.KDF):
    @staticmethod
    async def derive(key, data, length):
        return b"".join(hmac.digest(key, bytes([byte]), "sha256") for byte in data)


class AEAD(doubleratchet.AEAD):
    @staticmethod
    def _key_and_nonce(key):
        output = hkdf(bytes(32), key, b"Sealpost_DR_msg", 44)
        return ChaCha20Poly1305(output[:32]), output[32:]

    @staticmethod
    async def encrypt(plaintext, key, associated_data):
        cipher, nonce = AEAD._key_and_nonce(key)
        return cipher.encrypt(nonce, plaintext, associated_data)

    @staticmethod
    async def decrypt(ciphertext, key, associated_data):
        cipher, nonce = AEAD._key_and_nonce(key)
        try:
            return cipher.decrypt(nonce, ciphertext, associated_data)
        except InvalidTag as error:
            raise doubleratchet.AuthenticationFailedException() from error


def encode_header(header):
    return header.ratchet_pub + u32(header.previous_sending_chain_length) + u32(header.sending_chain_length)


class DoubleRatchet(doubleratchet.DoubleRatchet):
    @staticmethod
    def _build_associated_data(associated_data, header):
        return associated_data + encode_header(header)


RATCHET = {
    "diffie_hellman_ratchet_class": diffie_hellman_ratchet_curve25519.DiffieHellmanRatchet,
    "root_chain_kdf": RootChainKDF,
    "message_chain_kdf": MessageChainKDF,
    # The new chain key comes first in what the package's chains expect.
    "message_chain_constant": b"\x02\x01",
    "dos_protection_threshold": MAX_SKIP,
    "max_num_skipped_message_keys": MAX_SKIP,
    "aead": AEAD,
}


class KeyAgreement(x3dh.BaseState):
    """X3DH, to which PQXDH adds the KEM's secret at the end of the key material."""

    @staticmethod
    def _encode_public_key(key_format, pub):
        return (b"\x05" if key_format is x3dh.IdentityKeyFormat.CURVE_25519 else b"\x06") + pub


class KEMSecretAppender:
    """Stands where the X3DH package derives its secret."""

    kem_secret = b""

    @staticmethod
    async def hkdf_derive(hash_function, length, salt, info, key_material):
        assert hash_function is x3dh.HashFunction.SHA_256
        return hkdf(salt, key_material + KEMSecretAppender.kem_secret, info, length)


x3dh.base_state.CryptoProviderImpl = KEMSecretAppender


def encode_kem_key(key):
    return b"\x0a" + key


def padded_size(count):
    for size in (256, 512, 1024, 2048, 4096):
        if count <= size:
            return size
    exponent = count.bit_length() - 1
    mask = (1 << (exponent - exponent.bit_length())) - 1
    return (count + mask) & ~mask


def pad(content):
    padded = content + b"\x80"
    return padded + bytes(padded_size(len(padded)) - len(padded))


def unpad(padded):
    content = padded.rstrip(b"\x00")
    if content[-1:] != b"\x80" or len(padded) != padded_size(len(content)):
        raise ValueError("padding")
    return content[:-1]


class Peer:
    def __init__(self):
        self.identity = x3dh.identity_key_pair.IdentityKeyPairSeed(hashlib.sha256(b"interop peer").digest())
        self.signing = nacl.signing.SigningKey(self.identity.seed)
        self.public_key = bytes(self.signing.verify_key)
        self.agreement = KeyAgreement.create(
            x3dh.IdentityKeyFormat.ED_25519, x3dh.HashFunction.SHA_256, HANDSHAKE_INFO, self.identity)
        self.kem_key = mlkem.MLKEM1024PrivateKey.generate()
        self.one_time_key = None
        self.ratchet = None
        self.associated_data = b""
        self.prefix = None  # the handshake, as long as it has to be repeated

    def bundle(self, request):
        kem_public = self.kem_key.public_key().public_bytes_raw()
        one_time = None
        if request["one_time"]:
            self.agreement.generate_pre_keys(1)
            self.one_time_key = next(iter(self.agreement.bundle.pre_keys))
            one_time = {"id": 2, "key": self.one_time_key.hex()}
        bundle = self.agreement.bundle
        return {
            "identity_key": self.public_key.hex(),
            "signed_prekey": {
                "id": 1, "key": bundle.signed_pre_key.hex(), "signature": bundle.signed_pre_key_sig.hex()},
            "one_time_prekey": one_time,
            "kem_prekey": {
                "id": 3, "key": kem_public.hex(),
                "signature": self.signing.sign(encode_kem_key(kem_public)).signature.hex()},
        }

    async def open(self, request):
        bundle = request["bundle"]
        identity = bytes.fromhex(bundle["identity_key"])
        kem_public = bytes.fromhex(bundle["kem_prekey"]["key"])
        nacl.signing.VerifyKey(identity).verify(
            encode_kem_key(kem_public), bytes.fromhex(bundle["kem_prekey"]["signature"]))
        one_time = bundle.get("one_time_prekey")
        KEMSecretAppender.kem_secret, kem_ciphertext = \
            mlkem.MLKEM1024PublicKey.from_public_bytes(kem_public).encapsulate()
        self.secret, self.associated_data, header = await self.agreement.get_shared_secret_active(
            x3dh.Bundle(
                identity_key=identity, signed_pre_key=bytes.fromhex(bundle["signed_prekey"]["key"]),
                signed_pre_key_sig=bytes.fromhex(bundle["signed_prekey"]["signature"]),
                pre_keys=frozenset([bytes.fromhex(one_time["key"])] if one_time else [])),
            encode_kem_key(kem_public), require_pre_key=False)
        self.recipient_key = header.signed_pre_key
        self.ratchet = None
        self.prefix = (
            b"\x01\x01" + self.public_key + header.ephemeral_key + u32(bundle["signed_prekey"]["id"])
            + u32(one_time["id"] if one_time else 0) + u32(bundle["kem_prekey"]["id"]) + kem_ciphertext)
        return {}

    async def send(self, request):
        plaintext = pad(bytes.fromhex(request["plaintext"]))
        if self.ratchet is None:
            self.ratchet, message = await DoubleRatchet.encrypt_initial_message(
                **RATCHET, shared_secret=self.secret, recipient_ratchet_pub=self.recipient_key, message=plaintext,
                associated_data=self.associated_data)
        else:
            message = await self.ratchet.encrypt_message(plaintext, self.associated_data)
        prefix = self.prefix or b"\x01\x02"
        return {"envelope": (prefix + encode_header(message.header) + message.ciphertext).hex()}

    async def receive(self, request):
        envelope = bytes.fromhex(request["envelope"])
        handshake = None
        if envelope[:2] == b"\x01\x01":
            handshake, rest = envelope[2:1646], envelope[1646:]
        else:
            rest = envelope[2:]
        header = doubleratchet.Header(
            rest[:32], int.from_bytes(rest[32:36], "big"), int.from_bytes(rest[36:40], "big"))
        message = doubleratchet.EncryptedMessage(header, rest[40:])
        try:
            if self.ratchet is None:
                plaintext = await self.accept(handshake, message)
            else:
                plaintext = await self.ratchet.decrypt_message(message, self.associated_data)
                self.prefix = None
            return {"plaintext": unpad(plaintext).hex()}
        except doubleratchet.AuthenticationFailedException:
            return {"error": "authentication-failed"}
        except doubleratchet.DuplicateMessageException:
            return {"error": "duplicate"}
        except doubleratchet.DoSProtectionException:
            return {"error": "too-many-skipped"}

    async def accept(self, handshake, message):
        identity, ephemeral = handshake[:32], handshake[32:64]
        spk_id, opk_id, kem_id = (int.from_bytes(handshake[at:at + 4], "big") for at in (64, 68, 72))
        assert (spk_id, kem_id) == (1, 3) and opk_id in (0, 2)
        KEMSecretAppender.kem_secret = self.kem_key.decapsulate(handshake[76:])
        secret, self.associated_data, signed_prekey = await self.agreement.get_shared_secret_passive(
            x3dh.Header(
                identity_key=identity, ephemeral_key=ephemeral, pre_key=self.one_time_key if opk_id else None,
                signed_pre_key=self.agreement.bundle.signed_pre_key),
            encode_kem_key(self.kem_key.public_key().public_bytes_raw()), require_pre_key=False)
        self.ratchet, plaintext = await DoubleRatchet.decrypt_initial_message(
            **RATCHET, shared_secret=secret, own_ratchet_priv=signed_prekey.priv, message=message,
            associated_data=self.associated_data)
        return plaintext


async def main():
    peer = Peer()
    for line in sys.stdin:
        request = json.loads(line)
        answer = getattr(peer, request["op"])(request)
        if isinstance(answer, types.CoroutineType):
            answer = await answer
        print(json.dumps(answer), flush=True)


asyncio.run(main())
