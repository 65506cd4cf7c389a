/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

#define FUZZ_FRAMES_MAX 32

typedef void (*FuzzFrame) (const guint8 *data, gsize size, gpointer user_data);

/* A file of several: each from one @magic to the next, the first from the
 * start. */
void fuzz_frames (const guint8 *data, gsize size, const gchar *magic,
    FuzzFrame func, gpointer user_data);
