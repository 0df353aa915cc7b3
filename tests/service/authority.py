"""A real time-stamping authority on loopback: HTTP here, the stamps by `openssl ts -reply`."""

import contextlib
import http.server
import re
import shutil
import ssl
import subprocess
import threading
import time

from tests.conftest import missing

SETTINGS = """
[req]
distinguished_name = none
[none]
[root]
basicConstraints = critical,CA:true
keyUsage = critical,keyCertSign
[leaf]
basicConstraints = critical,CA:false
keyUsage = critical,digitalSignature
extendedKeyUsage = critical,timeStamping
[tsa]
default_tsa = stamps
[stamps]
serial = ./serial
crypto_device = builtin
signer_digest = sha256
default_policy = 1.2.3.4
digests = sha256
accuracy = secs:1
ess_cert_id_alg = sha256
[strict]
serial = ./serial
crypto_device = builtin
signer_digest = sha256
default_policy = 1.2.3.4
digests = sha512
"""


def openssl(*words, cwd, check=True):
    """Run the program; skip loudly (in CI: fail) where it is not."""
    path = shutil.which("openssl")
    if path is None:
        missing("openssl", "run `make test-deps` (Debian package openssl)")
    return subprocess.run(
        [path, *map(str, words)],
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=60,
        check=check,
    )


class Authority:
    """A root and a signer that it certified. folder: where root.pem lies."""

    def __init__(self, folder, name="tsa"):
        folder.mkdir()
        self.folder, self.root = folder, folder / "root.pem"
        (folder / "tsa.cnf").write_text(SETTINGS)
        (folder / "serial").write_text("01\n")
        key = (
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:P-256",
            "-nodes",
            "-config",
            "tsa.cnf",
        )
        self.run("req", "-x509", *key, "-keyout", "root.key", "-out", "root.pem", "-days", "2",
                 "-subj", f"/CN={name} root", "-extensions", "root")  # fmt: skip
        self.run("req", *key, "-keyout", "tsa.key", "-out", "tsa.csr", "-subj", f"/CN={name}")
        self.run("x509", "-req", "-in", "tsa.csr", "-CA", "root.pem", "-CAkey", "root.key",
                 "-CAcreateserial", "-days", "2", "-extfile", "tsa.cnf", "-extensions", "leaf",
                 "-out", "tsa.pem")  # fmt: skip

    def run(self, *words, check=True):
        return openssl(*words, cwd=self.folder, check=check)

    def reply(self, request, section="stamps"):
        """Return the answer to a request (DER both)."""
        (self.folder / "query").write_bytes(request)
        signer = ("-inkey", "tsa.key", "-signer", "tsa.pem", "-config", "tsa.cnf")
        files = ("-queryfile", "query", "-out", "reply")
        self.run("ts", "-reply", *files, *signer, "-section", section)
        return (self.folder / "reply").read_bytes()

    def query(self, data=None, digest=""):
        """Return a request of openssl's own, with a nonce of its own."""
        what = ("-digest", digest)
        if data is not None:
            (self.folder / "data").write_bytes(data)
            what = ("-data", "data")
        self.run("ts", "-query", *what, "-sha256", "-cert", "-out", "own")
        return (self.folder / "own").read_bytes()

    def shown(self, kind, data):
        """Return what openssl reads in a -query or a -reply."""
        (self.folder / "shown").write_bytes(data)
        return self.run("ts", f"-{kind}", "-in", "shown", "-text").stdout

    def why_not(self, folder, name):
        """Return what openssl says against a stamp of a package, "" where it verifies it."""
        done = openssl("ts", "-verify", "-data", f"{name}.txt", "-in", f"{name}.tsr", "-CAfile",
                       self.root, cwd=folder, check=False)  # fmt: skip
        return "" if done.returncode == 0 and "OK" in done.stdout else done.stderr


def imprint_in(text):
    """Return the imprint in what openssl shows, in hex."""
    dump = text.split("Message data:")[1]
    rows = re.findall(r"^ +[0-9a-f]{4} - ([0-9a-f -]{47})", dump, re.MULTILINE)
    return re.sub(r"[ -]", "", "".join(rows))


class Server:
    """Answers each request as `play(request)` says: (status, octets or pieces of them), or
    None: it does not.
    """

    def __init__(self, play, port=0, context=None):
        self.play, self.seen, self.over = play, [], threading.Event()
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                request = self.rfile.read(int(self.headers["Content-Length"]))
                outer.seen.append((self.headers["Content-Type"], request))
                answer = outer.play(request)
                if answer is None:
                    outer.over.wait(60.0)
                    return
                self.send_response(answer[0])
                self.send_header("Content-Type", "application/timestamp-reply")
                self.end_headers()
                with contextlib.suppress(OSError):
                    for piece in [answer[1]] if isinstance(answer[1], bytes) else answer[1]:
                        self.wfile.write(piece)

            def log_message(self, *_):
                pass

        self.http = http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self.http.daemon_threads = True
        if context is not None:
            self.http.socket = context.wrap_socket(self.http.socket, server_side=True)
        scheme = "http" if context is None else "https"
        self.url = f"{scheme}://localhost:{self.http.server_port}/tsr"

    def __enter__(self):
        threading.Thread(target=self.http.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.http.shutdown()
        self.http.server_close()


def tls_context(folder, name):
    """Return the context of a server with a certificate of `tests.service.certificates`."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / f"{name}.crt", folder / f"{name}.key")
    return context


def drip(over):
    """Yield an octet now and then, until told to end."""
    while not over.wait(0.02):
        yield b"\0"


def until(condition, timeout_s=60.0):
    """Wait for what another thread does."""
    end = time.monotonic() + timeout_s
    while not (found := condition()):
        assert time.monotonic() < end, "it did not come about"
        time.sleep(0.01)
    return found
