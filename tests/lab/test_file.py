#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Files between two devices without a meeting: videomeet send and receive."""

import filecmp
import os

import lab

MIB = 1 << 20
# of many files, or of a user who takes time
LONG = 5 * lab.SOON
SIZES = [0, 1, 65535, 65536, 65537, 156 * 65536]


class File(lab.LabTest):
    hosts = 2

    def setUp(self):
        self.folder = "in-" + self._testMethodName

    def make(self, host, name, size):
        path = os.path.join(host.home, name)
        with open(path, "wb") as f:
            while size > 0:
                size -= f.write(os.urandom(min(size, MIB)))
        return path

    def receive(self, host, *options, typed=False, user="Ann"):
        process = host.start("videomeet", "receive",
                             os.path.join(host.home, self.folder), "--user", user,
                             "--json", *options, typed=typed)
        process.wait_event("receiving", lab.SOON)
        return process

    def send(self, host, *arguments):
        return host.start("videomeet", "send", *arguments, "--json")

    def got(self, host, name):
        return os.path.join(host.home, self.folder, name)

    def assert_got(self, host, name, path):
        self.assertTrue(filecmp.cmp(self.got(host, name), path, False))

    @staticmethod
    def wait_offers(receiver, least):
        lab.wait_until(lambda: len(
            {e["transferId"] for e in receiver.events("transfer")
             if e["state"] == "pending"}) >= least, LONG, f"{least} offers")

    def left(self, host):
        return [n for n in os.listdir(os.path.join(host.home, self.folder))
                if n.startswith(".vm-")]

    def states(self, process, name):
        states = [e["state"] for e in process.events("transfer")
                  if e["filename"] == name]
        return [s for i, s in enumerate(states) if not i or states[i - 1] != s]

    def test_sizes_by_name(self):
        a, b = self.lab.hosts
        paths = [self.make(b, f"f{size}", size) for size in SIZES]
        receiver = self.receive(a, "--accept", "auto")
        sender = self.send(b, *paths, "Ann")
        self.assertEqual(sender.wait(lab.SOON), 0, sender.tail())
        drawn = ["pending", "transferring", "verifying", "completed"]
        for path in paths:
            name = os.path.basename(path)
            receiver.wait_event("transfer", lab.SOON, state="completed",
                                filename=name)
            self.assert_got(a, name, path)
            self.assertEqual(self.states(sender, name), drawn)
            self.assertEqual(self.states(receiver, name), drawn)
        self.assertEqual(self.left(a), [])
        self.assertEqual(receiver.stop(), 0)

    def test_asked(self):
        a, b = self.lab.hosts
        path = self.make(b, "a.bin", MIB)
        receiver = self.receive(a, typed=True)
        sender = self.send(b, path, a.address, "--user", "Bob\u2019s laptop")
        receiver.wait_event("transfer", lab.SOON, state="pending",
                            user="Bob\u2019s laptop")
        receiver.type("perhaps")
        receiver.type("y")
        self.assertEqual(sender.wait(lab.SOON), 0, sender.tail())
        self.assert_got(a, "a.bin", path)
        sender = self.send(b, path, a.address)
        self.wait_offers(receiver, 2)
        receiver.type("n")
        self.assertEqual(sender.wait(lab.SOON), 1)
        sender.wait_event("error", lab.SOON, code="DECLINED",
                          message="a.bin is not sent: The file was declined.")
        self.assertEqual(os.listdir(os.path.join(a.home, self.folder)), ["a.bin"])
        self.assertEqual(receiver.stop(), 0)

    def test_answered_late(self):
        """An offer that is told again is one question: the next answer is for
        the next file."""
        a, b = self.lab.hosts
        paths = [self.make(b, name, 1000) for name in ("a.bin", "b.bin")]
        receiver = self.receive(a, typed=True)
        sender = self.send(b, *paths, a.address)
        lab.wait_until(lambda: len(
            [e for e in receiver.events("transfer")
             if e["state"] == "pending"]) > 2, LONG, "an offer told again")
        receiver.type("y")
        self.wait_offers(receiver, 2)
        receiver.type("n")
        self.assertEqual(sender.wait(LONG), 1, sender.tail())
        self.assertEqual(os.listdir(os.path.join(a.home, self.folder)), ["a.bin"])
        sender.wait_event("error", lab.SOON, code="DECLINED")
        self.assertEqual(receiver.stop(), 0)

    def test_closed_input(self):
        """Nothing else that is open is read as if it were typed."""
        a, b = self.lab.hosts
        path = self.make(b, "a.bin", 10)
        folder = os.path.join(a.home, self.folder)
        receiver = a.start("bash", "-c", f"exec videomeet receive {folder} "
                           "--user Ann --json <&-", typed=True)
        receiver.wait_event("receiving", lab.SOON)
        sender = self.send(b, path, a.address)
        self.assertEqual(sender.wait(lab.SOON), 1)
        sender.wait_event("error", lab.SOON, code="DECLINED")
        self.assertEqual(receiver.stop(), 0)

    def test_language_of_no_country(self):
        """A file is called as it is, whatever the locale."""
        a, b = self.lab.hosts
        path = self.make(b, "t\u00e4st \u6587.bin", 10)
        self.folder += "-\u00e4"
        receiver = a.start(
            "videomeet", "receive", os.path.join(a.home, self.folder), "--user",
            "Ann", "--json", "--accept", "auto", env={"LC_ALL": "C"})
        self.assertTrue(receiver.wait_event("receiving", lab.SOON)
                        ["directory"].endswith("-\u00e4"))
        sender = b.start("videomeet", "send", path, a.address, "--json",
                         env={"LC_ALL": "C"})
        self.assertEqual(sender.wait(lab.SOON), 0, sender.tail())
        self.assert_got(a, os.path.basename(path), path)
        sender = b.start("videomeet", "send", path, os.fsdecode(b"\xff:8080"),
                         env={"LC_ALL": "C"})
        self.assertEqual(sender.wait(lab.SOON), 2)
        self.assertIn("is not UTF-8", sender.tail())
        self.assertEqual(receiver.stop(), 0)

    def test_bad_among_good(self):
        """Each that cannot be sent is named, and then none is sent."""
        a, b = self.lab.hosts
        good = self.make(b, "a.bin", 10)
        receiver = self.receive(a, "--accept", "auto")
        sender = self.send(b, good, os.path.join(b.home, "no"), b.home, a.address)
        self.assertEqual(sender.wait(lab.SOON), 1)
        said = [e["message"] for e in sender.events("error")]
        self.assertEqual(len(said), 2, said)
        self.assertIn("/no is not sent", said[0])
        self.assertIn(f"{b.home} is not sent", said[1])
        sender.wait_event("warning", lab.SOON,
                          message="Nothing was sent: leave out what cannot be sent.")
        self.assertEqual(os.listdir(os.path.join(a.home, self.folder)), [])
        self.assertEqual(receiver.stop(), 0)

    def test_nobody_to_ask(self):
        a, b = self.lab.hosts
        path = self.make(b, "a.bin", 10)
        receiver = self.receive(a)
        sender = self.send(b, path, a.address)
        self.assertEqual(sender.wait(lab.SOON), 1)
        sender.wait_event("error", lab.SOON, code="DECLINED")
        receiver.wait_for("nobody to ask", lab.SOON)
        self.assertEqual(receiver.stop(), 0)

    def test_nobody_receives(self):
        a, b = self.lab.hosts
        path = self.make(b, "a.bin", 10)
        host = a.start("videomeet", "host", "--user", "Ann", "--source",
                       lab.STAMP, "--json")
        host.wait_event("meeting", lab.SOON, state="announced")
        sender = self.send(b, path, a.address)
        self.assertEqual(sender.wait(lab.SOON), 1)
        sender.wait_event("error", lab.SOON, code="NOT_FOUND")
        self.assertIn("'videomeet receive DIR'", sender.tail())
        self.assertEqual(host.stop(), 0)
        # nor is there anybody else
        sender = self.send(b, path, f"{a.address}:9")
        self.assertEqual(sender.wait(lab.SOON), 1)
        sender.wait_event("error", lab.SOON, code="DISCONNECTED")
        self.assertIn("'videomeet receive DIR'", sender.tail())

    def test_nothing_can_be_written(self):
        """Said before anybody sends anything."""
        a, _ = self.lab.hosts
        folder = os.path.join(a.home, self.folder)
        os.mkdir(folder)
        a.call("mount", "-t", "tmpfs", "-o", "ro", "tmpfs", folder)
        receiver = a.start("videomeet", "receive", folder, "--json")
        self.assertEqual(receiver.wait(lab.SOON), 1)
        said = receiver.wait_event("error", lab.SOON)["message"]
        self.assertIn(f"No files can be received in {folder}: Read-only", said)

    def test_stranger_under_require(self):
        a, b = self.lab.hosts
        path = self.make(b, "a.bin", 10)
        receiver = self.receive(a, "--accept", "auto", "--policy", "require")
        sender = self.send(b, path, a.address)
        self.assertEqual(sender.wait(lab.SOON), 1)
        sender.wait_event("error", lab.SOON, code="NOT_TRUSTED")
        self.assertIn(f"'videomeet trust request {a.address}'", sender.tail())
        self.assertEqual(receiver.events("transfer"), [])
        self.assertEqual(os.listdir(os.path.join(a.home, self.folder)), [])
        self.assertEqual(receiver.stop(), 0)

    def begin(self, a, b, path, rate="40M"):
        """A transfer that is slow enough to be interrupted, after a while."""
        receiver = self.receive(a, "--accept", "auto")
        sender = self.send(b, path, a.address, "--max-bitrate", rate)
        receiver.wait_for(
            lambda line: '"transferring"' in line and '"done":0' not in line,
            lab.SOON)
        return receiver, sender

    def go_on(self, a, b, path):
        """The same command again: how much was there already."""
        name = os.path.basename(path)
        self.assertFalse(os.path.exists(self.got(a, name)))
        self.assertNotEqual(self.left(a), [])
        receiver = self.receive(a, "--accept", "auto")
        sender = self.send(b, path, a.address)
        self.assertEqual(sender.wait(lab.SOON), 0, sender.tail())
        self.assert_got(a, name, path)
        self.assertEqual(self.left(a), [])
        self.assertEqual(receiver.stop(), 0)
        return next(e["done"] for e in receiver.events("transfer")
                    if e["state"] == "transferring")

    def test_interrupted(self):
        a, b = self.lab.hosts
        path = self.make(b, "a.bin", 40 * MIB)
        receiver, sender = self.begin(a, b, path)
        self.assertEqual(sender.stop(), 1)
        self.assertIn("goes on where it was", sender.tail())
        self.assertEqual(receiver.stop(), 0)
        done = max(e["done"] for e in receiver.events("transfer"))
        self.assertGreaterEqual(self.go_on(a, b, path), done)

    def test_interrupted_alone(self):
        """The receiver runs on, and has one file in the end."""
        a, b = self.lab.hosts
        path = self.make(b, "a.bin", 40 * MIB)
        receiver, sender = self.begin(a, b, path)
        self.assertEqual(sender.stop(), 1)
        again = self.send(b, path, a.address)
        self.assertEqual(again.wait(lab.SOON), 0, again.tail())
        self.assert_got(a, "a.bin", path)
        self.assertEqual(os.listdir(os.path.join(a.home, self.folder)), ["a.bin"])
        self.assertEqual(receiver.stop(), 0)
        number = again.events("transfer")[0]["transferId"]
        self.assertGreater(
            next(e["done"] for e in receiver.events("transfer")
                 if e["transferId"] == number
                 and e["state"] == "transferring"), 0)

    def test_sender_killed(self):
        a, b = self.lab.hosts
        path = self.make(b, "a.bin", 40 * MIB)
        receiver, sender = self.begin(a, b, path)
        sender.kill()
        self.assertEqual(receiver.stop(), 0)
        self.assertGreater(self.go_on(a, b, path), 0)

    def test_receiver_killed(self):
        a, b = self.lab.hosts
        path = self.make(b, "a.bin", 40 * MIB)
        receiver, sender = self.begin(a, b, path)
        receiver.kill()
        # it looks for the receiver, and finds another one
        receiver = self.receive(a, "--accept", "auto")
        self.assertEqual(sender.wait(lab.SOON), 0, sender.tail())
        self.assert_got(a, "a.bin", path)
        self.assertEqual(self.left(a), [])
        self.assertEqual(receiver.stop(), 0)
        self.assertGreater(
            next(e["done"] for e in receiver.events("transfer")
                 if e["state"] == "transferring"), 0)

    def test_receiver_ended(self):
        """The sender's user hears of it at once, and what to do in the end."""
        a, b = self.lab.hosts
        path = self.make(b, "a.bin", 40 * MIB)
        receiver, sender = self.begin(a, b, path)
        self.assertEqual(receiver.stop(), 0)
        sender.wait_event("transfer", lab.SOON, lost=True, state="transferring")
        self.assertEqual(sender.wait(LONG), 1)
        said = sender.wait_event("error", lab.SOON, code="DISCONNECTED")["message"]
        self.assertTrue(said.startswith("a.bin is not whole there: "), said)
        self.assertTrue(
            said.endswith("; the same command goes on where it was."), said)
        self.assertGreater(self.go_on(a, b, path), 0)

    def test_link_lost(self):
        a, b = self.lab.hosts
        path = self.make(b, "a.bin", 40 * MIB)
        receiver, sender = self.begin(a, b, path)
        b.set_link(False)
        b.set_link(True)
        self.assertEqual(sender.wait(lab.SOON), 0, sender.tail())
        self.assert_got(a, "a.bin", path)
        self.assertEqual(receiver.stop(), 0)

    def test_disk_full(self):
        """Holes in what was reserved, and no room any more to fill them."""
        a, b = self.lab.hosts
        path = self.make(b, "a.bin", 20 * MIB)
        folder = os.path.join(a.home, self.folder)
        os.mkdir(folder)
        a.call("mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", folder)
        receiver, sender = self.begin(a, b, path, "10M")
        part, = (n for n in a.call("ls", "-A", folder).split()
                 if n.endswith(".part"))
        a.call("fallocate", "--punch-hole", "--offset", str(10 * MIB),
               "--length", str(10 * MIB), f"{folder}/{part}")
        a.run("dd", "if=/dev/zero", f"of={folder}/filler", "bs=64k",
              timeout=lab.SOON, check=False)
        for side in sender, receiver:
            side.wait_event("transfer", lab.SOON, state="paused",
                            reason="full")
            self.assertIn("a.bin waits for room", side.wait_event(
                "warning", lab.SOON)["message"])
        a.call("rm", f"{folder}/filler")
        self.assertEqual(sender.wait(lab.SOON), 0, sender.tail())
        a.call("cmp", f"{folder}/a.bin", path)
        self.assertEqual(receiver.stop(), 0)


