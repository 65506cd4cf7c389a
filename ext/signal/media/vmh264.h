/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* What a call has to know of H.264 that comes encoded. */

/* Whether @data, an access unit as a byte stream (ITU-T H.264 annex B), is a
 * picture with B slices, which is shown before one that came earlier. */
gboolean vm_h264_is_b_picture (const guint8 *data, gsize size);
