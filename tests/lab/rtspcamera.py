#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A camera on the network: RTSP with a password, by GStreamer's gst-rtsp-server.

    rtspcamera.py PORT USER PASSWORD SENT [CERTIFICATE KEY]

By TLS where there is a certificate.
/camera has H.264 and PCMA, and what it sends is in the file SENT too; /bframes has
H.264 with B-frames; /jpeg has MJPEG alone; /h265 has H.265 and AAC; /opus has Opus alone,
which is in the file SENT too. "ready" is written once it listens."""

import sys

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtsp", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import Gio, GLib, Gst, GstRtsp, GstRtspServer  # noqa: E402

PICTURE = ("videotestsrc is-live=true pattern=ball ! "
           "video/x-raw,format=I420,width=160,height=90,framerate=15/1 ! ")
MEDIA = {
    "/camera":
        PICTURE + "x264enc tune=zerolatency bframes=0 key-int-max=15 ! "
        "video/x-h264,profile=high,stream-format=byte-stream,alignment=au ! "
        # written before it is sent, for a camera that is killed
        "tee name=t t. ! filesink async=false sync=false buffer-mode=unbuffered "
        "location={sent} t. ! rtph264pay name=pay0 pt=96 "
        "audiotestsrc is-live=true ! audio/x-raw,rate=8000,channels=1 ! alawenc ! "
        "rtppcmapay name=pay1",
    "/bframes":
        PICTURE + "x264enc bframes=2 b-adapt=false rc-lookahead=5 sync-lookahead=0 "
        "key-int-max=15 ! video/x-h264,profile=main ! rtph264pay name=pay0 pt=96",
    "/jpeg": PICTURE + "jpegenc ! rtpjpegpay name=pay0",
    "/h265":
        PICTURE + "x265enc tune=zerolatency key-int-max=15 speed-preset=ultrafast ! "
        "rtph265pay name=pay0 pt=96 audiotestsrc is-live=true ! audioconvert ! "
        "avenc_aac ! aacparse ! rtpmp4gpay name=pay1 pt=97",
    "/opus":
        "audiotestsrc is-live=true wave=pink-noise ! opusenc ! tee name=t t. ! "
        "filesink async=false sync=false buffer-mode=unbuffered location={sent} "
        "t. ! rtpopuspay name=pay0 pt=96",
}


def main(port, user, password, sent, *tls):
    Gst.init(None)
    server = GstRtspServer.RTSPServer(service=port)
    auth = GstRtspServer.RTSPAuth()
    token = GstRtspServer.RTSPToken()
    token.set_string("media.factory.role", "user")
    auth.add_digest(user, password, token)
    auth.set_supported_methods(GstRtsp.RTSPAuthMethod.DIGEST)
    if tls:
        auth.set_tls_certificate(Gio.TlsCertificate.new_from_files(*tls))
    server.set_auth(auth)
    for path, line in MEDIA.items():
        factory = GstRtspServer.RTSPMediaFactory()
        factory.set_launch("( " + line.format(sent=sent) + " )")
        factory.set_shared(True)
        factory.add_role_from_structure(Gst.Structure.from_string(
            "user, media.factory.access=(boolean)true, "
            "media.factory.construct=(boolean)true")[0])
        server.get_mount_points().add_factory(path, factory)
    server.attach(None)
    print("ready", flush=True)
    GLib.MainLoop().run()


if __name__ == "__main__":
    main(*sys.argv[1:])
