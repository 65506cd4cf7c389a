# SPDX-License-Identifier: LGPL-2.1-or-later
"""Two agents that a server introduces, for the benches of files and folders over
QUIC."""

import filecmp
import os
import shutil
import sys
import time

import lan

lab = lan.lab
PORT = "18080"
LONG = 600  # s, for one file


class Pair:
    """Ann's agent and the server on one host, Bob who sends on the same or another.
    `address` is that of the server, `share` the folder below which Ann has those that
    are synced."""

    def __init__(self, receiver, sender, address, share=None):
        self.url = f"http://{address}:{PORT}"
        self.sender = sender
        self.folder = os.path.join(receiver.home, "in")
        os.mkdir(self.folder)
        self.env = {"XDG_CONFIG_HOME": os.path.join(sender.home, "sender")}
        server = receiver.start("videomeet", "server", "--insecure", "--json", "--port",
                                PORT)
        server.wait_event("serving", lab.SOON)
        agent = receiver.start(
            "videomeet", "agent", *self.room("Ann"), "--policy", "open", "--accept",
            "auto", "--receive", self.folder, "--overwrite", "replace", "--json",
            *(("--share", share) if share else ()))
        agent.wait_event("ready", lab.SOON)
        # the keys of both are made before anything is measured
        small = os.path.join(sender.home, "small")
        with open(small, "wb") as f:
            f.write(b"x")
        self.send(small)

    def room(self, user):
        return "--server", self.url, "--room", "bench", "--user", user

    def send(self, path):
        """The whole command, ms: it signs in, finds the way, sends and is told that
        the file has its name and its hash there."""
        start = time.monotonic()
        self.sender.run("videomeet", "send", path, "Ann", *self.room("Bob"),
                        timeout=LONG, env=self.env)
        return (time.monotonic() - start) * 1000


    def sync(self, folder, theirs):
        """The whole command, ms: both folders are the same, and on the disk."""
        start = time.monotonic()
        self.sender.run("videomeet", "sync", folder, f"Ann:{theirs}", *self.room("Bob"),
                        timeout=LONG, env=self.env)
        return (time.monotonic() - start) * 1000


def make_file(path, size):
    """@size MiB that nothing compresses."""
    with open(path, "wb") as f:
        for _ in range(size):
            f.write(os.urandom(1 << 20))
    return path


def prepare(path, *folders):
    """A copy is made and removed: a virtual machine whose host takes unused memory
    back writes a new file at 0.4 GB/s, and at 3 where another has just been."""
    for folder in folders:
        copy = os.path.join(folder, os.path.basename(path))
        shutil.copyfile(path, copy)
        os.remove(copy)


def check(path, folder):
    filecmp.clear_cache()  # of the same name, size and time
    if not filecmp.cmp(os.path.join(folder, os.path.basename(path)), path, False):
        sys.exit("what arrived is something else")
