/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* The receiver's estimate of what the way to it carries, as an RTCP message
 * (draft-alvestrand-rmcat-remb-03). */

/* Reads the part of the message that is its own, "REMB" first. FALSE: it is
 * none. @bitrate: bit/s, at most G_MAXUINT. */
gboolean vm_peer_remb_read (const guint8 *data, gsize size, guint *bitrate);
