"""A small OpenID provider on loopback: discovery, a sign-in without questions, tokens, keys.

It checks what it is asked as a real one does (client, redirect, PKCE, a code counts once);
`spoil` changes the next token, as a provider that is wrong or another's would.
"""

import base64
import hashlib
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlencode, urlsplit

from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

CLIENT, SECRET = "tocsin at north", "s3cret: with+signs"


def b64(octets):
    return base64.urlsafe_b64encode(octets).decode().rstrip("=")


def whole(number, octets=None):
    return b64(number.to_bytes(octets or (number.bit_length() + 7) // 8))


RSA_KEY = rsa.generate_private_key(65537, 2048)
EC_KEY = ec.generate_private_key(ec.SECP256R1())


def jwks():
    r, e = RSA_KEY.public_key().public_numbers(), EC_KEY.public_key().public_numbers()
    return [
        {"kty": "oct", "k": b64(b"nothing of use")},
        {"kty": "RSA", "kid": "r", "use": "sig", "n": whole(r.n), "e": whole(r.e)},
        {"kty": "EC", "kid": "e", "crv": "P-256", "x": whole(e.x, 32), "y": whole(e.y, 32)},
    ]


def sign(claims, alg="RS256", head=None, key=None):
    """Return a token; head: more of its header."""
    kid = {"RS256": "r", "ES256": "e"}.get(alg)
    head = {"alg": alg, **({"kid": kid} if kid else {}), **(head or {})}
    text = f"{b64(json.dumps(head).encode())}.{b64(json.dumps(claims).encode())}"
    if alg == "RS256":
        signature = (key or RSA_KEY).sign(text.encode(), padding.PKCS1v15(), SHA256())
    elif alg == "ES256":
        r, s = decode_dss_signature((key or EC_KEY).sign(text.encode(), ec.ECDSA(SHA256())))
        signature = r.to_bytes(32) + s.to_bytes(32)
    else:
        signature = b""
    return f"{text}.{b64(signature)}"


class Provider:
    """As a context manager: `issuer` is its address, `user` who signs in next."""

    def __init__(self):
        self.user, self.alg, self.codes, self.asked = "ada", "RS256", {}, []
        self.spoil = lambda claims: claims
        self.sign = lambda claims: sign(claims, self.alg)
        self.calls_itself = None

    def __enter__(self):
        provider = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *args):
                pass

            def do_GET(self):
                provider.get(self)

            def do_POST(self):
                provider.token(self)

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.issuer = f"http://127.0.0.1:{self.server.server_address[1]}/realm"
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()
        return self

    def __exit__(self, *exc):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join(60)

    def get(self, request):
        parts = urlsplit(request.path)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        if parts.path == "/realm/.well-known/openid-configuration":
            return answer(request, {
                "issuer": self.calls_itself or self.issuer,
                "authorization_endpoint": f"{self.issuer}/authorize?tenant=1",
                "token_endpoint": f"{self.issuer}/token", "jwks_uri": f"{self.issuer}/keys",
            })  # fmt: skip
        if parts.path == "/realm/keys":
            return answer(request, {"keys": jwks()})
        assert query["client_id"] == CLIENT
        assert query["code_challenge_method"] == "S256"
        assert "openid" in query["scope"].split()
        self.asked.append(query)
        code = f"code-{len(self.asked)}"
        self.codes[code] = (query, self.user)
        request.send_response(302)
        back = urlencode({"code": code, "state": query["state"]})
        request.send_header("Location", f"{query['redirect_uri']}?{back}")
        request.end_headers()
        return None

    def token(self, request):
        body = request.rfile.read(int(request.headers["Content-Length"])).decode()
        form = {name: values[0] for name, values in parse_qs(body).items()}
        basic = base64.b64decode(request.headers["Authorization"].split(" ")[1]).decode()
        known = urlencode({"a": CLIENT, "b": SECRET}, quote_via=quote_all)
        wanted = ":".join(part.split("=")[1] for part in known.split("&"))
        found = self.codes.pop(form["code"], None)
        challenge = b64(hashlib.sha256(form["code_verifier"].encode()).digest())
        if found is None or basic != wanted or found[0]["code_challenge"] != challenge:
            return answer(request, {"error": "invalid_grant"}, 400)
        assert form["redirect_uri"] == found[0]["redirect_uri"]
        now = time.time()
        claims = {
            "iss": self.issuer, "aud": CLIENT, "sub": "17", "nonce": found[0]["nonce"],
            "iat": int(now), "exp": int(now) + 300, "preferred_username": found[1],
        }  # fmt: skip
        token = self.sign(self.spoil(claims))
        return answer(request, {"id_token": token, "access_token": "x", "token_type": "Bearer"})


def quote_all(text, safe, encoding, errors):
    from urllib.parse import quote

    return quote(text, safe="")


def answer(request, body, status=200):
    octets = json.dumps(body).encode()
    request.send_response(status)
    request.send_header("Content-Type", "application/json")
    request.send_header("Content-Length", str(len(octets)))
    request.end_headers()
    request.wfile.write(octets)
