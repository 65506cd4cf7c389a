/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

/* Cameras, microphones and speakers that a test plugs in and out. */

/* Registers their provider; nothing is plugged in. */
void fake_media_register (void);
/* @classes: "Video/Source", "Audio/Source" or "Audio/Sink"; @line: what its
 * element is. */
void
fake_media_plug (const gchar *classes, const gchar *name, const gchar *line);
/* One of PipeWire, or of another provider, of which something is known: a
 * structure "p,FIELD=VALUE". It gives nothing. */
void fake_media_plug_known (const gchar *classes, const gchar *name,
    gboolean pipewire, const gchar *properties);
/* What uses it fails; FALSE: it is still plugged in. */
void fake_media_unplug (const gchar *name, gboolean out);
/* An element of the launch line in use, for example to have it give nothing.
 * Transfer full; NULL: none is used. */
GstElement *fake_media_get (const gchar *name, const gchar *element);
