/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/videomeet/vmerror.h>
#include "base/limits.h"

/* What a server itself does at Janus: it makes a room for each meeting that has
 * outgrown its mesh, and ends it (protocol/cloud.md#rooms). It keeps one
 * session for that as long as it runs, so it knows whether Janus can be
 * reached. Sans-I/O: `now` is monotonic time in µs. */

typedef struct _VmSfuControl VmSfuControl;

/* None of these may call back into the control, but made(), which may end the
 * room that was refused. */
typedef struct
{
  /* A connection is wanted: vm_sfu_control_opened() or _closed() follows. */
  void (*open) (gpointer user_data);
  void (*send) (const gchar *text, gpointer user_data);
  /* The connection is not wanted any more. */
  void (*close) (gpointer user_data);
  /* Janus can be reached from now on, or (@why) it cannot. */
  void (*reached) (const GError *why, gpointer user_data);
  /* The room of the meeting @id is there, by @number; 0: Janus refuses it. */
  void (*made) (const gchar *id, gint64 number, gpointer user_data);
  void (*random) (guint8 *bytes, gsize size, gpointer user_data);
} VmSfuControlFuncs;

VmSfuControl *vm_sfu_control_new (const VmSfuControlFuncs *funcs,
    const gchar *api_secret, gpointer user_data);
void vm_sfu_control_free (VmSfuControl *control);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmSfuControl, vm_sfu_control_free)

/* Opens the connection when that is due, and watches deadlines. */
void vm_sfu_control_tick (VmSfuControl *control, gint64 now);
void vm_sfu_control_opened (VmSfuControl *control, gint64 now);
void vm_sfu_control_closed (VmSfuControl *control, gint64 now);
void vm_sfu_control_receive (
    VmSfuControl *control, const gchar *data, gsize size, gint64 now);

/* A room for the meeting @id of so many, until vm_sfu_control_end(). Where
 * Janus forgets it, it is made again by the same number. */
void vm_sfu_control_make (
    VmSfuControl *control, const gchar *id, guint publishers, gint64 now);
void vm_sfu_control_end (VmSfuControl *control, const gchar *id, gint64 now);
/* The room of the meeting @id, if it was made. */
gboolean vm_sfu_control_find (
    VmSfuControl *control, const gchar *id, gint64 *number, const gchar **pin);
/* From now on rooms end at once, without waiting for answers. */
void vm_sfu_control_hurry (VmSfuControl *control);
