# SPDX-License-Identifier: LGPL-2.1-or-later
"""videomeet server: what it answers and logs, how it ends, and its file of options."""

import base64
import fcntl
import hashlib
import hmac
import http.client
import http.server
import json
import os
import pathlib
import queue
import resource
import shutil
import signal
import socket
import struct
import subprocess
import tempfile
import threading
import time

import ports

DEADLINE = 90  # s, for anything

launcher = pathlib.Path(os.environ["VM_BUILD_ROOT"]) / "tools" / "videomeet"
home = pathlib.Path(tempfile.mkdtemp(prefix="vm-server-"))
environment = {**os.environ, "XDG_CONFIG_HOME": str(home), "LC_ALL": "C.UTF-8"}
SECRET = "between-the-two"


class Server:
    all = []

    def __init__(self, *options):
        self.port = ports.take(lambda port: self.start(port, *options))

    def start(self, port, *options):
        """Whether it serves at that port."""
        self.log = []
        self.events = queue.Queue()
        self.process = subprocess.Popen(
            [launcher, "server", "--json", "--loopback", f"--port={port}", *options],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            env=environment)
        Server.all.append(self.process)
        self.reader = threading.Thread(target=self.read)
        self.reader.start()
        event = self.next()
        while event["event"] not in ("serving", "error", "end"):
            event = self.next()
        if event["event"] == "serving":
            return True
        assert event.get("code") == ports.IN_USE, self.log
        # the next one has another log
        self.process.wait(timeout=DEADLINE)
        self.reader.join()
        return False

    def next(self):
        return self.events.get(timeout=DEADLINE)

    def read(self):
        for line in self.process.stdout:
            self.log.append(line)
            self.events.put(json.loads(line))
        self.events.put({"event": "end"})

    def wait(self, name, **members):
        while True:
            event = self.next()
            assert event["event"] != "end" or name == "end", self.log
            if event["event"] == name and members.items() <= event.items():
                return event

    def get(self, path):
        connection = http.client.HTTPConnection(
            "127.0.0.1", self.port, timeout=DEADLINE)
        connection.request("GET", path, headers={"Host": "localhost"})
        answer = connection.getresponse()
        body = answer.read().decode()
        connection.close()
        return answer.status, body

    def join(self, meeting):
        connection = http.client.HTTPConnection(
            "127.0.0.1", self.port, timeout=DEADLINE)
        connection.request(
            "POST", "/meetings/join", json.dumps({"meeting": meeting, "user": "Ann"}),
            {"Host": "localhost", "Content-Type": "application/json"})
        answer = connection.getresponse()
        body = json.loads(answer.read())
        connection.close()
        return answer.status, body

    def tell(self, number):
        self.process.send_signal(number)

    def ended(self, warning=None, any_warning=False):
        status = self.process.wait(timeout=DEADLINE)
        self.reader.join()
        errors = self.process.stderr.read()
        self.process.stdout.close()
        self.process.stderr.close()
        assert status == 0, (status, errors)
        if warning:
            assert warning in errors, errors
        elif not any_warning:
            assert errors == "", errors
        return errors


