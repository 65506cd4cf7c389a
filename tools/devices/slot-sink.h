/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devices/slot.h"

/* The place of a speaker: a pad "sink" that takes whatever is played. Where no
 * device is used it takes it all the same, and nothing is heard. */

#define VMT_TYPE_SINK_SLOT (vmt_sink_slot_get_type ())
G_DECLARE_FINAL_TYPE (VmtSinkSlot, vmt_sink_slot, VMT, SINK_SLOT, VmtSlot)

/* The system's speaker, whichever that is. */
#define VMT_DEFAULT_SPEAKER "default"
/* Which GStreamer's own sinks keep sound in their buffer for, where nothing
 * else was said: six of the pieces in which they play. */
#define VMT_SPEAKER_BUFFER_MS 60
/* What takes sound and plays nothing. */
#define VMT_NO_SPEAKER "fakesink sync=true async=false"

/* Floating. */
VmtSlot *vmt_sink_slot_new (void);
