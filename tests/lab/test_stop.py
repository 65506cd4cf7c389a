#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A signalling server that is stopped and started beneath calls and a room, in every
way: what flows between the others goes on, and they come back to it."""

import signal

import lab

PORT = 8080
AWAY = 3 * 5  # s without a server at least, until both know, three times


class Stop(lab.LabTest):
    hosts = 3
    avahi = False

    def serve(self, *options):
        server = self.lab.hosts[0].start(
            "videomeet", "server", "--insecure", f"--port={PORT}", "--json",
            *options)
        server.wait_event("serving", lab.SOON)
        return server

    def at(self, user):
        return [f"--server=ws://{self.lab.hosts[0].address}:{PORT}",
                f"--user={user}", "--source", lab.STAMP, "--json"]

    def metric(self, name):
        out = self.lab.hosts[0].call("curl", "-s",
                                     f"http://127.0.0.1:{PORT}/metrics")
        return next(int(line.split()[1]) for line in out.splitlines()
                    if line.startswith(f"videomeet_{name} "))

    def talk(self):
        _, a, b = self.lab.hosts
        bob = b.start("videomeet", "answer", *self.at("bob"), "--accept=auto")
        bob.wait_event("call", lab.SOON, state="waiting")
        ann = a.start("videomeet", "call", "bob", *self.at("ann"))
        for one in ann, bob:
            one.wait_event("call", lab.SOON, state="connected")
        return ann, bob

    def wait_all(self, people, event, count):
        lab.wait_until(
            lambda: all(len(p.events(event)) >= count for p in people),
            2 * lab.SOON, f"{event} of both, for the {count}. time")

    def check_whole(self, people):
        """Nothing was connected anew, and of the frames of the whole call at most
        half have fallen to a busy machine."""
        for one in people:
            self.assertEqual(one.events("error"), [], one.tail())
            other, = one.events("summary")[0]["participants"]
            stamps = other["stamps"]
            self.assertEqual(len(one.events("participant-joined")), 1)
            sent = stamps["last"] - stamps["first"]
            self.assertGreater(sent, AWAY * lab.RATE // 2, stamps)
            self.assertLess(stamps["missing"], sent // 2, stamps)
            # where one comes late the one before is sent again; what came over two
            # connections would all be there twice
            self.assertLess(stamps["repeated"], sent // 10, stamps)

    def test_call(self):
        state = f"--state={self.lab.hosts[0].home}/rooms"
        ways = [((), signal.SIGTERM), ((), signal.SIGKILL),
                ((state,), signal.SIGTERM), ((state,), None)]
        server = self.serve(*ways[0][0])
        people = self.talk()
        for count, (_, how) in enumerate(ways[:-1], 1):
            server.signal(how)
            server.wait(lab.SOON)
            self.wait_all(people, "host-lost", count)
            server = self.serve(*ways[count][0])
            self.wait_all(people, "host-returned", count)
            # once each, and in the one call that they have
            self.assertEqual((self.metric("call_users"), self.metric("calls")),
                             (2, 1))
        ann, bob = people
        self.assertEqual([p.popen.poll() for p in people], [None, None])
        self.assertEqual(ann.stop(), 0)
        self.assertEqual(bob.wait(lab.SOON), 0, bob.tail())
        self.check_whole(people)
        self.assertEqual(self.metric("calls"), 0)

    def test_room(self):
        """Devices in a room that nobody hosts, one by the room dialect."""
        first, a, b = self.lab.hosts
        server = self.serve()
        place = f"{first.address}:{PORT}/blue"
        people = [host.start("videomeet", "join", uri, "--insecure", "--source",
                             lab.STAMP, "--json")
                  for host, uri in ((a, f"videomeet://{place}"),
                                    (b, f"videomeet://{place}"),
                                    (b, f"ws://{place}"))]

        def whole(times):
            """Both others are there, once each, for so many times now."""
            return all(
                len(p.events("participant-joined"))
                - len(p.events("participant-left")) == 2
                and sum(e["state"] == "connected"
                        for e in p.events("participant-state")) >= 2 * times
                for p in people)

        lab.wait_until(lambda: whole(1), 2 * lab.SOON, "everybody")
        for times, how in enumerate((signal.SIGTERM, signal.SIGKILL), 1):
            server.signal(how)
            server.wait(lab.SOON)
            self.wait_all(people, "host-lost", times)
            # nobody has left because of it
            self.assertTrue(whole(times))
            server = self.serve()
            self.wait_all(people, "host-returned", times)
            lab.wait_until(lambda n=times: whole(n + 1), 2 * lab.SOON,
                           f"everybody, after {how.name}")
            self.assertEqual(self.metric("participants"), 3)
        for one in people:
            self.assertEqual(one.stop(), 0, one.tail())
            self.assertEqual(one.events("error"), [], one.tail())

    def test_hang_up_without_server(self):
        server = self.serve()
        ann, bob = self.talk()
        server.kill()
        self.wait_all([ann, bob], "host-lost", 1)
        self.assertEqual(bob.stop(), 0)
        self.assertEqual(ann.wait(lab.SOON), 0, ann.tail())
        ann.wait_event("call", lab.SOON, state="ended")

    def test_who_waits_is_found_again(self):
        """Whom nobody has called yet comes back, too."""
        _, a, b = self.lab.hosts
        server = self.serve()
        bob = b.start("videomeet", "answer", *self.at("bob"), "--accept=auto")
        bob.wait_event("call", lab.SOON, state="waiting")
        server.kill()
        bob.wait_event("host-lost", lab.SOON)
        self.serve()
        bob.wait_event("host-returned", lab.SOON)
        ann = a.start("videomeet", "call", "bob", *self.at("ann"))
        for process in ann, bob:
            process.wait_event("call", lab.SOON, state="connected")
        self.assertEqual(ann.stop(), 0)
        self.assertEqual(bob.wait(lab.SOON), 0, bob.tail())


if __name__ == "__main__":
    lab.main(at_once=3)
