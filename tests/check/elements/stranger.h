/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

/* A bare webrtcbin with what it sends, as a program of another maker has it.
 * Its functions wait for webrtcbin. */

typedef struct
{
  GstElement *pipeline, *webrtc;
  GAsyncQueue *candidates; /* of its own, "" first: "0 candidate:…" */
  gint pictures; /* atomic: RTP packets of video that have come */
  gint channels; /* atomic: data channels; webrtcbin offers none before */
} Stranger;

Stranger *stranger_new (void);
void stranger_free (Stranger *self);
void stranger_add_sound (Stranger *self);
/* Another m-line, once it is offered; @name is that of its valve. */
void stranger_add_camera (Stranger *self, const gchar *name);
/* Whether the camera sends. */
void stranger_turn (Stranger *self, const gchar *name, gboolean on);
/* RTP packets of that camera. */
guint64 stranger_count_sent (Stranger *self, const gchar *name);
/* Set already. */
gchar *stranger_offer (Stranger *self);
void stranger_take_offer (Stranger *self, const gchar *sdp);
gchar *stranger_answer (Stranger *self);
void stranger_take_answer (Stranger *self, const gchar *sdp);
void stranger_take_candidate (Stranger *self, const gchar *candidate);
