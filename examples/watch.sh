#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# usage: watch.sh MEETING
# Joins a meeting without sending anything and shows its first participant.
exec gst-launch-1.0 -m vmsignalbin name=m \
  "meeting=${1:?say which meeting: watch.sh MEETING}" mode=join \
  m.video_src_0 ! queue ! videoconvert ! autovideosink \
  m.audio_src_0 ! queue ! audioconvert ! audioresample ! autoaudiosink