class Client:
    """A WebSocket at /."""

    def __init__(self, server, path="/"):
        self.socket = socket.create_connection(
            ("127.0.0.1", server.port), timeout=DEADLINE)
        self.socket.sendall(
            b"GET " + path.encode() + b" HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n"
            b"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
            b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n")
        self.file = self.socket.makefile("rb")
        assert b" 101 " in self.file.readline()
        while self.file.readline() != b"\r\n":
            pass

    def say(self, **message):
        payload = json.dumps(message).encode()
        self.socket.sendall(
            struct.pack("!BBHI", 0x81, 0x80 | 126, len(payload), 0) + payload
            if len(payload) > 125 else
            struct.pack("!BBI", 0x81, 0x80 | len(payload), 0) + payload)

    def frame(self):
        first, size = self.file.read(2)
        if size == 126:
            size, = struct.unpack("!H", self.file.read(2))
        return first & 15, self.file.read(size)

    def hear(self, kind):
        while True:
            opcode, payload = self.frame()
            assert opcode in (1, 9), (opcode, payload)
            if opcode == 1 and json.loads(payload)["type"] == kind:
                return json.loads(payload)

    def close_code(self):
        while True:
            opcode, payload = self.frame()
            if opcode == 8:
                return struct.unpack("!H", payload[:2])[0]

    def hang_up(self):
        self.file.close()
        self.socket.close()


class Agent(Client):
    """One of the mesh: a page, or a device."""

    def __init__(self, server, user, device=None, of=None):
        self.token = of.token if of else self.sign_in(server, user)
        super().__init__(server, f"/v2/ws?access_token={self.token}")
        hello = {"peer_type": "client", "version": "1"}
        if device:
            hello = {"peer_type": "agent", "version": "1", "device_id": device,
                     "endpoints": [], "fingerprint": "AA"}
        self.tell("system.hello", **hello)
        self.hear("system.welcome")

    @staticmethod
    def sign_in(server, user):
        connection = http.client.HTTPConnection(
            "127.0.0.1", server.port, timeout=DEADLINE)
        connection.request("POST", "/v2/sessions", json.dumps({"user": user}),
                           {"Host": "localhost", "Content-Type": "application/json"})
        token = json.loads(connection.getresponse().read())["access_token"]
        connection.close()
        return token

    def tell(self, kind, **payload):
        self.say(type=kind, id="m-1", timestamp="2026-01-02T03:04:05Z",
                 payload=payload)


class Room(Client):
    """One of the room dialect, in a room."""

    def __init__(self, server, name):
        super().__init__(server)
        self.say(type="join", roomId=name)


class Phone(Client):
    """One of calls."""

    def __init__(self, server, user):
        super().__init__(server)
        self.say(type="register", userId=user)


def test_rooms_and_metrics():
    server = Server("--room-size=2")
    ann = Room(server, "a name that nobody else knows")
    ann.hear("joined")
    event = server.wait("room", inRoom=1)
    assert event["rooms"] == event["participants"] == 1, event
    bob = Room(server, "a name that nobody else knows")
    bob.hear("joined")
    server.wait("room", inRoom=2, participants=2)
    carl = Room(server, "a name that nobody else knows")
    assert carl.hear("error")["code"] == "MEETING_FULL"
    status, metrics = server.get("/metrics")
    assert status == 200
    for line in ("videomeet_rooms 1", "videomeet_participants 2",
                 "videomeet_draining 0"):
        assert line in metrics.splitlines(), metrics
    assert server.get("/healthz") == (200, "ok\n")
    assert server.get("/")[0] == 200  # the page
    for client in (ann, bob, carl):
        client.hang_up()
    server.wait("room", inRoom=0, rooms=0, participants=0)
    # nobody is there to wait for
    server.tell(signal.SIGTERM)
    server.wait("stopped", participants=0)
    server.ended()
    assert "nobody else knows" not in "".join(server.log), server.log


def test_many_connections():
    many = 1100  # more than the descriptors of a program that has not asked
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    if hard != resource.RLIM_INFINITY and hard < many + 100:
        print(f"no program may have more than {hard} descriptors: left out")
        return
    server = Server(f"--max-per-address={many + 10}")
    soft = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    resource.setrlimit(resource.RLIMIT_NOFILE, (many + 100, hard))
    rooms = []
    for number in range(many):
        rooms.append(Room(server, f"{number % 100}"))
        code = rooms[-1].hear("joined" if number < 1000 else "error").get("code")
        assert code == (None if number < 1000 else "MEETING_FULL"), number
    server.wait("room", rooms=100, participants=1000)
    for room in rooms:
        room.hang_up()
    server.wait("room", rooms=0, participants=0)
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    server.tell(signal.SIGTERM)
    server.ended()


def test_calls():
    server = Server("--drain=600")
    room = Room(server, "blue")
    room.hear("joined")
    ann, bob = Phone(server, "ann"), Phone(server, "bob")
    for client in (ann, bob):
        client.hear("registered")
    ann.say(type="call-offer", toId="bob", callId="c1",
            offer={"type": "offer", "sdp": "v=0"})
    assert bob.hear("call-offer")["fromId"] == "ann"
    metrics = server.get("/metrics")[1].splitlines()
    assert "videomeet_call_users 2" in metrics and "videomeet_calls 1" in metrics
    # who is there goes on while nobody else is admitted
    server.wait("room", inRoom=1)
    carl = Client(server)
    server.tell(signal.SIGTERM)
    server.wait("draining")
    until = time.monotonic() + DEADLINE
    while server.get("/healthz") != (503, "draining\n"):
        assert time.monotonic() < until
    carl.say(type="register", userId="carl")
    assert carl.hear("error")["code"] == "DISCONNECTED"
    bob.say(type="call-reject", toId="ann", callId="c1")
    ann.hear("call-reject")
    server.tell(signal.SIGTERM)
    for client in (ann, bob, carl, room):
        assert client.close_code() == 1001
        client.hang_up()
    server.ended()
    assert "bob" not in "".join(server.log), server.log


def upgrade(server, path):
    """The status of the answer."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=DEADLINE)
    connection.request("GET", path, headers={
        "Host": "localhost", "Connection": "Upgrade", "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA=="})
    status = connection.getresponse().status
    connection.close()
    return status


def test_drain():
    server = Server("--drain=600")
    ann = Room(server, "blue")
    ann.hear("joined")
    server.wait("room", inRoom=1)
    status, body = server.get("/socket.io/?EIO=4&transport=polling")
    assert status == 200 and body[0] == "0", body
    sid = json.loads(body[1:])["sid"]
    server.tell(signal.SIGTERM)
    server.wait("draining")
    until = time.monotonic() + DEADLINE
    while server.get("/healthz") != (503, "draining\n"):
        assert time.monotonic() < until
    status, body = server.join("blue")
    assert (status, body["error"]["code"]) == (503, "DISCONNECTED"), body
    for path, status in (("/", 503), ("/v2/ws", 503),
                         (f"/socket.io/?EIO=4&transport=websocket&sid={sid}", 101)):
        assert upgrade(server, path) == status, path
    ann.say(type="join", roomId="red")
    assert ann.hear("error")["code"] == "DISCONNECTED"
    # whoever is there goes on
    ann.say(type="offer", offer={"type": "offer", "sdp": "v=0"}, targetId="nobody")
    assert ann.hear("error")["code"] == "UNROUTABLE"
    server.tell(signal.SIGTERM)
    assert ann.close_code() == 1001
    ann.hang_up()
    server.wait("stopped", participants=1)
    server.ended()


def test_drain_ends_with_the_last():
    server = Server("--drain=600")
    ann = Room(server, "blue")
    ann.hear("joined")
    server.wait("room", inRoom=1)
    server.tell(signal.SIGINT)
    server.wait("draining")
    ann.hang_up()
    server.wait("stopped", participants=0)
    server.ended()


def test_drain_ends():
    server = Server("--drain=0.1")
    ann = Room(server, "blue")
    ann.hear("joined")
    server.wait("room", inRoom=1)
    server.tell(signal.SIGTERM)
    assert ann.close_code() == 1001
    ann.hang_up()
    server.ended()


def test_ended_at_once():
    # as soon as it says that it serves
    for _ in range(10):
        server = Server()
        server.tell(signal.SIGTERM)
        server.ended()


def test_told_until_it_ends():
    for _ in range(10):
        server = Server()
        while server.process.poll() is None:
            server.tell(signal.SIGTERM)
        server.ended()


class Unread(Server):
    """One whose log nobody reads after the first line."""

    def read(self):
        fcntl.fcntl(self.process.stdout, fcntl.F_SETPIPE_SZ, 4096)
        self.events.put(json.loads(self.process.stdout.readline()))


def test_nobody_reads_the_log():
    server = Unread()
    for number in range(60):  # two lines each, of more than 100 bytes
        ann = Room(server, f"{number}")
        ann.hear("joined")
        ann.hang_up()
    bob = Room(server, "blue")
    bob.hear("joined")
    server.tell(signal.SIGTERM)
    server.tell(signal.SIGTERM)
    assert bob.close_code() == 1001
    bob.hang_up()
    server.ended()


def test_turn():
    config = home / "server.conf"
    keep(
        config,
        f"[server]\nturn-secret = {SECRET}\n"
        "turn = turn://192.0.2.1:3478;turns://turn.example.org:5349\n"
        "stun = stun://192.0.2.1:3478\nroom-size = 3\n")
    server = Server(f"--config={config}")
    before = int(time.time())
    status, grant = server.join("blue")
    assert status == 200, grant
    stun, *turn = grant["iceServers"]
    assert "stun:192.0.2.1:3478" in stun["urls"], stun
    assert len(turn) == 2, grant
    for entry in turn:
        # as coturn checks it: use-auth-secret
        until, who = entry["username"].split(":")
        assert 12 * 3600 <= int(until) - before <= 12 * 3600 + DEADLINE, entry
        assert who
        digest = hmac.new(SECRET.encode(), entry["username"].encode(), hashlib.sha1)
        assert base64.b64encode(digest.digest()).decode() == entry["credential"]
    again = server.join("blue")[1]["iceServers"][1]
    assert again["username"].split(":")[1] != turn[0]["username"].split(":")[1]
    server.tell(signal.SIGTERM)
    server.ended()
    assert SECRET not in "".join(server.log)


class Gotify(http.server.BaseHTTPRequestHandler):
    """POST /message as https://gotify.net/docs/pushmsg has it."""

    taken = queue.Queue()

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        whole = (self.path == "/message" and self.headers["X-Gotify-Key"] == SECRET
                 and self.headers["Content-Type"] == "application/json"
                 and isinstance(body["title"], str) and body["title"]
                 and isinstance(body["message"], str) and body["message"]
                 and isinstance(body["priority"], int)
                 and all("::" in name for name in body["extras"]))
        self.send_response(200 if whole else 400)
        self.end_headers()
        Gotify.taken.put(body if whole else (self.path, str(self.headers), body))

    def log_message(self, *_):
        pass


def notified(event, message):
    body = Gotify.taken.get(timeout=DEADLINE)
    assert body["message"] == message, body
    assert body["extras"]["videomeet::event"]["type"] == event, body


def test_gotify():
    gotify = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Gotify)
    threading.Thread(target=gotify.serve_forever, daemon=True).start()
    key = home / "gotify.key"
    keep(key, SECRET + "\n")
    server = Server(f"--gotify-url=http://127.0.0.1:{gotify.server_port}/",
                    f"--gotify-key-file={key}")
    ann = Phone(server, "ann")
    ann.hear("registered")
    ann.say(type="call-offer", toId="bob", callId="c1",
            offer={"type": "offer", "sdp": "v=0"})
    ann.hear("call-failed")
    notified("call.missed", "bob has missed a call of ann")
    page, agent = Agent(server, "Carl"), Agent(server, "Dora", "dev-d")
    for client in (page, agent):
        client.tell("room.join", room_id="nobody else knows")
        client.hear("room.joined")
    page.tell("chat.message.send", room_id="nobody else knows", content="a word")
    notified("chat.message.created", "Carl has written in the chat")
    agent.tell("share.completed", room_id="nobody else knows")
    notified("share.completed", "Dora's device dev-d has completed a share")
    agent.tell("terminal.share.started", room_id="nobody else knows")
    notified("terminal.share.started", "Dora's device dev-d shares its terminal")
    # a device that comes once more is not gone
    again = Agent(server, "Dora", "dev-d", of=agent)
    assert agent.close_code() == 1008
    agent.hang_up()
    again.hang_up()
    notified("agent.offline", "Dora's device dev-d is not connected any more")
    metrics = server.get("/metrics")[1].splitlines()
    assert "videomeet_notifications_dropped_total 0" in metrics, metrics
    # nobody takes them any more, and nobody waits for that
    gotify.shutdown()
    gotify.server_close()
    page.tell("chat.message.send", room_id="nobody else knows", content="a word")
    page.hear("chat.message.created")
    server.tell(signal.SIGTERM)
    server.tell(signal.SIGTERM)
    for client in (ann, page):
        assert client.close_code() == 1001
        client.hang_up()
    errors = server.ended(any_warning=True)
    for text in (errors, "".join(server.log)):
        assert SECRET not in text and "nobody else knows" not in text, text
    assert Gotify.taken.empty(), Gotify.taken.get()


