# SPDX-License-Identifier: LGPL-2.1-or-later
"""A device of one's own in the trust handshake, written from its description
(protocol, "Trust"): keys by the openssl command, HTTP by hand. What it says may
be anything."""

import base64
import hashlib
import json
import re
import socket
import ssl
import struct
import subprocess
import threading

import attacker

MODULUS = 10 ** 6  # of the digits
NONCE = 32  # bytes
HELD = 90  # s that an answer may take: a question is held for 60
EXPIRES_IN = 300  # s


def b64(data):
    return base64.b64encode(data).decode()


def unb64(text):
    return base64.b64decode(text, validate=True)


def _openssl(*arguments, data=None):
    return subprocess.run(["openssl", *arguments], input=data, check=True,
                          capture_output=True, timeout=60).stdout


def device_id(spki):
    text = base64.b32encode(hashlib.sha256(spki).digest()).decode()
    return "-".join(re.findall("....", text.rstrip("=")))


def commitment(nonce, spki):
    return hashlib.sha256(b"vm2 commit" + nonce + spki).digest()


def _field(data):
    return struct.pack(">I", len(data)) + data


def _side(spki, nonce):
    return _field(spki) + _field(device_id(spki).encode()) + _field(nonce)


def _digits(text):
    return f"{int.from_bytes(text.digest(), 'big') % MODULUS:06}"


def digits(approver, approver_nonce, requester, requester_nonce):
    """What both show; approver and requester are keys."""
    return _digits(hashlib.sha256(
        _field(b"vm2 sas") + _side(approver, approver_nonce)
        + _side(requester, requester_nonce)))


def grind(approver, approver_nonce, requester, wanted):
    """A nonce of the requester's by which these digits come out."""
    text = hashlib.sha256(
        _field(b"vm2 sas") + _side(approver, approver_nonce)
        + _side(requester, bytes(NONCE))[:-NONCE])
    wanted = int(wanted)
    for number in range(100 * MODULUS):
        nonce = number.to_bytes(NONCE, "big")
        guess = text.copy()
        guess.update(nonce)
        if int.from_bytes(guess.digest(), "big") % MODULUS == wanted:
            return nonce
    raise AssertionError("no nonce is left")


class Peer:
    """A key with its certificate, on a host of the lab."""

    def __init__(self, host, name):
        self.host = host
        self.name = name
        self.pem = attacker.certificate(host, name)
        self.spki = _openssl("pkey", "-in", self.pem, "-pubout", "-outform",
                             "DER")
        self.id = device_id(self.spki)

    def ask(self, address, method, path, body=None):
        """(status, answer), over a connection of its own."""
        def run():
            with attacker.connect(address, pem=self.pem,
                                  timeout=HELD) as sock:
                return attacker.ask(sock, method, path,
                                    f"{address}:{attacker.PORT}", body)
        status, _, data = attacker.inside(self.host, run)
        return status, json.loads(data)

    def request(self, address, nonce, **more):
        """Of trust, with what commits to the nonce: (status, answer)."""
        return self.ask(address, "POST", "/trust/request", {
            "deviceId": self.id, "pubKey": b64(self.spki), "name": self.name,
            "commit": b64(commitment(nonce, self.spki)), **more})

    def reveal(self, address, request_id, nonce):
        return self.ask(address, "POST", "/trust/reveal",
                        {"requestId": request_id, "nonce": b64(nonce)})

    def poll(self, address, request_id):
        return self.ask(address, "GET", "/trust/request/" + request_id)

    def prove(self, address, request_id, signature):
        return self.ask(address, "POST", "/trust/proof",
                        {"requestId": request_id, "signature": signature})

    def proof(self, approver, approver_nonce, nonce, challenge):
        """This device's signature of the exchange; approver is a key."""
        signed = b"".join(_field(part) for part in (
            b"vm2 trust", b"proof", b"requester",
            device_id(approver).encode(), self.id.encode(), approver_nonce,
            nonce, challenge, struct.pack(">Q", EXPIRES_IN)))
        der = _openssl("dgst", "-sha256", "-sign", self.pem, data=signed)
        first = 4 + der[3]  # SEQUENCE { INTEGER r, INTEGER s }
        r, s = der[4:first], der[first + 2:]
        return b64(b"".join(
            int.from_bytes(n, "big").to_bytes(32, "big") for n in (r, s)))


class Middle:
    """A server that shows a peer's key and answers as it is told to:
    answer(method, path, body) -> (status, object)."""

    def __init__(self, peer, port, answer):
        self.answer = answer
        self.seen = []  # the requests
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(peer.pem)
        self.listener = attacker.inside(
            peer.host, socket.create_server, ("", port))
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self):
        self.listener.close()

    def _accept(self):
        while True:
            try:
                sock, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(sock,),
                             daemon=True).start()

    def _serve(self, sock):
        try:
            with self.context.wrap_socket(sock, server_side=True) as tls:
                while self._one(tls):
                    pass
        except OSError:
            pass

    def _one(self, sock):
        data = b""
        while b"\r\n\r\n" not in data:
            piece = sock.recv(65536)
            if not piece:
                return False
            data += piece
        head, _, body = data.partition(b"\r\n\r\n")
        size = re.search(rb"content-length: *(\d+)", head, re.IGNORECASE)
        while size and len(body) < int(size[1]):
            body += sock.recv(65536)
        method, path = head.decode().split(" ")[:2]
        self.seen.append(f"{method} {path}")
        status, answer = self.answer(
            method, path, json.loads(body) if body else None)
        text = json.dumps(answer).encode()
        sock.sendall(b"HTTP/1.1 %d Answer\r\nContent-Type: application/json"
                     b"\r\nContent-Length: %d\r\n\r\n" % (status, len(text))
                     + text)
        return True