class Several(lab.LabTest):
    """Files for two devices at a time."""
    hosts = 3

    setUp = File.setUp
    make = File.make
    receive = File.receive
    send = File.send
    got = File.got
    wait_offers = staticmethod(File.wait_offers)
    assert_got = File.assert_got

    def test_each_gets_all(self):
        """By name, in capitals or not."""
        a, b, c = self.lab.hosts
        paths = [self.make(c, f"f{n}", n * 100000) for n in range(3)]
        ann = self.receive(a, "--accept", "auto")
        bob = self.receive(b, "--accept", "auto", user="Bob")
        sender = self.send(c, *paths, "Ann,BOB", "--priority",
                           "f2=1", "--max-active", "2")
        self.assertEqual(sender.wait(lab.SOON), 0, sender.tail())
        for path in paths:
            self.assert_got(a, os.path.basename(path), path)
            self.assert_got(b, os.path.basename(path), path)
        done = [(e["receiver"], e["filename"])
                for e in sender.events("transfer") if e["queue"] == "done"]
        for name in "Ann", "BOB":
            self.assertEqual([f for to, f in done if to == name],
                             ["f2", "f0", "f1"])
            last = [e for e in sender.events("transfer")
                    if e["receiver"] == name][-1]
            self.assertEqual(last["lane"], "wss")
        for process in ann, bob:
            process.wait_event("transfer", LONG, state="completed", lane="wss")
        self.assertEqual(ann.stop(), 0)
        self.assertEqual(bob.stop(), 0)

    def test_one_question_at_a_time(self):
        """An answer is for the question that was shown, whoever else asks."""
        a, b, c = self.lab.hosts
        folder = os.path.join(a.home, self.folder)
        receiver = a.start("videomeet", "receive", folder, "--user", "Ann",
                           typed=True)
        receiver.wait_for("Receiving in", lab.SOON)
        first = self.send(b, self.make(b, "first.bin", 10), a.address)
        receiver.wait_for("first.bin.*take it", lab.SOON)
        second = self.send(c, self.make(c, "second.bin", 10), a.address)
        second.wait_event("transfer", lab.SOON, state="pending")
        third = self.send(c, self.make(c, "third.bin", 10), a.address)
        third.wait_event("transfer", lab.SOON, state="pending")
        receiver.type("n")
        self.assertEqual(first.wait(lab.SOON), 1)
        receiver.wait_for("(second|third).bin.*take it", lab.SOON)
        self.assertEqual(" ".join(receiver.out).count("take it?"), 2)
        receiver.type("y")
        lab.wait_until(lambda: " ".join(receiver.out).count("take it?") == 3,
                       lab.SOON, "the third question")
        receiver.type("y")
        for sender in second, third:
            self.assertEqual(sender.wait(lab.SOON), 0, sender.tail())
        self.assertEqual(sorted(os.listdir(folder)), ["second.bin", "third.bin"])
        self.assertEqual(receiver.stop(), 0)

    def test_one_declines_and_one_is_not_there(self):
        a, b, c = self.lab.hosts
        path = self.make(c, "a.bin", MIB)
        ann = self.receive(a, "--accept", "auto")
        bob = self.receive(b, "--accept", "never", user="Bob")
        sender = self.send(c, path, "Ann,Bob,Cid")
        self.assertEqual(sender.wait(lab.SOON), 1)
        self.assert_got(a, "a.bin", path)
        self.assertIn("a.bin to Bob is not sent", sender.tail())
        sender.wait_event("error", lab.SOON, code="DECLINED")
        sender.wait_event("error", lab.SOON, code="NOT_FOUND")
        self.assertEqual(ann.stop(), 0)
        self.assertEqual(bob.stop(), 0)

    def test_who_is_not_there_fails(self):
        """Whoever else gets the file; a file that was given last is named."""
        a, _, c = self.lab.hosts
        path, other = self.make(c, "a.bin", MIB), self.make(c, "b.bin", 1)
        ann = self.receive(a, "--accept", "auto")
        sender = self.send(c, path,
                           f"Ann, Cid,{a.address},{other}")
        self.assertEqual(sender.wait(lab.SOON), 1, sender.tail())
        self.assert_got(a, "a.bin", path)
        self.assertEqual(os.listdir(os.path.join(a.home, self.folder)), ["a.bin"])
        self.assertEqual({e["code"] for e in sender.events("error")},
                         {"NOT_FOUND"})
        self.assertIn("No device Cid was found", sender.tail())
        warning = sender.wait_event("warning", lab.SOON)
        self.assertIn("b.bin is a file here", warning["message"])
        self.assertEqual(ann.stop(), 0)

    def test_hundred_files_one_stalled(self):
        """Three of four take 25 files each while the fourth does not answer,
        with one place among them all; then it takes its own. Each file goes
        once."""
        each = 25
        c = self.lab.hosts[2]
        paths = [self.make(c, f"f{n:02}", n * 5000) for n in range(each)]
        peers = []
        for host in self.lab.hosts[:2]:
            for folder in "one", "two":
                into = os.path.join(host.home, f"{self.folder}-{folder}")
                peers.append((into, host.start(
                    "videomeet", "receive", into, "--user", folder, "--json",
                    *(["--accept", "auto"] if peers else []), typed=not peers,
                    env={"XDG_CONFIG_HOME":
                         os.path.join(host.home, "config-" + folder)})))
        stalled = peers[0][1]
        to = [f"10.77.1.{1 + n // 2}:"
              f"{process.wait_event('receiving', lab.SOON)['port']}"
              for n, (_, process) in enumerate(peers)]
        sender = self.send(c, *paths, ",".join(to), "--max-active", "1")

        def done():
            return [(e["receiver"], e["filename"], e["sent"])
                    for e in sender.events("transfer") if e["queue"] == "done"]

        lab.wait_until(lambda: len(done()) == 3 * each, LONG, "the others")
        self.assertEqual({receiver for receiver, _, _ in done()}, set(to[1:]))
        self.assertEqual(len({(e["receiver"], e["transferId"])
                              for e in sender.events("transfer")
                              if e["receiver"] == to[0]
                              and "transferId" in e}), 1)
        for n in range(each):
            self.wait_offers(stalled, n + 1)
            stalled.type("y")
        self.assertEqual(sender.wait(LONG), 0, sender.tail())
        names = [os.path.basename(path) for path in paths]
        self.assertEqual(
            sorted((r, f, s) for r, f, s in done()),
            sorted((r, f, n * 5000) for r in to for n, f in enumerate(names)))
        for into, process in peers:
            self.assertEqual(process.stop(), 0)
            self.assertEqual(sorted(os.listdir(into)), names)
            for path in paths:
                self.assertTrue(filecmp.cmp(
                    os.path.join(into, os.path.basename(path)), path, False))


if __name__ == "__main__":
    lab.main(at_once=4)