def signed(**claims):
    """A JSON Web Token by HS256, RFC 7515 §A.1."""
    def part(data):
        return base64.urlsafe_b64encode(data).rstrip(b"=")
    text = b".".join((part(b'{"alg":"HS256"}'), part(json.dumps(claims).encode())))
    return (text + b"." + part(hmac.new(
        (SECRET * 3).encode(), text, hashlib.sha256).digest())).decode()


def test_auth():
    secret = home / "auth.secret"
    keep(secret, SECRET * 3 + "\n")
    server = Server(f"--auth={secret}", "--drain=0")
    late = time.time() + 3600
    status, body = server.join("blue")
    assert (status, body["error"]["code"]) == (403, "CAP_REQUIRED"), body
    for token, code in ((signed(exp=int(late), room_id="blue"), None),
                        (signed(exp=int(late), room_id="red"), "CAP_INVALID"),
                        (signed(exp=int(late)), "CAP_INVALID"),
                        (signed(exp=1), "CAP_EXPIRED")):
        ann = Client(server, f"/?token={token}")
        ann.say(type="join", roomId="blue")
        assert ann.hear("error" if code else "joined").get("code") == code, token
        ann.hang_up()
    bob = Client(server, "/?token=" + signed(exp=int(late), sub="bob"))
    bob.say(type="register", userId="carl")
    assert bob.hear("error")["code"] == "CAP_INVALID"
    bob.say(type="register", userId="bob")
    bob.hear("registered")
    bob.hang_up()
    server.tell(signal.SIGTERM)
    server.ended()
    assert SECRET not in "".join(server.log), server.log
    server = Server(f"--auth={secret}", "--auth-any-room", "--drain=0")
    ann = Client(server, f"/?token={signed(exp=int(late))}")
    ann.say(type="join", roomId="blue")
    ann.hear("joined")
    ann.hang_up()
    server.tell(signal.SIGTERM)
    server.ended()


