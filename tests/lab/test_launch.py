#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""gst-launch-1.0 alone rings, answers, trusts, is trusted, hosts on a port, and
has two meetings in one process."""

import lab

CONNECTED = r"vm-participant-state-changed.*new=\(string\)connected"
SENT = ("videotestsrc is-live=true ! "
        "video/x-raw,width=160,height=90,framerate=15/1 ! {0}.video_sink_0 "
        "audiotestsrc is-live=true wave=ticks ! {0}.audio_sink_0 ")
SHOWN = "{0}.video_src_0 ! fakesink name=seen-{0} "
SEEN = r'"seen-{}".*new-state=\(GstState\)playing'


class Launch(lab.LabTest):
    hosts = 2

    def finish(self, *processes):
        for process in processes:
            self.assertEqual(process.stop(lab.SOON), 0, process.tail())

    def connected(self, *processes):
        for process in processes:
            process.wait_for(CONNECTED, lab.SOON)

    def serve(self, host):
        server = host.start("videomeet", "server", "--insecure", "--json")
        server.wait_event("serving", lab.SOON)
        return server

    def user(self, host, name, settings, shown=""):
        return host.launch(
            "vmsignalbin name=m dialect=call "
            f"uri=ws://{self.lab.hosts[0].address}:8080/{name} user={name} "
            f"{settings} " + SENT.format("m") + shown)

    def test_ring_and_answer(self):
        a, b = self.lab.hosts
        server = self.serve(a)
        ann = self.user(a, "ann", "auto-accept=true",
                        SHOWN.format("m"))
        ann.wait_for("vm-joined", lab.SOON)
        bob = self.user(b, "bob", "call-to=ann", SHOWN.format("m"))
        ann.wait_for(r"vm-call-offered.*id=\(string\)bob", lab.SOON)
        self.connected(ann, bob)
        for process in ann, bob:
            process.wait_for(SEEN.format("m"), lab.SOON)
        self.finish(bob)
        ann.wait_for("vm-participant-left", lab.SOON)
        # she is there for the next one
        eve = self.user(b, "eve", "call-to=ann")
        self.connected(eve)
        self.finish(eve, ann, server)

    def test_ring_nobody(self):
        a, b = self.lab.hosts
        server = self.serve(a)
        bob = self.user(b, "bob", "call-to=ann")
        bob.wait_for(r"vm-participant-left.*code=\(string\)NOT_FOUND",
                     lab.SOON)
        # nobody answers where nobody is told to
        ann = self.user(a, "ann", "")
        ann.wait_for("vm-joined", lab.SOON)
        eve = self.user(b, "eve", "call-to=ann")
        ann.wait_for("vm-call-offered", lab.SOON)
        self.finish(eve)
        ann.wait_for("vm-call-missed", lab.SOON)
        self.assertFalse(any("state-changed.*connected" in line
                             for line in ann.out))
        self.finish(ann, bob, server)

    def vault(self, host):
        ann = host.launch("vmtrust policy=require approve=auto "
                          "vmsignalbin name=m meeting=vault mode=host user=Ann "
                          + SENT.format("m"))
        ann.wait_for("vm-meeting-state-changed.*announced", lab.SOON)
        return ann

    def test_trust_and_be_trusted(self):
        a, b = self.lab.hosts
        ann = self.vault(a)
        join = ("vmtrust policy=require vmsignalbin name=m meeting=vault "
                "mode=join user=Bob " + SENT.format("m"))
        stranger = b.launch(join)
        stranger.wait_for("not trusted", lab.SOON, stream="err")
        stranger.wait(lab.SOON)
        # no sink, no EOS to wait for
        bob = b.start("stdbuf", "-oL", "gst-launch-1.0", "-m", "vmtrust",
                      f"request={a.address}", "approve=auto")
        for process in ann, bob:
            process.wait_for("vm-trust-established", lab.SOON)
            # and it is said that nobody has looked
            process.wait_for(r"approve=auto\): that is for lab", lab.SOON)
        self.finish(bob)
        guest = b.launch(join)
        self.connected(ann, guest)
        guest.wait_for(r"vm-participant-joined.*trust=\(string\)trusted",
                       lab.SOON)
        self.finish(guest, ann)

    def test_port(self):
        a, b = self.lab.hosts
        ann = a.launch("vmsignalbin name=m meeting=standup mode=host user=Ann "
                       "port=8099 announce=off " + SENT.format("m"))
        ann.wait_for("vm-joined", lab.SOON)
        bob = b.launch("vmsignalbin name=m "
                       f"uri=videomeet://{a.address}:8099/standup user=Bob "
                       + SENT.format("m") + SHOWN.format("m"))
        self.connected(ann, bob)
        bob.wait_for(SEEN.format("m"), lab.SOON)
        self.finish(bob, ann)

    def test_quiet(self):
        """announce=off is found by nobody; interfaces=lo is served to nobody
        but this machine."""
        a, b = self.lab.hosts
        quiet = a.launch("vmsignalbin meeting=quiet mode=host user=Ann "
                         "announce=off")
        quiet.wait_for("vm-joined", lab.SOON)
        # who finds nobody hosts it
        seeker = b.launch("vmsignalbin meeting=quiet mode=auto user=Bob")
        seeker.wait_for("vm-joined.*hosting=.boolean.true", lab.SOON)
        self.finish(seeker)
        url = f"https://{a.address}:8080/status"
        b.run("curl", "-fsk", url, timeout=lab.SOON)
        self.finish(quiet)
        inner = a.launch("vmsignalbin meeting=quiet mode=host user=Ann "
                         "interfaces=lo")
        inner.wait_for("vm-joined", lab.SOON)
        # on loopback alone nothing need be encrypted
        a.run("curl", "-fs", "http://127.0.0.1:8080/status", timeout=lab.SOON)
        done = b.run("curl", "-fs", "--max-time", "5",
                     url.replace("https", "http"), timeout=lab.SOON,
                     check=False)
        self.assertNotEqual(done.returncode, 0)
        self.finish(inner)

    def test_two_bins(self):
        a, b = self.lab.hosts
        bins = "".join(
            "vmsignalbin name={0} meeting={1} mode={{mode}} user={{user}} "
            .format(name, meeting) + SENT.format(name) + "{shown" + name + "} "
            for name, meeting in (("m", "red"), ("n", "blue")))
        ann = a.launch(bins.format(mode="host", user="Ann", shownm="",
                                   shownn=""))
        for meeting in "red", "blue":
            ann.wait_for("vm-meeting-state-changed.*announced.*" + meeting,
                         lab.SOON)
        bob = b.launch(bins.format(mode="join", user="Bob",
                                   shownm=SHOWN.format("m"),
                                   shownn=SHOWN.format("n")))
        for name in "m", "n":
            for process in ann, bob:
                process.wait_for(f'"{name}".*' + CONNECTED, lab.SOON)
            bob.wait_for(SEEN.format(name), lab.SOON)
        self.finish(bob, ann)


if __name__ == "__main__":
    lab.main()
