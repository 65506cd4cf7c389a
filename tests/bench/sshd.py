# SPDX-License-Identifier: LGPL-2.1-or-later
"""An SSH server, for the benches whose peer needs one."""

import os
import shutil

import lan

lab = lan.lab
PORT = "18022"
OPTIONS = ("-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null",
           "-o", "LogLevel=ERROR")


def start(host, address="127.0.0.1"):
    """Returns the path of the key that it lets in."""
    keys = os.path.join(host.home, "ssh")
    os.makedirs(keys, mode=0o700)
    host.call("mkdir", "-p", "/run/sshd")
    for name in "host", "user":
        host.run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f",
                 f"{keys}/{name}", timeout=lab.SOON)
    sshd = host.start(
        shutil.which("sshd", path="/usr/sbin:/usr/bin"), "-D", "-e", "-p",
        PORT, "-h", f"{keys}/host", "-f", "/dev/null",
        "-o", f"AuthorizedKeysFile={keys}/user.pub", "-o", "StrictModes=no",
        "-o", "PermitRootLogin=prohibit-password", "-o", "UsePAM=no",
        "-o", f"PidFile={keys}/pid", "-o", f"ListenAddress={address}",
        "-o", "Subsystem=sftp internal-sftp")
    sshd.wait_for("listening", lab.SOON, stream="err")
    return f"{keys}/user"