def keep(path, text):
    """A file that nobody else can read."""
    path.write_text(text)
    path.chmod(0o600)


def refused(text, *options):
    run = subprocess.run([launcher, "server", "--duration=0.1", *options],
                         capture_output=True, text=True, timeout=DEADLINE,
                         env=environment, check=False)
    assert run.returncode != 0 and run.stdout == "", run
    assert text in run.stderr, run
    assert SECRET not in run.stderr, run


def test_link():
    run = None

    def start(port):
        nonlocal run
        run = subprocess.run(
            [launcher, "server", "--loopback", f"--port={port}", "--duration=0.1"],
            capture_output=True, text=True, timeout=DEADLINE, env=environment,
            check=False)
        assert run.returncode == 0 or "is in use" in run.stderr, run
        return run.returncode == 0

    port = ports.take(start)
    assert f"In a browser:  http://localhost:{port}/\n" in run.stdout, run
    # of whom it knows nothing it says nothing: users of calls are in no room
    assert run.stdout.endswith("Stopped.\n"), run


def test_state():
    state = home / "rooms"
    state.write_bytes(b"no rooms at all")
    state.chmod(0o600)
    server = Server(f"--state={state}")
    server.tell(signal.SIGTERM)
    server.ended("is not what a server has written")
    # named by mistake: nothing of it is lost
    assert state.read_bytes() == b"no rooms at all"
    state.unlink()
    server = Server(f"--state={state}")
    ann = Room(server, "blue")
    ann.hear("joined")
    server.tell(signal.SIGTERM)
    server.tell(signal.SIGTERM)
    assert ann.close_code() == 1001
    ann.hang_up()
    server.ended()
    assert state.stat().st_mode & 0o777 == 0o600
    again = Server(f"--state={state}")
    assert not state.exists()
    again.tell(signal.SIGTERM)
    again.ended()


