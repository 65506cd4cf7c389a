# SPDX-License-Identifier: LGPL-2.1-or-later
"""A running call whose signalling is cut: nobody notices."""

import time

import lab

CONNECTED = lab.SOON
NOTICED = lab.SOON  # s; who has nothing to say pings every 20 s
OUTAGE = 3  # s without a way through
BACK = 25  # s, from the end of the outage, while the seat is kept


class Resume(lab.LabTest):
    hosts = 2

    def rule(self, host, action):
        """What it sends to a server is answered by a reset."""
        host.call("iptables", action, "OUTPUT", "-p", "tcp", "--dport", "8080",
                  "-j", "REJECT", "--reject-with", "tcp-reset")

    def sockets(self, host):
        """The local ports of its connections to the other's server."""
        out = host.call("ss", "-Htn", "state", "established", "dport = :8080")
        return {line.split()[2].rsplit(":", 1)[1] for line in
                out.splitlines()}

    def test_running_call(self):
        a, b = self.lab.hosts
        host = a.start("videomeet", "host", "--meeting", "standup", "--user",
                       "Ann", "--source", lab.STAMP, "--json")
        host.wait_event("meeting", lab.SOON, state="announced")
        # by address: what looks for devices has connections of its own
        guest = b.start("videomeet", "join",
                        f"videomeet://{a.address}/standup", "--user", "Bob",
                        "--source", lab.STAMP, "--json")
        for process in (host, guest):
            process.wait_event("participant-state", CONNECTED,
                               state="connected")
        before = self.sockets(b)
        self.assertTrue(before)
        self.rule(b, "-I")
        # the one by which it joined is idle and notices nothing
        lab.wait_until(lambda: before - self.sockets(b), NOTICED,
                       "the end of the connection")
        time.sleep(OUTAGE)
        self.assertFalse(self.sockets(b) - before)
        self.rule(b, "-D")
        lab.wait_until(lambda: self.sockets(b) - before, BACK,
                       "another connection")
        # longer than the seat of somebody who is lost is kept
        time.sleep(32)
        for process in (host, guest):
            self.assertEqual(process.events("participant-left"), [])
            self.assertEqual(process.events("error"), [])
            self.assertEqual(len(process.events("participant-joined")), 1)

        # the meeting hears of the end over the new connection
        self.assertEqual(guest.stop(), 0)
        host.wait_event("participant-left", lab.SOON)
        self.assertEqual(host.stop(), 0)
        for process in (host, guest):
            other, = process.events("summary")[0]["participants"]
            stamps = other["stamps"]
            # of those 32 s, with half of the frames on a busy machine
            self.assertGreater(stamps["last"] - stamps["first"],
                               lab.RATE // 2 * 32)
            # nothing is connected anew, which takes a second at least
            self.assertLess(stamps["missing"], lab.RATE)
            # where one comes late the one before is sent again
            self.assertLess(stamps["repeated"], lab.RATE)


if __name__ == "__main__":
    lab.main()
