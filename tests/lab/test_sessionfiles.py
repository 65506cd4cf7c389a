#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Files that are sent by what is typed in a meeting of the launcher."""

import filecmp
import os
import shutil

import lab

MIB = 1 << 20
SIZES = [0, 1, 65535, 65536, 65537, 156 * 65536]
# of one step of a transfer
LONG = 3 * lab.SOON


class SessionFiles(lab.LabTest):
    hosts = 3

    def setUp(self):
        for host in self.lab.hosts:
            shutil.rmtree(os.path.join(host.config, "videomeet"),
                          ignore_errors=True)
            shutil.rmtree(os.path.join(host.home, "in"), ignore_errors=True)
        self.ann, self.bob, self.cleo = self.lab.hosts

    @staticmethod
    def make(host, name, size):
        path = os.path.join(host.home, name)
        with open(path, "wb") as file:
            file.write(os.urandom(min(size, 3 * MIB)))
            file.truncate(size)
        return path

    @staticmethod
    def come(host, user, *more, typed=True):
        what = ["host", "--meeting", "standup"] if user == "Ann" \
            else ["join", "standup"]
        process = host.start("videomeet", *what, "--user", user, "--source",
                             "test", "--audio-only", "--json", *more,
                             typed=typed)
        process.wait_event("joined", lab.SOON)
        return process

    @staticmethod
    def meet(*processes):
        for process in processes:
            lab.wait_until(lambda p=process: len(
                {e["id"] for e in p.events("participant-state")
                 if e["state"] == "connected"}) == len(processes) - 1,
                LONG, "the others")

    def into(self, host, *more):
        return ["--files", os.path.join(host.home, "in"), *more]

    def assert_got(self, host, path, *lists):
        folder = os.path.join(host.home, "in")
        name = os.path.basename(path)
        self.assertTrue(filecmp.cmp(path, os.path.join(folder, name), False))
        self.assertEqual(sorted(os.listdir(folder)), sorted([name, *lists]))

    def assert_drawn(self, process, name, size):
        """The states of a file that went without a stop, as they are drawn."""
        process.wait_event("transfer", LONG, state="completed", filename=name)
        told = [e for e in process.events("transfer") if e["filename"] == name]
        self.assertEqual(list(dict.fromkeys(e["state"] for e in told)),
                         ["pending", "transferring", "verifying", "completed"])
        self.assertEqual((told[-1]["size"], told[-1]["done"]), (size, size))

    @staticmethod
    def wait_done(process, least):
        """Its transfer has come so far."""
        lab.wait_until(lambda: max(
            (e["done"] for e in process.events("transfer") if "done" in e),
            default=0) >= least, LONG, f"{least} bytes")

    def test_asked(self):
        path = self.make(self.bob, "a b.bin", 3_000_001)
        ann = self.come(self.ann, "Ann", *self.into(self.ann))
        bob = self.come(self.bob, "Bob")
        self.meet(ann, bob)

        bob.type(f'/send "{path}" Ann')
        offer = ann.wait_event("transfer", lab.SOON, state="pending")
        self.assertEqual((offer["user"], offer["number"], offer["filename"]),
                         ("Bob", 1, "a b.bin"))
        ann.type("/accept")
        for process, direction in ((bob, "send"), (ann, "receive")):
            process.wait_event("transfer", LONG, state="completed",
                               direction=direction)
        self.assert_got(self.ann, path)

        bob.type(f'/send "{path}"')
        ann.wait_event("transfer", lab.SOON, state="pending", number=2)
        ann.type("/decline 2")
        bob.wait_event("transfer", lab.SOON, state="failed", number=2,
                       user="Ann", code="DECLINED")
        bob.type("/files")
        files = bob.wait_event("files", lab.SOON)["transfers"]
        self.assertEqual([(f["number"], f["state"]) for f in files],
                         [(1, "completed"), (2, "failed")])
        self.assertEqual(bob.stop(), 0)
        self.assertEqual(ann.stop(), 0)
        self.assert_got(self.ann, path)

    def test_everybody(self):
        """Each has a transfer of its own; who has no folder takes nothing."""
        path = self.make(self.ann, "a.bin", 200_000)
        ann = self.come(self.ann, "Ann")
        bob = self.come(self.bob, "Bob",
                        *self.into(self.bob, "--accept", "auto"), typed=False)
        cleo = self.come(self.cleo, "Cleo")
        self.meet(ann, bob, cleo)

        ann.type(f"/send {path}")
        ann.wait_event("transfer", LONG, state="completed", user="Bob")
        refused = ann.wait_event("transfer", LONG, state="failed", user="Cleo")
        self.assertEqual(refused["code"], "DECLINED")
        self.assertIn("Nobody receives files here", refused["message"])
        self.assert_got(self.bob, path)
        self.assertEqual(cleo.events("transfer"), [])

        ann.type(f"/send {path} Dan")
        ann.wait_event("warning", lab.SOON, code="UNROUTABLE")
        ann.type("/send /no/such/file")
        ann.wait_for("/no/such/file is not sent", lab.SOON)
        ann.type("/accept")
        ann.wait_event("warning", lab.SOON, code="NOT_FOUND")
        for process in (cleo, bob, ann):
            self.assertEqual(process.stop(), 0)

    def test_quota(self):
        """It is the folder's, whoever sends and comes again; both are told why."""
        path = self.make(self.bob, "a.bin", 60_000)
        more = self.make(self.bob, "b.bin", 60_000)
        ann = self.come(self.ann, "Ann", *self.into(
            self.ann, "--accept", "auto", "--quota", "100k"))
        bob = self.come(self.bob, "Bob")
        self.meet(ann, bob)
        bob.type(f"/send {path}")
        bob.wait_event("transfer", LONG, state="completed")
        bob.type(f"/send {more}")
        refused = bob.wait_event("transfer", LONG, state="failed")
        self.assertIn("quota of the receiving folder", refused["message"])
        ann.wait_event("transfer", LONG, state="failed", filename="b.bin")
        self.assertEqual(bob.stop(), 0)
        self.assert_got(self.ann, path, ".vm-received")

        # nor is it another one when she comes again
        self.assertEqual(ann.stop(), 0)
        ann = self.come(self.ann, "Ann", *self.into(
            self.ann, "--accept", "auto", "--quota", "100k"))
        cleo = self.come(self.cleo, "Cleo")
        cleo.wait_event("participant-state", LONG, state="connected")
        cleo.type(f"/send {self.make(self.cleo, 'c.bin', 60_000)}")
        refused = cleo.wait_event("transfer", LONG, state="failed")
        self.assertIn("quota of the receiving folder", refused["message"])
        cleo.type(f"/send {self.make(self.cleo, 'd.bin', 40_000)}")
        cleo.wait_event("transfer", LONG, state="completed")
        self.assertEqual(cleo.stop(), 0)
        self.assertEqual(ann.stop(), 0)

    def test_nobody_to_ask(self):
        path = self.make(self.bob, "a.bin", 10)
        ann = self.come(self.ann, "Ann", *self.into(self.ann), typed=False)
        bob = self.come(self.bob, "Bob")
        self.meet(ann, bob)
        bob.type(f"/send {path}")
        bob.wait_event("transfer", LONG, state="failed", code="DECLINED")
        ann.wait_for("nobody to ask", lab.SOON)
        self.assertEqual(bob.stop(), 0)
        self.assertEqual(ann.stop(), 0)

    def send(self, *arguments):
        """A command that joins for the files alone, to its end."""
        process = self.bob.start("videomeet", "send", *arguments, "--meeting",
                                 "standup", "--user", "Bob", "--json")
        return process, process.wait(LONG)

    def test_delivered(self):
        """send --meeting: to one, to everybody, and to who does not want it."""
        sizes = SIZES + [100_000 + n for n in range(14)]
        paths = [self.make(self.bob, f"{n}.bin", size)
                 for n, size in enumerate(sizes)]
        ann = self.come(self.ann, "Ann",
                        *self.into(self.ann, "--accept", "auto"))
        process, status = self.send(*paths, "Ann")
        self.assertEqual(status, 0, process.tail())
        for path in paths:
            self.assertTrue(filecmp.cmp(path, os.path.join(
                self.ann.home, "in", os.path.basename(path)), False))
        for side in process, ann:
            for path, size in zip(paths, sizes):
                self.assert_drawn(side, os.path.basename(path), size)
        left = ann.wait_event("participant-left", lab.SOON)
        self.assertEqual(left["user"], "Bob")

        cleo = self.come(self.cleo, "Cleo", *self.into(self.cleo))
        self.meet(ann, cleo)
        bob = self.bob.start("videomeet", "send", paths[0], "everybody",
                             "--meeting", "standup", "--user", "Bob", "--json")
        cleo.wait_event("transfer", LONG, state="pending")
        cleo.type("/decline")
        self.assertEqual(bob.wait(LONG), 1, bob.tail())
        bob.wait_event("transfer", lab.SOON, state="failed", user="Cleo")
        bob.wait_event("transfer", lab.SOON, state="completed", user="Ann")
        self.assertIn("0 (1).bin", os.listdir(os.path.join(self.ann.home, "in")))
        self.assertEqual(cleo.stop(), 0)
        self.assertEqual(ann.stop(), 0)

    def test_to_everybody_where_nobody_is(self):
        """A room begins with who joins it; nobody else comes."""
        path = self.make(self.bob, "a.bin", 100)
        server = self.ann.start("videomeet", "server", "--json")
        link = server.wait_event("serving", lab.SOON)
        sender = self.bob.start(
            "videomeet", "send", path, "everybody", "--meeting",
            f"videomeet://{self.ann.address}:{link['port']}/empty", "--json")
        self.assertEqual(sender.wait(LONG), 1, sender.tail())
        sender.wait_event("error", lab.SOON, code="UNROUTABLE",
                          message="Nobody else is in the meeting.")
        self.assertEqual(server.stop(), 0)

    def test_not_delivered(self):
        """Who is not there is waited for, and not for ever; a PIN is asked for."""
        path = self.make(self.bob, "a.bin", 100)
        ann = self.come(self.ann, "Ann", "--pin", "123456",
                        *self.into(self.ann, "--accept", "auto"))
        # it is known from then on
        key = ann.wait_event("joined", lab.SOON)["deviceId"]
        process, status = self.send(path, "Dan", "--pin", "123456",
                                    "--host-key", key)
        self.assertEqual(status, 1, process.tail())
        error = process.wait_event("error", lab.SOON, code="UNROUTABLE")
        self.assertRegex(error["message"], "“Dan” is not one.*Ann .id ")
        process, status = self.send(path, "Ann", "--pin", "123456")
        self.assertEqual(status, 0, process.tail())
        self.assert_got(self.ann, path)

        # the meeting ends before the file is there
        bob = self.bob.start(
            "videomeet", "send", self.make(self.bob, "b.bin", 400 * MIB), "Ann",
            "--meeting", "standup", "--pin", "123456", "--max-bitrate", "8M",
            "--json")
        self.wait_done(bob, MIB)
        self.assertEqual(ann.stop(), 0)
        self.assertEqual(bob.wait(LONG), 1, bob.tail())
        bob.wait_event("transfer", lab.SOON, state="failed")
        bob.wait_for("^videomeet: error: To Ann: b.bin: The other side", lab.SOON,
                     "err")

    def test_given_up(self):
        """Ctrl-C says how to go on, and the same command does."""
        path = self.make(self.bob, "a.bin", 40 * MIB)
        ann = self.come(self.ann, "Ann",
                        *self.into(self.ann, "--accept", "auto"))
        bob = self.bob.start(
            "videomeet", "send", path, "Ann", "--meeting", "standup",
            "--max-bitrate", "8M", "--json")
        self.wait_done(bob, MIB)
        self.assertEqual(bob.stop(), 1, bob.tail())
        bob.wait_for("a.bin is not whole there; when it is sent again",
                     lab.SOON, "err")
        ann.wait_event("transfer", LONG, state="failed")
        process, status = self.send(path, "Ann")
        self.assertEqual(status, 0, process.tail())
        self.assertGreaterEqual(
            process.wait_event("transfer", lab.SOON,
                               state="transferring")["done"], MIB)
        self.assert_got(self.ann, path)
        self.assertEqual(ann.stop(), 0)

    def test_more_than_may_wait(self):
        paths = [self.make(self.bob, f"{n}.bin", n) for n in range(260)]
        ann = self.come(self.ann, "Ann",
                        *self.into(self.ann, "--accept", "auto"))
        bob = self.bob.start("videomeet", "send", *paths, "Ann", "--meeting",
                             "standup", "--json")
        self.assertEqual(bob.wait(3 * LONG), 0, bob.tail())
        self.assertEqual(bob.events("warning"), [])
        for path in paths:
            self.assertTrue(filecmp.cmp(path, os.path.join(
                self.ann.home, "in", os.path.basename(path)), False))
        self.assertEqual(ann.stop(), 0)

    def begin(self):
        """A transfer from Ann to Bob that has begun and waits."""
        path = self.make(self.ann, "a.bin", 200 * MIB)
        ann = self.come(self.ann, "Ann")
        bob = self.come(self.bob, "Bob",
                        *self.into(self.bob, "--accept", "auto"))
        self.meet(ann, bob)
        ann.type(f"/send {path} Bob")
        self.wait_done(bob, 3 * MIB)
        bob.type("/pause 1")
        for process in (ann, bob):
            process.wait_event("transfer", LONG, state="paused")
        return path, ann, bob

    def test_cancelled(self):
        _, ann, bob = self.begin()
        bob.type("/resume 1")
        self.wait_done(ann, 5 * MIB)
        ann.type("/cancel 1")
        for process in (ann, bob):
            process.wait_event("transfer", LONG, state="failed",
                               code="CANCELLED")
        lab.wait_until(lambda: os.listdir(
            os.path.join(self.bob.home, "in")) == [], lab.SOON,
            "nothing kept")
        self.assertEqual(bob.stop(), 0)
        self.assertEqual(ann.stop(), 0)

    def test_leaves(self):
        """Who sends is told, and goes on when the other is there again."""
        path, ann, bob = self.begin()
        kept = max(e["done"] for e in bob.events("transfer"))
        self.assertEqual(bob.stop(), 0)
        ann.wait_event("transfer", LONG, state="failed", code="DISCONNECTED",
                       user="Bob")
        self.assertNotIn("a.bin", os.listdir(os.path.join(self.bob.home, "in")))

        bob = self.come(self.bob, "Bob",
                        *self.into(self.bob, "--accept", "auto"))
        bob.wait_event("participant-state", LONG, state="connected")
        ann.type(f"/send {path} Bob")
        first = bob.wait_event("transfer", LONG, state="transferring")
        self.assertGreaterEqual(first["done"], kept)
        # in the middle of it
        self.assertEqual(ann.stop(), 0)
        bob.wait_event("transfer", LONG, state="failed", user="Ann")
        self.assertEqual(bob.wait(LONG), 0, bob.tail())


if __name__ == "__main__":
    lab.main(at_once=4)