def test_refusals():
    refused("--room-size takes", "--room-size=1")
    refused("--room-size takes", "--room-size=129")
    refused("--max-per-address takes", "--max-per-address=0")
    refused("--drain takes", "--drain=-1")
    refused("--drain takes", "--drain=600.1")
    refused("needs --turn-secret", "--turn=turn://192.0.2.1")
    refused("of use with --turn", f"--turn-secret={SECRET}")
    refused("no TURN server", "--loopback", "--turn=turn://", f"--turn-secret={SECRET}")
    refused("neither an address nor a network", "--loopback",
            "--trusted-proxy=proxy.example.org")
    nats = "--cluster=nats://127.0.0.1:1"
    refused(f"kept in {home / 'none'}:", "--loopback",
            f"--state={home / 'none' / 'state'}")
    refused("not in the file", "--loopback", nats, f"--state={home / 'state'}")
    for url in "foo", "http://127.0.0.1:1", "":
        refused("--cluster takes nats://HOST:PORT", "--loopback",
                f"--cluster={url}")
    refused("with --cluster alone", "--loopback", "--cluster-ca=ca.pem")
    here = ("--loopback", "--gotify-url=http://localhost:1")
    refused("together alone", *here)
    refused("together alone", "--loopback", f"--gotify-key-file={home / 'none'}")
    refused("No such file", *here, f"--gotify-key-file={home / 'none'}")
    key = home / "bad.key"
    for text in ("", "\n", SECRET + "\nX: y\n"):
        keep(key, text)
        refused("no key", *here, f"--gotify-key-file={key}")
    keep(key, SECRET)
    refused("A Gotify server is at", "--loopback", f"--gotify-key-file={key}",
            "--gotify-url=http://push.example.org")
    refused("32 to 1,024 bytes, for HS256", "--loopback", f"--auth={key}")
    refused(f"{key}: A secret for tokens", "--loopback", f"--auth={key}")
    refused("No such file", "--loopback", f"--auth={home / 'none'}")
    refused("--auth-any-room is of use with --auth alone", "--loopback", "--auth-any-room")
    refused("no origin", "--loopback", "--origin=https://example.org/page")
    janus = ("--loopback", "--sfu=janus+ws://127.0.0.1:1/")
    for option in "--mesh-max=4", "--mesh-return=60", f"--sfu-secret-file={key}":
        refused("of use with --sfu alone", "--loopback", option)
    for number in 1, 129:
        refused("--mesh-max takes", *janus, f"--mesh-max={number}")
    refused("no more than the room has seats", *janus, "--mesh-max=11")
    for seconds in 0, 3601:
        refused("--mesh-return takes", *janus, f"--mesh-return={seconds}")
    refused("No such file", *janus, f"--sfu-secret-file={home / 'none'}")
    for uri in "ws://127.0.0.1:1/", "janus+wss://127.0.0.1:1/", "janus+ws://":
        refused("janus+ws://HOST:PORT/", "--loopback", f"--sfu={uri}")
    refused("leave out", *janus, nats)
    config = home / "bad.conf"
    for text, words in (
            ("[server]\n# sizes\nroom-size = 3\n\nroom_size = 4\n",
             "bad.conf, line 5: there is no option 'room_size'"),
            ("[server]\nloopback = perhaps\n", "bad.conf, line 2: 'loopback'"),
            ("[server]\nconfig = other\n", "line 2: there is no option 'config'"),
            ("[servers]\nport = 1\n", "not [servers]"),
            ("port = 1\n", "cannot be read"),
            ("[server]\nroom-size = 1\n", "--room-size takes")):
        config.write_text(text)
        refused(words, f"--config={config}")
    refused("cannot be read", f"--config={home / 'none.conf'}")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        refused("is in use", "--loopback", f"--port={taken.getsockname()[1]}")


