#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A Janus that is hostile or broken, and those that come to its room: a device, and the
bridge of a meeting. Each says what is wrong and ends when it is told to; none grows without
bound; the meeting behind a bridge does not notice."""

import os
import time
import unicodedata

import badjanus
import lab
import mesh

PORT = 9000
END = 20  # s, from Ctrl-C to the end
ANSWER = 10  # s, that a device waits for any answer
GROWTH = 96 << 20  # bytes, of a process that is told very much
ROSTER = 128  # participants that a device shows
GUESTS = 12  # participants of the room that a bridge brings
CONNECT = 1000  # ms, by which all pauses are shorter than usual
REFUSED = 5  # offers in a row; a pause is at its bound, and nobody is told any more
SEEN = 20  # frames that make sure that a picture came


def person(number, display, streams=(badjanus.OPUS, badjanus.VP8)):
    return {"id": number, "display": display, "streams": list(streams)}


def first_talk(server):
    """With whoever joined first: a device hears that it has joined a little sooner than the
    server notes it."""
    lab.wait_until(lambda: server.talks, lab.SOON, "the server notes who has joined")
    return server.talks[0]


def crowd(count, first=5000):
    return [person(first + n, f"Puppet {n}", [badjanus.OPUS]) for n in range(count)]


def memory(process):
    with open(f"/proc/{process.popen.pid}/status", encoding="ascii") as file:
        return next(int(line.split()[1]) << 10 for line in file
                    if line.startswith("VmRSS"))


def late(talk, message):
    time.sleep(ANSWER + 2)
    talk.on_create(message)


def silent(talk, message):
    pass


def say(text):
    return lambda talk, message: talk.say(text)


def error(code, reason):
    return lambda talk, message: talk.reply(
        message, "error", error={"code": code, "reason": reason})


def hang_up(talk, message):
    talk.sock.close()


def keep(talk):
    """Reads, and never upgrades."""
    while talk.sock.recv(65536):
        pass
    return True


def refuse(talk):
    talk.sock.recv(65536)
    talk.sock.sendall(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
    return True


def sdp(lines):
    return "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n" + "".join(
        line + "\r\n" for line in lines)


MLINE = "m=video 9 UDP/TLS/RTP/SAVPF 96"
MEDIA = [MLINE, "c=IN IP4 0.0.0.0", "a=mid:0", "a=sendonly", "a=rtpmap:96 VP8/90000",
         "a=rtcp-mux"]
OFFERS = [
    "v=0\r\n\x01\x02\x03",
    "v=0 and then anything: %n%s ][}{",
    sdp([]),
    sdp(MEDIA),  # neither ICE nor a fingerprint
    sdp(["a=x:" + "y" * 60 * 1024]),
    sdp(MEDIA + ["a=" + "candidate:1 1 udp 1 10.77.1.1 1 typ host"] * 1000),
    sdp([MLINE] * 1900),
    sdp(["m=video 9 UDP/TLS/RTP/SAVPF 96", f"a=mid:{n}"][n & 1] for n in range(2600)),
    sdp(MEDIA + ["a=fingerprint:sha-256 00:11", "a=ice-ufrag:" + "u" * 300,
                 "a=ice-pwd:p", "a=setup:holdconn"]),
    sdp(MEDIA + ["a=ssrc:4294967296 cname:x", "a=rtpmap:999 VP8/-1",
                 "a=fmtp:96 " + "x=" * 9000]),
    sdp([MLINE] * 4000),  # longer than 64 KiB
]


class Offers:
    """One offer after the other, each to a subscriber of its own."""

    def __init__(self):
        self.made = 0

    def __call__(self, talk, message):
        text = OFFERS[self.made % len(OFFERS)]
        self.made += 1
        talk.event({"videoroom": "attached", "streams": [
            {"type": "video", "mid": "0", "mindex": 0, "codec": "vp8", "active": True,
             "feed_id": 50, "feed_mid": "1"}]}, message,
            jsep={"type": "offer", "sdp": text})


class Broken(lab.LabTest):
    """A device that joins."""

    hosts = 1
    avahi = False

    def setUp(self):
        self.servers = []

    def tearDown(self):
        super().tearDown()
        for server in self.servers:
            server.close()

    def serve(self, **more):
        server = badjanus.Server(
            self.lab.hosts[0], PORT + len(self.servers), **more)
        self.servers.append(server)
        return server

    def join(self, server, user="Ann"):
        return self.lab.hosts[0].start(
            "videomeet", "join", server.uri, "--user", user, "--json", "--source",
            lab.STAMP)

    def end(self, process):
        started = time.monotonic()
        status = process.stop(END)
        print(f"ended after {time.monotonic() - started:.1f} s")
        self.assertEqual(status, 0, process.tail())

    def refused(self, cases):
        """cases: (name, code, word of the message, how the server is). All at once."""
        began = time.monotonic()
        running = [(name, code, word, self.join(self.serve(**how)))
                   for name, code, word, how in cases]
        for name, code, word, process in running:
            with self.subTest(name):
                self.assertNotIn(process.wait(lab.SOON), (0, -11, -6), process.tail())
                self.assertLess(time.monotonic() - began, lab.SOON)
                said = process.events("error")
                self.assertTrue(said, process.tail())
                self.assertEqual(said[-1]["code"], code, process.tail())
                self.assertIn(word, said[-1]["message"])

    def test_it_does_not_answer(self):
        self.refused([
            ("nothing", "TIMEOUT", "did not answer", {"answers": {"create": silent}}),
            ("late", "TIMEOUT", "did not answer", {"answers": {"create": late}}),
            ("no handle", "TIMEOUT", "", {"answers": {"attach": silent}}),
            ("no room", "TIMEOUT", "", {"answers": {"publisher": silent}}),
            ("only acknowledges", "TIMEOUT", "", {"answers": {
                "publisher": lambda talk, message: talk.reply(message, "ack")}}),
            ("no WebSocket", "TIMEOUT", "", {"refuses": keep}),
        ])

    def test_it_closes(self):
        self.refused([
            ("before the WebSocket", "DISCONNECTED", "", {"refuses": lambda talk: True}),
            ("no WebSocket here", "DISCONNECTED", "", {"refuses": refuse}),
            ("at the first request", "DISCONNECTED", "", {"answers": {"create": hang_up}}),
            ("at the door", "DISCONNECTED", "", {"answers": {"publisher": hang_up}}),
        ])

    def test_it_talks_nonsense(self):
        self.refused([
            ("half of an object", "BAD_MESSAGE", "", {"answers": {
                "create": say(b'{"janus":"success"')}}),
            ("an array", "BAD_MESSAGE", "", {"answers": {"create": say(b"[]")}}),
            ("a type that is no text", "BAD_MESSAGE", "", {"answers": {
                "create": say(b'{"janus":7}')}}),
            ("deep", "BAD_MESSAGE", "", {"answers": {
                "create": say(b'{"janus":' + b"[" * 100000)}}),
            ("no session", "BAD_MESSAGE", "create", {"answers": {
                "create": lambda talk, message: talk.reply(message)}}),
            ("a session that is a text", "BAD_MESSAGE", "id", {"answers": {
                "create": lambda talk, message: talk.reply(message, data={"id": "x"})}}),
            ("no handle", "BAD_MESSAGE", "attach", {"answers": {
                "attach": lambda talk, message: talk.reply(message)}}),
            ("nobody's room", "BAD_MESSAGE", "join", {"answers": {
                "publisher": lambda talk, message: talk.event(
                    {"videoroom": "joined"}, message)}}),
            ("an unknown code", "FAILED", "UNKNOWN_CODE (12345): odd", {"answers": {
                "create": error(12345, "odd\u202e\x07")}}),
            ("an error without a code", "BAD_MESSAGE", "code", {"answers": {
                "create": lambda talk, message: talk.reply(message, "error")}}),
            ("5,000 at once", "BAD_MESSAGE", "", {"people": crowd(5000)}),
        ])

    def test_ctrl_c_while_it_is_silent(self):
        server = self.serve(answers={"create": silent})
        ann = self.join(server)
        lab.wait_until(lambda: "create" in server.requests, lab.SOON, "a session")
        started = time.monotonic()
        ann.stop(END)
        self.assertLess(time.monotonic() - started, ANSWER)

    def test_it_does_not_say_goodbye(self):
        ann = self.join(self.serve(answers={"destroy": silent}))
        ann.wait_event("joined", lab.SOON)
        self.end(ann)

    def test_offers(self):
        offers = Offers()
        server = self.serve(people=[person(50, "Eve")],
                            answers={"subscriber": offers})
        ann = self.join(server)
        ann.wait_event("participant-joined", lab.SOON, user="Eve")
        before = memory(ann)
        lab.wait_until(lambda: offers.made >= len(OFFERS) + 1, 2 * lab.SOON,
                       "each of them is offered")
        self.assertTrue(ann.events("warning"), ann.tail())
        for event in ann.events("warning"):
            self.assertIn("code", event)
        # and it is in the room as before
        server.people.append(person(60, "Zoe", []))
        server.tell({"publishers": server.people[1:]})
        ann.wait_event("participant-joined", lab.SOON, user="Zoe")
        self.assertLess(memory(ann) - before, GROWTH)
        self.end(ann)

    def test_answers(self):
        made = []

        def answer(talk, message):
            text = OFFERS[len(made) % len(OFFERS)]
            made.append(text)
            talk.event({"configured": "ok", "streams": [
                {"type": "video", "mid": "video0", "codec": "vp8"}]}, message,
                jsep={"type": "answer", "sdp": text})
        server = self.serve(answers={"publish": answer, "configure": answer})
        ann = self.join(server)
        lab.wait_until(lambda: len(made) >= 3, 2 * lab.SOON, "it offers again")
        server.people.append(person(60, "Zoe", []))
        server.tell({"publishers": server.people})
        ann.wait_event("participant-joined", lab.SOON, user="Zoe")
        self.assertTrue(ann.events("warning"), ann.tail())
        self.end(ann)

    def test_it_takes_no_offer(self):
        """A device that may send nothing asks less and less often, and goes on."""
        asked = []

        def refuse_offer(talk, message):
            asked.append(time.monotonic())
            talk.on_publish(message)
        server = self.serve(answers={"publish": refuse_offer})
        ann = self.lab.hosts[0].start(
            mesh.PARTICIPANT, "--uri", server.uri, "--user", "Ann", "--set",
            f"connect-timeout={CONNECT}")
        lab.wait_until(lambda: len(asked) >= REFUSED + 4, lab.SOON,
                       lambda: f"it offers again, after {len(asked)} times")
        pauses = [b - a for a, b in zip(asked, asked[1:])]
        print("pauses " + ", ".join(f"{p:.2f}" for p in pauses))
        # a quarter less at most, and what it takes to make an offer more
        for n, pause in enumerate(pauses):
            self.assertGreater(pause, CONNECT / 16000 * 2 ** min(n, REFUSED) * 0.74)
        # who is told of it five times is told no more
        self.assertEqual(len(ann.events("warning")), REFUSED, ann.tail())
        server.people.append(person(60, "Zoe", []))
        server.tell({"publishers": server.people})
        ann.wait_event("participant-joined", lab.SOON, user="Zoe")

    def test_names(self):
        names = ["A\x00\x07\x1b[31mBel", "B\u202eida\u2066", "C\u200b\ufeff\u2028D",
                 "E" * 10240, "\U0001f600" * 400, "", " \u202e ", "F\r\nG",
                 "Hal \u27e8:\u27e9", "\u27e8m:p001\u27e9", "<b>Jo</b>&amp;",
                 "Kim \u27e8m:p002\u27e9 \u27e8m:p003\u27e9"]
        people = [person(50 + n, name, []) for n, name in enumerate(names)]
        people += [{"id": 90, "display": 7}, {"id": 91, "display": ["x"]}, {"id": 92}]
        ann = self.join(self.serve(people=people))
        lab.wait_until(
            lambda: len(ann.events("participant-joined")) == len(people), lab.SOON,
            "all of them")
        seen = [event["user"] for event in ann.events("participant-joined")]
        for name in seen:
            self.assertTrue(name.strip())
            self.assertLessEqual(len(name.encode()), 128)
            for letter in name:
                self.assertNotIn(unicodedata.category(letter), ("Cc", "Cf", "Zl", "Zp"),
                                 repr(name))
        self.assertEqual(len(seen), len(people))
        self.end(ann)

    def test_crowd(self):
        server = self.serve()
        ann = self.join(server)
        ann.wait_event("joined", lab.SOON)
        before = memory(ann)
        talk = first_talk(server)
        for one in crowd(5000):
            talk.event({"publishers": [one]})
        ann.wait_event("warning", lab.SOON, code="TOO_LARGE")
        for n in range(10000):
            talk.event({"leaving": 5000 + n % ROSTER})
            talk.event({"publishers": crowd(1, 5000 + n % ROSTER)})
            talk.say(b'{"janus":"event","plugindata":{"data":{"error_code":499}}}')
        talk.event({"leaving": 5000})
        talk.event({"publishers": [person(60, "Zoe", [])]})
        ann.wait_event("participant-joined", 2 * lab.SOON, user="Zoe")
        grown = memory(ann) - before
        print(f"grown by {grown >> 20} MiB")
        self.assertLess(grown, GROWTH)
        self.assertEqual(len(ann.events("participant-joined"))
                         - len(ann.events("participant-left")), ROSTER)
        self.end(ann)


class Bridge(lab.LabTest):
    """The server is on the first host; Bob hosts on the second, and Dave, who is the bridge,
    on the third."""

    hosts = 3

    def tearDown(self):
        super().tearDown()
        self.server.close()

    def device(self, n, user, *command):
        host = self.lab.hosts[n]
        return host.start(
            "videomeet", *command, "--user", user, "--json", "--source", lab.STAMP,
            env={"XDG_CONFIG_HOME": os.path.join(host.home, "config-" + user)})

    def start(self, **more):
        self.server = badjanus.Server(self.lab.hosts[0], PORT, **more)
        bob = self.device(1, "Bob", "host", "-m", "office", "--max-participants", "30")
        bob.wait_event("meeting", lab.SOON, state="announced")
        dave = self.device(2, "Dave", "join", "office", "--cloud", self.server.uri)
        for process, other in ((bob, "Dave"), (dave, "Bob")):
            process.wait_event("participant-state", lab.SOON, user=other,
                               state="connected")
        return bob, dave

    def untouched(self, bob, dave, seconds):
        """Bob and Dave have seen each other's picture all the time until here, in one
        connection, and end."""
        for process in (dave, bob):
            self.assertEqual(process.stop(END), 0, process.tail())
            self.assertFalse(process.events("error"), process.tail())
            # nobody is told of who never joined
            joined = {e["id"] for e in process.events("participant-joined")}
            for event in process.events("participant-left"):
                self.assertIn(event["id"], joined)
        for process, other in ((bob, "Dave"), (dave, "Bob")):
            seen = [p for p in process.wait_event("summary", lab.SOON)["participants"]
                    if p["user"] == other]
            self.assertEqual(len(seen), 1)
            self.assertGreater(seen[0]["videoFrames"], seconds * lab.RATE * 0.7,
                               process.tail())

    def test_it_does_not_answer(self):
        bob, dave = self.start(answers={"create": silent})
        began = time.monotonic()
        failed = dave.wait_event("bridge", lab.SOON, state="failed")
        self.assertEqual(failed["code"], "TIMEOUT")
        # it is tried again, and the meeting takes no notice
        lab.wait_until(lambda: self.server.requests.count("create") >= 2, lab.SOON,
                       "another attempt")
        self.untouched(bob, dave, time.monotonic() - began)

    def test_offers(self):
        offers = Offers()
        bob, dave = self.start(people=[person(50, "Eve")],
                               answers={"subscriber": offers})
        began = time.monotonic()
        bob.wait_event("participant-joined", lab.SOON, user="Eve")
        before = memory(dave)
        lab.wait_until(lambda: offers.made >= len(OFFERS), 2 * lab.SOON,
                       "each of them is offered")
        self.assertLess(memory(dave) - before, GROWTH)
        self.untouched(bob, dave, time.monotonic() - began)

    def test_crowd(self):
        bob, dave = self.start()
        began = time.monotonic()
        dave.wait_event("bridge", lab.SOON, state="opened")
        before = memory(dave)
        room = first_talk(self.server)
        for one in crowd(5000):
            room.event({"publishers": [one]})
        lab.wait_until(
            lambda: len(bob.events("participant-joined")) == 1 + GUESTS, lab.SOON,
            "as many as fit come")
        dave.wait_event("bridge", lab.SOON, state="left-out")
        grown = memory(dave) - before
        print(f"grown by {grown >> 20} MiB")
        self.assertLess(grown, 2 * GROWTH)
        # there is room left for whoever comes on the local network
        carl = self.device(2, "Carl", "join", "office")
        carl.wait_event("participant-state", lab.SOON, user="Bob", state="connected")
        # nobody is told of without end
        self.assertLessEqual(len([e for e in dave.events("bridge")
                                  if e["state"] == "left-out"]), ROSTER)
        self.untouched(bob, dave, time.monotonic() - began)

    def test_marks(self):
        """Who names itself as those are named that a bridge has published."""
        bob, dave = self.start()
        began = time.monotonic()
        meeting = dave.wait_event("joined", lab.SOON)
        dave.wait_event("bridge", lab.SOON, state="opened")
        own = self.own_mark()
        room = first_talk(self.server)
        room.event({"publishers": [
            person(50, f"Eve {own}"), person(51, "Mal \u27e8other:p001\u27e9"),
            person(52, "Ned \u27e8other:p001\u27e9"), person(53, "Zoe")]})
        for user in ("Ned", "Zoe"):
            bob.wait_event("participant-joined", lab.SOON, user=user)
        # of two that say they are the same, the newer is there, and stays
        time.sleep(6)
        joined = [e["user"] for e in bob.events("participant-joined")]
        self.assertEqual(joined.count("Ned"), 1, joined)
        self.assertEqual(joined.count("Zoe"), 1, joined)
        self.assertEqual(joined.count("Mal"), 0, joined)
        self.assertNotIn("Eve", joined)
        self.assertEqual(joined.count("Dave"), 1, meeting)
        # the other is there as soon as it is alone
        room.event({"leaving": 52})
        bob.wait_event("participant-left", lab.SOON, user="Ned")
        bob.wait_event("participant-joined", lab.SOON, user="Mal")
        self.untouched(bob, dave, time.monotonic() - began)

    def own_mark(self):
        """As the server knows it: the bridge has told it its name."""
        name = self.server.names[0]
        return name[name.index("\u27e8"):]


if __name__ == "__main__":
    lab.main(at_once=4)
