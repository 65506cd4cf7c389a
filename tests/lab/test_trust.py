# SPDX-License-Identifier: LGPL-2.1-or-later
"""A device is held to the key it had when it was first met."""

import os
import time

import lab

CONNECTED = lab.SOON


class Trust(lab.LabTest):
    hosts = 2

    def host(self, host):
        process = host.start("videomeet", "host", "--meeting", "standup",
                             "--user", "Ann", "--source", "test", "--json")
        process.wait_event("meeting", lab.SOON, state="announced")
        return process

    def join(self, host, *more):
        return host.start("videomeet", "join", *(more or ("standup",)),
                          "--user", "Bob", "--source", "test", "--json")

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
        self.assertIn("No device nobody", wrong.stderr)
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

    def test_two_processes_of_one_user(self):
        """One key, one machine, one name: two participants."""
        a, _ = self.lab.hosts
        host = self.host(a)
        for target in ("standup", f"videomeet://{a.address}/standup"):
            guest = a.start("videomeet", "join", target, "--user", "Ann",
                            "--source", "test", "--json")
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
        self.assertEqual(self.known(a), [])
        self.assertEqual(host.stop(), 0)


if __name__ == "__main__":
    lab.main()
