#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A host that leaves, dies or is cut off: another device goes on as host."""

import time

import lab
import natlab

USERS = ("Ann", "Bob", "Carl", "Dora", "Emil")


class Succession(lab.LabTest):
    hosts = 5

    who = natlab.NatTest.who

    def meet(self, n):
        """n participants who see each other; the first hosts."""
        self.people = []
        for host, user in zip(self.lab.hosts[:n], USERS):
            command = ("host", "--meeting", "team") if not self.people \
                else ("join", "team")
            one = host.start("videomeet", *command, "--user", user, "--source",
                             lab.STAMP, "--json", typed=True)
            self.people.append(one)
            if len(self.people) == 1:
                one.wait_event("meeting", lab.SOON, state="announced")
            else:
                one.wait_event("joined", lab.SOON)
        for one in self.people:
            lab.wait_until(lambda: self.seen(one) == n - 1, lab.SOON,
                           f"pictures of all others at {one.name}")

    def present(self, one):
        return [p for p in self.who(one) if p["present"]]

    def seen(self, one):
        return sum(1 for p in self.present(one)
                   if p["videoFrames"] > 0 and p["state"] == "connected")

    def missing(self, people):
        return {(one.name, p["user"]): p["stamps"]["missing"]
                for one in people for p in self.present(one)
                if p["user"] in self.users(people)}

    def users(self, people):
        return [USERS[self.people.index(one)] for one in people]

    def succeed(self, left, since):
        """Bob hosts it; the others see each other without a break."""
        for one in left:
            event = one.wait_event("host-changed", lab.SOON, user="Bob")
            print(f"{one.name}: Bob hosts it after {event['when'] - since:.1f} s")
            self.assertEqual(event["hosting"], one is left[0])
        users = self.users(left)
        for one, user in zip(left, users):
            lab.wait_until(
                lambda: sorted(p["user"] for p in self.present(one))
                == sorted(set(users) - {user}), lab.SOON, f"roster of {user}")
            self.assertEqual(
                [p["host"] for p in self.present(one) if p["user"] == "Bob"],
                [True] if one is not left[0] else [])
        return users

    def unbroken(self, left, before):
        time.sleep(2)
        after = self.missing(left)
        for pair, missing in after.items():
            # what a busy machine does not send in time, and nothing else
            self.assertLess(missing - before[pair], lab.RATE, (pair, after, before))

    def go_on(self, left, newcomer):
        """The meeting takes a newcomer, chat goes round, and it ends in order."""
        found = newcomer.start("videomeet", "discover", "--json", "--duration", "20")
        found.wait_for(rf'"user":"Bob".*"participants":{len(left)}', lab.SOON)
        found.kill()
        late = newcomer.start("videomeet", "join", "team", "--user", "Late",
                              "--source", lab.STAMP, "--json", typed=True)
        late.wait_event("joined", lab.SOON)
        lab.wait_until(lambda: self.seen(late) == len(left), lab.SOON,
                       "pictures of all at the newcomer")
        for one in left:
            one.wait_event("participant-joined", lab.SOON, user="Late")
        late.type("hello all")
        for one in left:
            one.wait_event("chat", lab.SOON, text="hello all", user="Late")
        left[-1].type("hello Late")
        late.wait_event("chat", lab.SOON, text="hello Late")
        left[0].type("/end")
        for one in (*left, late):
            self.assertEqual(one.wait(lab.SOON), 0, one.tail())

    def test_host_leaves(self):
        self.meet(4)
        left = self.people[1:]
        before, since = self.missing(left), time.monotonic()
        self.assertEqual(self.people[0].stop(), 0)
        self.succeed(left, since)
        self.unbroken(left, before)
        self.go_on(left, self.lab.hosts[0])

    def test_host_is_killed(self):
        self.meet(4)
        left = self.people[1:]
        before, since = self.missing(left), time.monotonic()
        self.people[0].kill()
        self.succeed(left, since)
        self.unbroken(left, before)
        self.go_on(left, self.lab.hosts[4])

    def test_cable_of_the_host(self):
        """Cut off, and back: it is a guest of the meeting that it hosted."""
        self.meet(4)
        ann, *left = self.people
        before, since = self.missing(left), time.monotonic()
        self.lab.hosts[0].set_link(False)
        self.succeed(left, since)
        self.unbroken(left, before)
        time.sleep(35)
        self.lab.hosts[0].set_link(True)
        self.lab.hosts[0].call("ip", "route", "replace", "default", "dev", "eth0")
        for one in left:
            one.wait_event("participant-joined", lab.SOON, user="Ann")
        for one in self.people:
            lab.wait_until(lambda: self.seen(one) == 3, lab.SOON,
                           f"pictures of all at {one.name}")
            self.assertEqual(len(self.present(one)), 3)

    def split(self, hosts, bridge):
        """Plugs them into a bridge of their own, or back into that of all."""
        for host in hosts:
            lab._call("ip", "link", "set", self.lab.port(host), "master", bridge)

    def test_split_of_two_and_three(self):
        """The three go on with a host of theirs; then the two join them."""
        self.meet(5)
        three = self.people[2:]
        before, since = self.missing(three), time.monotonic()
        lab._call("ip", "link", "add", "half", "type", "bridge", "mcast_snooping", "0")
        lab._call("ip", "link", "set", "half", "up")
        self.addCleanup(lab._call, "ip", "link", "del", "half")
        self.split(self.lab.hosts[:2], "half")
        for one in three:
            event = one.wait_event("host-changed", lab.SOON, user="Carl")
            print(f"{one.name}: Carl hosts it after {event['when'] - since:.1f} s")
        self.unbroken(three, before)
        self.assertEqual(self.people[0].events("host-changed"), [])
        time.sleep(35)
        self.split(self.lab.hosts[:2], self.lab.bridge(1))
        for one in self.people:
            lab.wait_until(lambda: self.seen(one) == 4, 2 * lab.SOON,
                           f"pictures of all at {one.name}")
            self.assertEqual(sorted(p["user"] for p in self.present(one)),
                             sorted(set(USERS) - set(self.users([one]))))

    def test_two_leave_one_after_the_other(self):
        self.meet(4)
        self.people[0].kill()
        self.succeed(self.people[1:], time.monotonic())
        self.people[1].kill()
        for one in self.people[2:]:
            one.wait_event("host-changed", lab.SOON, user="Carl")

    def test_kicked_stays_out(self):
        """At the next host, and at the one after that."""
        self.meet(5)
        emil = self.people.pop()
        self.people[0].type("/kick Emil")
        self.assertEqual(emil.wait(lab.SOON), 1)
        for one in self.people[1:]:
            one.wait_event("participant-left", lab.SOON, user="Emil")
        for host, user in ((0, "Bob"), (1, "Carl")):
            self.people[host].kill()
            for one in self.people[host + 1:]:
                one.wait_event("host-changed", lab.SOON, user=user)
            again = self.lab.hosts[4].start("videomeet", "join", "team", "--user", "Emil",
                                            "--source", lab.STAMP, "--json")
            self.assertEqual(again.wait(lab.SOON), 1)
            again.wait_event("error", lab.SOON, code="KICKED")

    def test_of_two_nobody_succeeds(self):
        self.meet(2)
        self.assertEqual(self.people[0].stop(), 0)
        self.assertEqual(self.people[1].wait(lab.SOON), 0)
        self.assertEqual(self.people[1].events("host-changed"), [])


if __name__ == "__main__":
    lab.main(at_once=2)
