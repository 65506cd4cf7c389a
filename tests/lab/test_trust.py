# SPDX-License-Identifier: LGPL-2.1-or-later
"""A device is held to the key it had when it was first met, and is trusted
when two people have compared six digits."""

import hashlib
import os
import shutil
import subprocess
import time

import lab

CONNECTED = lab.SOON
# s, from the end of trust until who was trusted is out. It takes two looks at the
# store, 0.4 s; nothing else ends a call, and who is lost keeps its seat for 30 s.
LET_GO = lab.GONE


class Trust(lab.LabTest):
    hosts = 2

    def host(self, host):
        process = host.start("videomeet", "host", "--meeting", "standup",
                             "--user", "Ann", "--source", lab.STAMP, "--json")
        process.wait_event("meeting", lab.SOON, state="announced")
        return process

    def join(self, host, *more):
        return host.start("videomeet", "join", *(more or ("standup",)),
                          "--user", "Bob", "--source", lab.STAMP, "--json")

    def let_in(self, host):
        """Joins, once the other has looked at its store: it does so every 0.2 s."""
        guests = []

        def is_in():
            guests.append(self.join(host))
            return guests[-1].wait_for('"error"|"connected"', CONNECTED).find("error") < 0
        lab.wait_until(is_in, lab.SOON, "it is let in")
        return guests[-1]

    def meet(self, a, b):
        host = self.host(a)
        guest = self.join(b)
        guest.wait_event("participant-state", CONNECTED, state="connected")
        self.assertEqual(guest.stop(), 0)
        self.assertEqual(host.stop(), 0)

    def refused(self, guest, old):
        error = guest.wait_event("error", CONNECTED, code="KEY_CHANGED")
        self.assertNotEqual(guest.wait(lab.SOON), 0)
        sentence = f"videomeet forget {old}"
        self.assertIn(sentence, error["message"])
        self.assertTrue(any(sentence in line for line in guest.err),
                        guest.tail())

    def known(self, host):
        process = host.start("videomeet", "known", "--json")
        self.assertEqual(process.wait(lab.SOON), 0)
        return process.events("known")

    def test_key_changes(self):
        a, b = self.lab.hosts
        self.meet(a, b)
        first, = self.known(b)
        self.assertEqual(first["user"], "Ann")
        os.remove(os.path.join(a.config, "videomeet", "identity.pem"))

        host = self.host(a)
        self.refused(self.join(b), first["deviceId"])
        self.refused(self.join(b, f"videomeet://{a.address}/standup"),
                     first["deviceId"])
        self.assertEqual(host.events("participant-joined"), [])
        self.assertEqual(self.known(b), [first])

        wrong = b.run("videomeet", "forget", "nobody", timeout=lab.SOON,
                      check=False)
        self.assertEqual(wrong.returncode, 1)
        self.assertIn("No device or server nobody", wrong.stderr)
        done = b.run("videomeet", "forget", first["deviceId"], timeout=lab.SOON)
        self.assertIn(first["deviceId"], done.stdout)
        guest = self.join(b)
        guest.wait_event("participant-state", CONNECTED, state="connected")
        second, = self.known(b)
        self.assertEqual(second["user"], "Ann")
        self.assertNotEqual(second["deviceId"], first["deviceId"])
        # a name that means one device alone will do
        b.run("videomeet", "forget", "Ann", timeout=lab.SOON)
        self.assertEqual(self.known(b), [])
        self.assertEqual(guest.stop(), 0)
        self.assertEqual(host.stop(), 0)

    def test_store_that_cannot_be_written(self):
        a, b = self.lab.hosts
        host = self.host(a)
        os.makedirs(os.path.join(b.config, "videomeet", "lock"))
        # by plain HTTP nobody answers
        guest = self.join(b, f"videomeet://{a.address}/standup", "--insecure")
        self.assertEqual(guest.wait(CONNECTED), 1)
        said = guest.wait_event("error", lab.SOON)
        self.assertIn("lock cannot be locked", said["message"])
        self.assertEqual(host.events("participant-joined"), [])
        self.assertEqual(host.stop(), 0)

    def meet_installed_anew(self, a, b):
        """Ann has met Bob, whose device has another key since."""
        host = b.start("videomeet", "host", "--meeting", "first", "--user", "Bob",
                       "--source", lab.STAMP, "--json")
        host.wait_event("meeting", lab.SOON, state="announced")
        guest = a.start("videomeet", "join", "first", "--user", "Ann",
                        "--source", lab.STAMP, "--json")
        guest.wait_event("participant-state", CONNECTED, state="connected")
        self.assertEqual(guest.stop(), 0)
        self.assertEqual(host.stop(), 0)
        os.remove(os.path.join(b.config, "videomeet", "identity.pem"))

    def test_key_is_forgotten_in_the_meeting(self):
        """Whoever hosts it lets a device in that was installed anew."""
        a, b = self.lab.hosts
        self.meet_installed_anew(a, b)
        host = a.start("videomeet", "host", "--meeting", "standup", "--user", "Ann",
                       "--source", lab.STAMP, "--json", typed=True)
        host.wait_event("meeting", lab.SOON, state="announced")
        guest = self.join(b)
        guest.wait_event("error", CONNECTED, code="KEY_CHANGED")
        self.assertNotEqual(guest.wait(lab.SOON), 0)
        told = host.wait_event("trust-failed", lab.SOON, code="KEY_CHANGED")
        host.type("/forget " + told["message"].split()[-1])
        host.wait_event("forgotten", lab.SOON, user="Bob")
        guest = self.let_in(b)
        self.assertEqual(guest.stop(), 0)
        self.assertEqual(host.stop(), 0)

    def test_key_is_accepted_in_the_meeting(self):
        """What people read when a device comes that was installed anew, and what
        they type."""
        a, b = self.lab.hosts
        self.meet_installed_anew(a, b)
        host = a.start("videomeet", "host", "--meeting", "standup", "--user", "Ann",
                       "--source", lab.STAMP, typed=True)
        host.wait_for("^This device's id", lab.SOON)
        host.type("/trust Carl")
        host.wait_for("No device of “Carl” was refused for another key", lab.SOON,
                      stream="err")
        refused = b.start("videomeet", "join", "standup", "--user", "Bob",
                          "--source", lab.STAMP)
        own = refused.wait_for("^This device's id:", CONNECTED).split()[-1]
        self.assertNotEqual(refused.wait(lab.SOON), 0)
        host.wait_for("^Bob was refused: .* has another key", CONNECTED)
        host.wait_for("type /trust Bob to compare", lab.SOON)
        host.type("/trust Bob")
        host.wait_for(f"^  {own}$", lab.SOON)
        host.wait_for(r"screen of “Bob” show the new id.*\[y/n\]", lab.SOON)
        host.type("y")
        host.wait_for("old key of “Bob” is forgotten, and the new one is taken",
                      lab.SOON)
        guest = self.let_in(b)
        self.assertIn(own, [k["deviceId"] for k in self.known(a)])
        host.type("/trust Bob")
        host.wait_for("The new key of “Bob” is accepted already", lab.SOON,
                      stream="err")
        self.assertEqual(guest.stop(), 0)
        self.assertEqual(host.stop(), 0)

    def test_new_key_of_a_host_is_accepted(self):
        """Whoever joins at a terminal is asked about it."""
        a, b = self.lab.hosts
        self.meet_installed_anew(a, b)
        host = b.start("videomeet", "host", "--meeting", "second", "--user", "Bob",
                       "--source", lab.STAMP, "--json")
        own = host.wait_event("joined", lab.SOON, hosting=True)["deviceId"]
        guest = a.start(
            "script", "-qec", "videomeet join second --user Ann --no-view --source "
            + lab.STAMP, "/dev/null", typed=True)
        guest.wait_for("its own screen shows this id", CONNECTED)
        guest.wait_for(own, lab.SOON)
        guest.type("y")
        guest.wait_for("old key of “Bob” is forgotten", lab.SOON)
        guest.wait_for("Joined the meeting second", CONNECTED)
        self.assertIn(own, [k["deviceId"] for k in self.known(a)])
        guest.type("/leave")
        self.assertEqual(guest.wait(lab.SOON), 0)
        self.assertEqual(host.stop(), 0)

    def test_two_processes_of_one_user(self):
        """One key, one machine, one name: two participants."""
        a, _ = self.lab.hosts
        host = self.host(a)
        for target in ("standup", f"videomeet://{a.address}/standup"):
            guest = a.start("videomeet", "join", target, "--user", "Ann",
                            "--source", lab.STAMP, "--json")
            for process in (host, guest):
                state = process.wait_event("participant-state", CONNECTED,
                                           state="connected")
                self.assertEqual(process.events("error"), [])
            time.sleep(2)
            joined, = guest.events("participant-joined")
            self.assertEqual(joined["id"], "p001")
            self.assertEqual(guest.stop(), 0)
            other, = guest.events("summary")[0]["participants"]
            self.assertGreater(other["audioBuffers"], 0, other)
            self.assertEqual(state["id"], "p001")
        own = {p["deviceId"] for p in host.events("participant-joined")}
        self.assertEqual(own, {joined["deviceId"]})
        # a device is no stranger to itself
        self.assertNotIn(joined["deviceId"],
                         [k["deviceId"] for k in self.known(a)])
        self.assertEqual(host.stop(), 0)


