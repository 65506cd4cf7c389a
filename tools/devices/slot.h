/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devices/devices.h"

/* The place of a device in a running pipeline. Another device comes into it
 * without a break: it is opened on a thread of the slot, and what stood there
 * before goes on until the new one works. A device that fails ends neither the
 * pipeline nor its stream: something stands in.
 *
 * What happens is told by element messages "vmt-slot" with the fields "kind"
 * (int, VmtKind), "event", "name" and "message" (strings):
 *   used    the device @name is the one now; without @name, the stand-in is
 *   failed  the device @name cannot be used, as @message says
 *   lost    the device @name failed while it was used; the stand-in comes */

#define VMT_TYPE_SLOT (vmt_slot_get_type ())
G_DECLARE_DERIVABLE_TYPE (VmtSlot, vmt_slot, VMT, SLOT, GstBin)

#define VMT_SLOT_WAIT 10000 /* ms until a device gives its first buffer */

struct _VmtSlotClass
{
  GstBinClass parent_class;

  /* What is set to @trial_state and back, to see whether @device can be opened
   * at all. Floating; NULL: @error is a sentence. */
  GstElement *(*make_trial) (
      VmtSlot *self, const VmtMediaDevice *device, GError **error);
  GstState trial_state;
  /* A part for @device, or the one that stands in. Floating. */
  GstElement *(*make) (
      VmtSlot *self, const VmtMediaDevice *device, GError **error);
  /* Adds @part, beside the one that is used. When the slot runs, so does it,
   * and vmt_slot_flag_ready() is called when it works. */
  gboolean (*bring_in) (VmtSlot *self, GstElement *part);
  /* Lets the stream go by @part. */
  void (*switch_to) (VmtSlot *self, GstElement *part);
  /* Stops @part, which is used no more, and removes it. */
  void (*let_go) (VmtSlot *self, GstElement *part);
};

/* Before the slot runs: begins with @device, or, NULL, with what stands in.
 * Blocks while it is opened; FALSE with a sentence: it cannot be used. */
gboolean
vmt_slot_begin (VmtSlot *self, const VmtMediaDevice *device, GError **error);
/* Likewise with a part that was made elsewhere (floating), which counts as the
 * device @name; NULL: as no device. */
gboolean
vmt_slot_begin_with (VmtSlot *self, GstElement *part, const gchar *name);
/* Any thread; does not block. Of several that are asked for while one is
 * opened the last is the next. NULL: what stands in. */
void vmt_slot_use (VmtSlot *self, const VmtMediaDevice *device);
/* @device is there no more, and lost if it is used. Any thread. */
void vmt_slot_lose (VmtSlot *self, GstDevice *device, const gchar *why);
/* The name of the device that is used; NULL: none is. Transfer full. */
gchar *vmt_slot_get_name (VmtSlot *self);
/* Before the pipeline ends: nothing comes in any more. */
void vmt_slot_close (VmtSlot *self);

/* For the classes. */
void vmt_slot_set_kind (VmtSlot *self, VmtKind kind);
/* What is brought in works. */
void vmt_slot_flag_ready (VmtSlot *self, GstElement *part);
/* @part has failed: as what is brought in, or as what is used. */
void vmt_slot_flag_failed (VmtSlot *self, GstElement *part, const gchar *why);
