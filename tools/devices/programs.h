/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

/* What the other programs of this user play, each by itself: PulseAudio, or
 * PipeWire in its place, has the sound of every program on its way to the
 * loudspeaker. What this process plays is not among it. */

#define VMT_PROGRAMS_WAIT 5000 /* ms for the sound server to answer */
#define VMT_PROGRAMS_PIECE_MS 20 /* that comes at a time */
/* Of what comes. */
#define VMT_PROGRAMS_RATE 48000
#define VMT_PROGRAMS_CHANNELS 2
#define VMT_PROGRAMS_FORMAT "S16LE"

/* All on a thread of the sound server. */
typedef struct
{
  /* the program @id plays @size bytes */
  void (*plays) (
      guint32 id, gconstpointer data, gsize size, gpointer user_data);
  /* nothing comes from it any more */
  void (*ended) (guint32 id, gpointer user_data);
  /* nothing comes from any; once */
  void (*lost) (const gchar *why, gpointer user_data);
} VmtProgramsFuncs;

typedef struct _VmtPrograms VmtPrograms;

/* Blocks while the sound server is asked. NULL with a sentence: it cannot be
 * listened to. */
VmtPrograms *vmt_programs_new (
    const VmtProgramsFuncs *funcs, gpointer user_data, GError **error);
/* Nothing is called any more when this returns. */
void vmt_programs_free (VmtPrograms *self);