def test_files_of_others():
    file = home / "common"
    users = {
        f"[server]\nturn-secret = {SECRET}\nturn = turn://192.0.2.1\n":
            ("--config",),
        f"[server]\nturn = turn://a:{SECRET}@192.0.2.1\n": ("--config",),
        f"[server]\ncluster = nats://a:{SECRET}@127.0.0.1:1\n": ("--config",),
        SECRET * 3: ("--loopback", "--auth"),
        SECRET: ("--loopback", "--gotify-url=http://localhost:1",
                 "--gotify-key-file")}
    for text, (*before, option) in users.items():
        file.write_text(text)
        for mode in 0o640, 0o604:
            file.chmod(mode)
            refused(f"{file} cannot be read: it holds a secret that others can read",
                    *before, f"{option}={file}")
        for mode in 0o620, 0o602:
            file.chmod(mode)
            refused(f"{file} cannot be read: others can write it",
                    *before, f"{option}={file}")
        if os.geteuid() == 0:
            file.chmod(0o600)
            os.chown(file, 65534, 65534)
            refused(f"{file} cannot be read: it belongs to another user",
                    *before, f"{option}={file}")
            file.unlink()
    # in which there is nothing to hide
    file.write_text("[server]\nroom-size = 2\nloopback = true\n")
    file.chmod(0o644)
    server = Server(f"--config={file}")
    server.tell(signal.SIGTERM)
    server.tell(signal.SIGTERM)
    server.ended()
    file.chmod(0o664)
    refused("others can write it", f"--config={file}")


def test_command_line_wins():
    config = home / "wins.conf"
    config.write_text("[server]\nroom-size = 2\nstun = stun://192.0.2.9\n"
                      "insecure = false\n")
    server = Server("--config", str(config), "--room-size=3",
                    "--stun=stun://192.0.2.1:3478")
    status, grant = server.join("blue")
    assert status == 200
    assert "192.0.2.1" in json.dumps(grant) and "192.0.2.9" not in json.dumps(grant)
    rooms = [Room(server, "blue") for _ in range(4)]
    for room in rooms[:3]:
        room.hear("joined")
    assert rooms[3].hear("error")["code"] == "MEETING_FULL"
    for room in rooms:
        room.hang_up()
    server.tell(signal.SIGTERM)
    server.tell(signal.SIGTERM)
    server.ended()


try:
    for name, function in list(globals().items()):
        if name.startswith("test_"):
            print(name, flush=True)
            function()
finally:
    for process in Server.all:
        process.kill()
        process.wait()
    shutil.rmtree(home)
