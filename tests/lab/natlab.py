# SPDX-License-Identifier: LGPL-2.1-or-later
"""Two homes behind routers, and a public server between them.

    public  198.51.100.1, and .9   the meeting's server; STUN and TURN
    routers 198.51.100.2, .3       each with a home: 10.77.2.0/24, 10.77.3.0/24
    clients 10.77.2.4, 10.77.3.5 and 10.77.2.6, without any other way out

A router translates as one of KINDS says. The addresses are of RFC 5737, so that none
that a router gives out counts as private.
"""

import json

import lab

PUBLIC, TURN = "198.51.100.1", "198.51.100.9"
PORT = 8080
# how a router treats what its client sends, and what comes for it
KINDS = ("cone", "restricted", "symmetric", "no-udp", "tcp-443")


class NatTest(lab.LabTest):
    hosts = 6
    avahi = False

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        public, *others = cls.lab.hosts
        cls.public, cls.routers, cls.clients = public, others[:2], others[2:]
        for address in (PUBLIC, TURN):
            public.call("ip", "addr", "add", f"{address}/24", "dev", "eth0")
        # a way in through any firewall, as servers have it
        for protocol, port, to in (("tcp", 443, PORT),):
            public.call("iptables", "-t", "nat", "-A", "PREROUTING", "-d", PUBLIC,
                        "-p", protocol, "--dport", port, "-j", "REDIRECT",
                        "--to-ports", to)
        for number, router in enumerate(cls.routers, 2):
            router.call("ip", "addr", "add", f"198.51.100.{number}/24", "dev",
                        "eth0")
            router.call("ip", "addr", "del", f"{router.address}/24", "dev", "eth0")
            cls.lab.connect(router, number)
            router.call("sysctl", "-q", "net.ipv4.ip_forward=1")
        for number, client in zip((2, 3, 2), cls.clients):
            cls.lab.connect(client, number)
            client.set_link(False)
            client.call("ip", "route", "replace", "default", "via",
                        f"10.77.{number}.{number}", "dev", f"eth{number - 1}")

    def setUp(self):
        self.joined = []

    def tearDown(self):
        super().tearDown()
        for number in (0, 1):
            self.set_nat(number, "none")

    def set_nat(self, number, kind):
        """Makes the router of that home one of `kind`; what is translated so far is
        forgotten with the sockets that it was for."""
        router, client = self.routers[number], self.clients[number]
        outer, inner = f"198.51.100.{number + 2}", f"eth{number + 1}"
        home = f"10.77.{number + 2}.{client.index}"
        lines = ["*nat", "-F", "*filter", "-F"]
        nat, rules = [], []
        if kind == "symmetric":
            nat.append(f"-A POSTROUTING -o eth0 -p udp -j SNAT --to-source "
                       f"{outer}:20000-60000 --random-fully")
        if kind != "none":
            nat.append(f"-A POSTROUTING -o eth0 -j SNAT --to-source {outer}")
            # what comes unasked is dropped, and so gets no entry that would be
            # in the way of what the client sends there a moment later
            rules.append("-A INPUT -i eth0 -p udp -j DROP")
        if kind == "cone":
            nat.append(f"-A PREROUTING -i eth0 -p udp -j DNAT --to {home}")
        if kind in ("no-udp", "tcp-443"):
            rules.append("-A FORWARD -p udp -j DROP")
        if kind == "tcp-443":
            rules += [f"-A FORWARD -i {inner} -p tcp ! --dport 443 -j DROP",
                      "-A FORWARD -i eth0 -p tcp ! --sport 443 -j DROP"]
        lines = ["*nat", ":PREROUTING ACCEPT", ":POSTROUTING ACCEPT", *nat,
                 "COMMIT", "*filter", ":INPUT ACCEPT", ":FORWARD ACCEPT", *rules,
                 "COMMIT"]
        router.run("iptables-restore", timeout=lab.SOON,
                   stdin="\n".join(lines) + "\n")

    def hold_to(self, number, path):
        """The router of that home lets nothing pass any more but signalling and what
        takes that kind of path, or a worse one."""
        near = {"host": (PUBLIC,), "relay": (PUBLIC, TURN)}.get(path)
        rules = ["-N PATH", "-I FORWARD -j PATH"]
        for end in "sd":
            rules += ([f"-A PATH -{end} {address} -j RETURN" for address in near]
                      if near else [f"-A PATH -{end} {TURN} -j DROP"])
        if near:
            rules.append("-A PATH -j DROP")
        for rule in rules:
            self.routers[number].call("iptables", *rule.split())

    def start_turn(self, host=None, address=TURN, name="turn"):
        """A TURN and STUN server of ann:secret, on UDP and TCP 3478 and on 443."""
        host = host or self.public
        server = host.start(
            "turnserver", "-n", "--no-cli", "--no-tls", "--no-dtls",
            "--lt-cred-mech", "--user=ann:secret", "--realm=lab",
            f"--listening-ip={address}", f"--relay-ip={address}",
            f"--aux-server={address}:443", f"--pidfile=/run/{name}.pid",
            "--log-file=stdout", "--verbose")
        server.wait_for("UDP listener opened on", lab.SOON)
        return server

    def start_server(self, *more):
        """The meeting's server, which names STUN and TURN to everybody."""
        server = self.public.start("videomeet", "server", "--json", "--port", PORT,
                                   *more)
        server.wait_event("serving", lab.SOON)
        return server

    def who(self, process):
        """Those whom a participant sees now, as its summary has them."""
        before = len(process.events("who"))
        process.type("/who")
        lab.wait_until(lambda: len(process.events("who")) > before, lab.SOON,
                       "an answer to /who")
        return process.events("who")[before]["participants"]

    def stamps(self, process):
        """Those of the only other participant."""
        return self.who(process)[0]["stamps"]

    def frames(self, process, user):
        """How many pictures of that user it has got."""
        return sum(p["videoFrames"] for p in self.who(process) if p["user"] == user)

    def until_seen(self, process, user, more=1):
        before = self.frames(process, user) if more > 1 else 0
        lab.wait_until(lambda: self.frames(process, user) >= before + more, lab.SOON,
                       lambda: f"pictures of {user}; {self.views()}")

    def views(self):
        """What each of those who have joined and still run sees of the others."""
        return "; ".join(f"{user} sees {json.dumps(self.who(process))}"
                         for process, user in self.joined
                         if process.popen.poll() is None)

    def join(self, number, user, *more, port=PORT, host=None):
        host = host or self.clients[number]
        process = host.start(
            "videomeet", "join", f"videomeet://{PUBLIC}:{port}/far", "--user", user,
            "--source", lab.STAMP, "--json", *more, typed=True)
        self.joined.append((process, user))
        return process
