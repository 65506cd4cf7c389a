/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

/* The sound that belongs to a shared screen: what the other programs play, in
 * one mix. A pad "src", and "sink" for a sound that goes into the mix, as that
 * of the microphone.
 *
 * When no sound comes any more, an element message "vmt-screen-sound" with the
 * string "message" says why; the mix goes on without it. */

#define VMT_TYPE_SCREEN_SOUND (vmt_screen_sound_get_type ())
G_DECLARE_FINAL_TYPE (
    VmtScreenSound, vmt_screen_sound, VMT, SCREEN_SOUND, GstBin)

/* How late the mix is, for what comes with the server's pieces. */
#define VMT_SCREEN_SOUND_WAIT_MS 40
/* What one program may have waiting: then its oldest sound goes. */
#define VMT_SCREEN_SOUND_QUEUE_MS 500
/* In the mix at once. One more is not heard until another ends. */
#define VMT_SCREEN_SOUND_PROGRAMS_MAX 32

/* Floating; without programs. NULL with a sentence: an element is missing. */
VmtScreenSound *vmt_screen_sound_new (GError **error);
/* Begins to take what other programs play. Blocks while the sound server is
 * asked; FALSE with a sentence: there is none. */
gboolean vmt_screen_sound_listen (VmtScreenSound *self, GError **error);
/* Ends that. Main thread, before the pipeline ends. */
void vmt_screen_sound_close (VmtScreenSound *self);

/* For what listens; one thread at a time: the program @id plays @size bytes in
 * the format of devices/programs.h, or nothing any more. */
void vmt_screen_sound_take (
    VmtScreenSound *self, guint32 id, gconstpointer data, gsize size);
void vmt_screen_sound_drop (VmtScreenSound *self, guint32 id);
