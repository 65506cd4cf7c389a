/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "peer/vmpeer.h"

/* One participant's streams, as they arrive, in Matroska files without
 * transcoding: a pipeline of its own, so that a slow disk never slows the
 * meeting. A new file (segment) begins when caps change, a stream is added, one
 * comes back after it was silent for long (VM_RECORD_SILENT_MAX), or the
 * recorder was held. Any thread, but for the functions, which run on the
 * recorder's, and the one for events also on that of vm_recorder_abandon(). */

/* Samples between the streaming threads and the recorder's thread, while a file
 * is opened or closed; more are lost. */
#define VM_RECORDER_QUEUE_MAX 1024

#define VM_TYPE_RECORDER (vm_recorder_get_type ())
G_DECLARE_FINAL_TYPE (VmRecorder, vm_recorder, VM, RECORDER, GObject)

typedef struct
{
  /* @started: a file was begun; else it is whole and closed, or, with @error,
   * was given up. */
  void (*event) (gpointer user_data, const gchar *location, gboolean started,
      const GError *error);
  /* Pictures are left out until a key frame comes; said with each of them. Must
   * not block. */
  void (*need_key_unit) (gpointer user_data, VmPeerStream stream);
} VmRecorderFuncs;

/* The name of a participant's files: meeting, user, id and the time, without
 * anything that leads out of a folder. The arguments are untrusted. */
gchar *vm_recorder_make_stem (
    const gchar *meeting, const gchar *user, const gchar *id);
VmRecorder *vm_recorder_new (const gchar *directory, const gchar *stem,
    const VmRecorderFuncs *funcs, gpointer user_data, GDestroyNotify notify);
void
vm_recorder_push (VmRecorder *self, VmPeerStream stream, GstSample *sample);
/* While it is held the file is closed, and nothing is taken; what comes
 * afterwards is another file. */
void vm_recorder_hold (VmRecorder *self, gboolean held);
/* Finalises the file on the recorder's thread. */
void vm_recorder_close (VmRecorder *self);
/* Waits until the file of a recorder that was closed is whole; FALSE when it is
 * not by then. */
gboolean vm_recorder_wait (VmRecorder *self, GstClockTime timeout);
/* Reports the file as given up, after a wait that failed. */
void vm_recorder_abandon (VmRecorder *self);
