/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/videomeet/room/rooms.h>

/* What rooms are given that need no more: nobody hears of changes, and what is
 * random is the same at each run. @next is a guint8. */
void fuzz_rooms_changed (VmRoom *room, gpointer next);
void fuzz_rooms_random (guint8 *bytes, gsize size, gpointer next);