def seen_id(process, user):
    """The device id of somebody, as that process was told it."""
    return next(e["deviceId"] for e in process.events("participant-joined")
                if e["user"] == user)


class Handshake(lab.LabTest):
    """Ann hosts at a, Bob is at b, Eve at c; nobody has met anybody."""

    hosts = 3

    def setUp(self):
        for host in self.lab.hosts:
            shutil.rmtree(os.path.join(host.config, "videomeet"),
                          ignore_errors=True)

    def host(self, *more, user="Ann", at=0):
        process = self.lab.hosts[at].start(
            "videomeet", "host", "--meeting", "vault", "--user", user,
            "--source", lab.STAMP, "--json", *more, typed=True)
        process.wait_event("meeting", CONNECTED, state="announced")
        return process

    def join(self, host, user, *more):
        return host.start("videomeet", "join", "vault", "--user", user,
                          "--source", lab.STAMP, "--json", *more)

    def ask(self, host, user, device="Ann", *more):
        return host.start("videomeet", "trust", "request", device, "--user",
                          user, "--json", *more, typed=True)

    def refused(self, guest, words):
        error = guest.wait_event("error", CONNECTED, code="NOT_TRUSTED")
        self.assertNotEqual(guest.wait(lab.SOON), 0)
        self.assertIn(words, error["message"])
        self.assertEqual(guest.events("participant-joined"), [])

    def list(self, host):
        done = host.start("videomeet", "trust", "list", "--json")
        self.assertEqual(done.wait(lab.SOON), 0)
        return {e["user"]: e["trust"] for e in done.events("trust")}

    def agree(self, ann, asking):
        """Both see the same digits, and both say yes."""
        there = ann.wait_event("trust-requested", CONNECTED)
        here = asking.wait_event("trust-digits", CONNECTED)
        self.assertEqual(there["digits"], here["digits"])
        self.assertRegex(here["digits"], r"^\d{6}$")
        self.assertEqual((there["name"], here["name"]), ("Bob", "Ann"))
        ann.type("y")
        asking.type("y")
        self.assertEqual(asking.wait(CONNECTED), 0)
        self.assertEqual(asking.events("trusted")[0]["name"], "Ann")
        ann.wait_event("trust-established", CONNECTED, name="Bob")

    def test_trusted_and_revoked(self):
        a, b, c = self.lab.hosts
        ann = self.host("--policy", "require")
        self.refused(self.join(b, "Bob"), "videomeet trust request")
        told = ann.wait_event("trust-failed", CONNECTED, code="NOT_TRUSTED")
        self.assertIn("videomeet trust request", told["message"])
        self.agree(ann, self.ask(b, "Bob"))
        self.assertEqual(self.list(a), {"Bob": "trusted"})
        self.assertEqual(self.list(b), {"Ann": "trusted"})

        bob = self.join(b, "Bob", "--policy", "require")
        bob.wait_event("participant-state", CONNECTED, state="connected")
        seen = ann.wait_event("participant-joined", CONNECTED, user="Bob")
        self.assertEqual(seen["trust"], "trusted")
        seen = bob.wait_event("participant-joined", CONNECTED, user="Ann")
        self.assertEqual(seen["trust"], "trusted")
        self.refused(self.join(c, "Eve"), "videomeet trust request")
        self.assertEqual(len(ann.events("participant-joined")), 1)
        ann.type("/who")
        who = ann.wait_event("who", lab.SOON)["participants"]
        self.assertEqual([(p["user"], p["trust"]) for p in who],
                         [("Bob", "trusted")])

        a.run("videomeet", "trust", "revoke", "Bob", timeout=lab.SOON)
        revoked = time.monotonic()
        left = ann.wait_event("participant-left", CONNECTED, user="Bob")
        self.assertEqual(left["code"], "NOT_TRUSTED")
        self.assertLess(left["when"] - revoked, LET_GO)
        error = bob.wait_event("error", CONNECTED, code="NOT_TRUSTED")
        self.assertLess(error["when"] - revoked, LET_GO)
        self.assertNotEqual(bob.wait(lab.SOON), 0)
        ann.wait_event("trust-changed", lab.SOON, revoked=True)
        self.refused(self.join(b, "Bob"), "does not trust this device")
        self.assertEqual(ann.stop(), 0)

    def test_new_key_of_a_guest_is_accepted(self):
        """Whoever does not meet another guest for its new key joins anew to meet it."""
        a, b, c = self.lab.hosts
        eve = self.host(user="Eve", at=2)
        bob = self.join(b, "Bob")
        bob.wait_event("participant-state", CONNECTED, state="connected")
        self.assertEqual(bob.stop(), 0)
        self.assertEqual(eve.stop(), 0)
        os.remove(os.path.join(c.config, "videomeet", "identity.pem"))

        ann = self.host("--policy", "open")
        link = f"videomeet://{a.address}/vault"
        eve = c.start("videomeet", "join", link, "--user", "Eve", "--source",
                      lab.STAMP, "--json")
        eve.wait_event("participant-state", CONNECTED, state="connected")
        bob = b.start("videomeet", "join", link, "--user", "Bob", "--source",
                      lab.STAMP, typed=True)
        bob.wait_for("Eve is in the meeting and is not met: .* has another key",
                     CONNECTED, stream="err")
        bob.wait_for("type /trust Eve to compare", lab.SOON)
        bob.type("/trust Eve")
        bob.wait_for("screen of “Eve” show the new id", lab.SOON)
        bob.type("y")
        bob.wait_for("^Joining the meeting anew", lab.SOON)
        bob.wait_for("^Eve is connected", CONNECTED)
        for process in (bob, eve, ann):
            self.assertEqual(process.stop(), 0)

    def test_agreed_in_the_meeting(self):
        """Nobody joins anew, and it ends as it does for who came trusted."""
        a, b, _ = self.lab.hosts
        ann = self.host()
        # he reads what people read
        bob = b.start("videomeet", "join", "vault", "--user", "Bob",
                      "--source", lab.STAMP, typed=True)
        bob.wait_for(r"^Ann is here \(host, not verified\)\.$", CONNECTED)
        bob.wait_for("^Ann is connected\\.$", CONNECTED)
        seen = ann.wait_event("participant-joined", CONNECTED, user="Bob")
        self.assertEqual(seen["trust"], "unknown")
        self.agree(ann, self.ask(b, "Bob"))
        told = ann.wait_event("participant-trust", CONNECTED, user="Bob")
        self.assertEqual((told["old"], told["trust"]), ("unknown", "trusted"))
        self.assertEqual(self.who(ann, 1), {"Bob": "trusted"})
        bob.wait_for(r"^Ann is verified now\.$", CONNECTED)
        bob.type("/who")
        bob.wait_for("Ann, host, verified, connected", CONNECTED)
        self.assertEqual(ann.events("participant-left"), [])
        a.run("videomeet", "trust", "revoke", "Bob", timeout=CONNECTED)
        revoked = time.monotonic()
        left = ann.wait_event("participant-left", CONNECTED, user="Bob")
        self.assertEqual(left["code"], "NOT_TRUSTED")
        self.assertLess(left["when"] - revoked, LET_GO)
        bob.wait_for("does not trust this device", CONNECTED, stream="err")
        self.assertNotEqual(bob.wait(CONNECTED), 0)
        self.assertEqual(ann.stop(), 0)

    def trusted_by_ann(self, host, user, permissions):
        """Ann and that user trust each other; Ann may do so much for it."""
        asking = self.ask(host, user, "Ann", "--approve", "auto",
                          "--permissions", permissions)
        self.assertEqual(asking.wait(CONNECTED), 0, asking.tail())

    def who(self, process, count):
        """{user: trust} of the others, once there are so many."""
        def look():
            seen = len(process.events("who"))
            process.type("/who")
            lab.wait_until(lambda: len(process.events("who")) > seen,
                           lab.SOON, "who")
            return [p for p in process.events("who")[-1]["participants"]
                    if p["present"]]
        people = lab.wait_until(
            lambda: (lambda all_: len(all_) == count and all_)(look()),
            CONNECTED, f"{count} others")
        return {p["user"]: p["trust"] for p in people}

    def guest(self, host, user):
        return host.start("videomeet", "join", "vault", "--user", user,
                          "--source", lab.STAMP, "--json", "--policy", "require",
                          typed=True)

    def test_vouched(self):
        """Bob and Eve are trusted by Ann alone, and meet."""
        _, b, c = self.lab.hosts
        ann = self.host("--policy", "require", "--approve", "auto")
        for host, user in ((b, "Bob"), (c, "Eve")):
            self.trusted_by_ann(host, user, "call,introducer")
        bob, eve = self.guest(b, "Bob"), self.guest(c, "Eve")
        for process, other in ((bob, "Eve"), (eve, "Bob")):
            seen = process.wait_event("participant-joined", CONNECTED,
                                      user=other)
            self.assertEqual((seen["trust"], seen["voucher"]),
                             ("vouched", "Ann"))
            process.wait_event("participant-state", CONNECTED, user=other,
                               state="connected")
            self.assertEqual(self.who(process, 2),
                             {"Ann": "trusted", other: "vouched"})
            self.assertEqual(
                {p["user"]: p.get("voucher")
                 for p in process.events("who")[-1]["participants"]},
                {"Ann": None, other: "Ann"})
        self.assertEqual(self.who(ann, 2),
                         {"Bob": "trusted", "Eve": "trusted"})
        # who is revoked by one of them is let go of, and hears it
        b.run("videomeet", "trust", "revoke",
              seen_id(bob, "Eve"), timeout=lab.SOON)
        left = bob.wait_event("participant-left", CONNECTED, user="Eve")
        self.assertEqual(left["code"], "NOT_TRUSTED")
        left = eve.wait_event("participant-left", CONNECTED, user="Bob")
        self.assertEqual(left["code"], "NOT_TRUSTED")
        self.assertEqual(self.who(bob, 1), {"Ann": "trusted"})
        for process in (eve, bob, ann):
            self.assertEqual(process.stop(), 0)

    def test_no_introducer(self):
        """Bob lets Ann introduce nobody: both hear why they do not meet."""
        _, b, c = self.lab.hosts
        ann = self.host("--policy", "require", "--approve", "auto")
        self.trusted_by_ann(b, "Bob", "call,file,folder")
        self.trusted_by_ann(c, "Eve", "call,introducer")
        bob = self.guest(b, "Bob")
        bob.wait_event("participant-state", CONNECTED, user="Ann",
                       state="connected")
        eve = self.guest(c, "Eve")
        eve.wait_event("participant-state", CONNECTED, user="Ann",
                       state="connected")
        told = bob.wait_event("warning", CONNECTED, code="NOT_TRUSTED")
        self.assertIn("Eve", told["message"])
        self.assertIn("not trusted", told["message"])
        left = eve.wait_event("participant-left", CONNECTED, user="Bob")
        self.assertEqual(left["code"], "NOT_TRUSTED")
        self.assertIn("does not meet this device", left["message"])
        self.assertEqual(self.who(bob, 1), {"Ann": "trusted"})
        self.assertEqual(self.who(eve, 1), {"Ann": "trusted"})
        self.assertEqual(
            [e for e in bob.events("participant-joined")
             if e["user"] == "Eve"], [])
        for process in (eve, bob, ann):
            self.assertEqual(process.stop(), 0)

    def test_denied(self):
        a, b, _ = self.lab.hosts
        ann = self.host("--policy", "require")
        for here, there in (("y", "n"), ("n", "y")):
            asking = self.ask(b, "Bob")
            asking.wait_event("trust-digits", CONNECTED)
            before = len(ann.events("trust-requested"))
            lab.wait_until(lambda n=before: len(
                ann.events("trust-requested")) >= max(1, n), CONNECTED,
                "a question")
            asking.type(here)
            ann.type("/approve" if there == "y" else "/deny")
            asking.wait_event("error", CONNECTED, code="NOT_TRUSTED")
            self.assertEqual(asking.wait(CONNECTED), 1)
        self.assertEqual((self.list(a), self.list(b)), ({}, {}))
        self.refused(self.join(b, "Bob"), "does not trust this device")
        # what answers a question is not said to everybody
        self.assertEqual(ann.events("chat"), [])
        self.assertEqual(ann.stop(), 0)

    def test_own_policy(self):
        """Who joins has a say, too."""
        _, b, _ = self.lab.hosts
        ann = self.host()
        self.refused(self.join(b, "Bob", "--policy", "require"),
                     "This device does not join")
        self.assertEqual(ann.events("participant-joined"), [])
        self.assertEqual(ann.stop(), 0)

    def test_which_device(self):
        a, b, c = self.lab.hosts
        ann = self.host("--approve", "auto")
        by_address = self.ask(b, "Bob", a.address + ":8080",
                              "--approve", "auto")
        self.assertEqual(by_address.wait(CONNECTED), 0)
        own = by_address.events("trusted")[0]["deviceId"]
        by_id = self.ask(b, "Bob", own[:9], "--approve", "auto")
        self.assertEqual(by_id.wait(CONNECTED), 0)
        self.assertEqual(by_id.events("trusted")[0]["deviceId"], own)
        other = self.host(at=2)
        several = self.ask(b, "Bob", "Ann", "--approve", "auto")
        self.assertEqual(several.wait(CONNECTED), 1)
        self.assertEqual(several.events("error")[0]["code"], "BAD_REQUEST")
        nobody = self.ask(b, "Bob", "Nobody", "--approve", "auto")
        self.assertEqual(nobody.wait(CONNECTED), 1)
        self.assertEqual(nobody.events("error")[0]["code"], "NOT_FOUND")
        self.assertEqual(other.stop(), 0)
        # who calls itself by Ann's id is not meant by that
        posing = self.host(user=own, at=2)
        monitor = b.start("videomeet", "discover", "--json")
        monitor.wait_event("added", CONNECTED, user=own)
        whole = self.ask(b, "Bob", own, "--approve", "auto")
        self.assertEqual(whole.wait(CONNECTED), 0, whole.tail())
        self.assertEqual(whole.events("trusted")[0]["deviceId"], own)
        for process in (monitor, posing, ann):
            self.assertEqual(process.stop(), 0)

    def test_shown_to_programs(self):
        """A device monitor sees trust come and go, and the key."""
        a, b, _ = self.lab.hosts
        ann = self.host("--approve", "auto")
        monitor = b.start("gst-launch-1.0", "-q", "vmdiscoversrc",
                          "announce=off", "!", "fdsink")
        seen = monitor.wait_event("added", CONNECTED, user="Ann")
        self.assertEqual(seen["trusted"], False)
        pem = os.path.join(a.config, "videomeet", "identity.pem")
        der = subprocess.run(["openssl", "pkey", "-in", pem, "-pubout",
                              "-outform", "DER"], check=True,
                             capture_output=True).stdout
        self.assertEqual(seen["fingerprint"],
                         hashlib.sha256(der).digest().hex(":").upper())
        asking = self.ask(b, "Bob", a.address, "--approve", "auto")
        self.assertEqual(asking.wait(CONNECTED), 0)
        monitor.wait_event("changed", CONNECTED, trusted=True)
        b.run("videomeet", "trust", "revoke", "Ann", timeout=CONNECTED)
        lab.wait_until(lambda: monitor.events("changed")[-1]["trusted"] is
                       False, CONNECTED, "the end of trust")
        self.assertEqual(monitor.stop(), 0)
        self.assertEqual(ann.stop(), 0)

    def test_nobody_to_ask(self):
        """Without a terminal both sides say what to do."""
        a, b, _ = self.lab.hosts
        ann = a.start("videomeet", "host", "--user", "Ann", "--source", lab.STAMP,
                      "--json")
        ann.wait_event("meeting", CONNECTED, state="announced")
        asking = b.start("videomeet", "trust", "request", "Ann", "--user",
                         "Bob", "--json")
        self.assertEqual(asking.wait(CONNECTED), 1)
        ann.wait_for(lambda line: "--approve auto" in line, CONNECTED)
        told = asking.events("warning") + ann.events("warning")
        words = [w["message"] for w in told if "--approve auto" in w["message"]]
        self.assertEqual(len(words), 2, told)
        self.assertEqual(self.list(b), {})
        self.assertEqual(ann.stop(), 0)

    def send(self, host, path):
        return host.start("videomeet", "send", path, "Ann", "--user", "Bob",
                          "--json")

    def test_agreed_where_files_are_received(self):
        """Who may not send there is asked about at that terminal, before the file
        that waits for its answer."""
        a, b, c = self.lab.hosts
        folder = os.path.join(a.home, "in")
        ann = a.start("videomeet", "receive", folder, "--user", "Ann",
                      "--policy", "require", "--json", typed=True)
        ann.wait_event("receiving", CONNECTED)
        path = os.path.join(b.home, "a.txt")
        with open(path, "w", encoding="utf-8") as file:
            file.write("from Bob")
        refused = self.send(b, path)
        self.assertEqual(refused.wait(CONNECTED), 1)
        error = refused.wait_event("error", CONNECTED, code="NOT_TRUSTED")
        self.assertIn("videomeet trust request", error["message"])
        self.agree(ann, self.ask(b, "Bob"))

        sent = self.send(b, path)
        ann.wait_event("transfer", CONNECTED, state="pending")
        asking = self.ask(c, "Carl")
        asking.wait_event("trust-digits", CONNECTED)
        ann.wait_event("trust-requested", CONNECTED, name="Carl")
        ann.type("n")
        self.assertEqual(asking.wait(CONNECTED), 1)
        ann.type("y")
        self.assertEqual(sent.wait(CONNECTED), 0, sent.tail())
        with open(os.path.join(folder, "a.txt"), encoding="utf-8") as file:
            self.assertEqual(file.read(), "from Bob")
        self.assertEqual(self.list(a), {"Bob": "trusted"})
        self.assertEqual(ann.stop(), 0)

    def test_export(self):
        a, b, _ = self.lab.hosts
        ann = self.host("--approve", "auto")
        self.assertEqual(
            self.ask(b, "Bob", "Ann", "--approve", "auto").wait(CONNECTED), 0)
        file = os.path.join(b.home, "trust.pem")
        b.run("videomeet", "trust", "export", file, timeout=lab.SOON)
        # the same device again, that has lost what it knew
        for name in ("devices", "tokens"):
            shutil.rmtree(os.path.join(b.config, "videomeet", name))
        self.assertEqual(self.list(b), {})
        b.run("videomeet", "trust", "import", file, timeout=lab.SOON)
        self.assertEqual(self.list(b), {"Ann": "trusted"})
        shown = b.run("videomeet", "trust", "show", "Ann", timeout=lab.SOON).stdout
        self.assertIn("it may", shown)
        self.assertIn("call, file, folder", shown)
        self.assertEqual(ann.stop(), 0)


if __name__ == "__main__":
    lab.main(at_once=3)
