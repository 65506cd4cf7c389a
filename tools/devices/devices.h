/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

/* The cameras, microphones and speakers of this machine, as GStreamer's device
 * providers list them. Any thread, unless it says otherwise. */

typedef enum
{
  VMT_KIND_CAMERA,
  VMT_KIND_MICROPHONE,
  VMT_KIND_SPEAKER,
  VMT_N_KINDS,
  VMT_KIND_SCREEN = VMT_N_KINDS /* what the desktop shares; no device */
} VmtKind;

/* The name that means none of them. */
#define VMT_NO_DEVICE "none"

typedef struct
{
  VmtKind kind;
  gchar *name; /* as people read it; of two alike the second has a number */
  gboolean is_default; /* of the system */
  GstDevice *device; /* owned */
} VmtMediaDevice;

typedef struct _VmtDevices VmtDevices;

/* "camera", "microphone", "speaker", "screen" */
const gchar *vmt_kind_to_string (VmtKind kind);

VmtMediaDevice *vmt_media_device_copy (const VmtMediaDevice *self);
void vmt_media_device_free (VmtMediaDevice *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmtMediaDevice, vmt_media_device_free)

/* Looks for them, which blocks for a moment, and from then on learns of each
 * that is plugged in or out. With the end of a second one at the same time
 * GStreamer 1.22 tells the first of nothing any more. */
VmtDevices *vmt_devices_new (void);
VmtDevices *vmt_devices_ref (VmtDevices *self);
void vmt_devices_unref (VmtDevices *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmtDevices, vmt_devices_unref)

/* Returns: (transfer full): of VmtMediaDevice: those of PipeWire first, the
 * default of the system before others. One that PulseAudio, ALSA or V4L2 has
 * too is listed once, as PulseAudio's where PipeWire's may not play
 * (devices/pipewire.h). What a loudspeaker plays is no microphone, and a screen
 * that is shared no camera. */
GPtrArray *vmt_devices_list (VmtDevices *self, VmtKind kind);
/* The one called @name, in whatever case: its whole name, or else a beginning
 * or a part of it that no other one has. Transfer full; NULL with a sentence
 * that lists those there are. */
VmtMediaDevice *vmt_devices_find (
    VmtDevices *self, VmtKind kind, const gchar *name, GError **error);

/* @added: plugged in, else out. @device has its own name, without a number. */
typedef void (*VmtDeviceFunc) (
    const VmtMediaDevice *device, gboolean added, gpointer user_data);
/* In the default main context, until it is unwatched. Main thread. */
void
vmt_devices_watch (VmtDevices *self, VmtDeviceFunc func, gpointer user_data);
void vmt_devices_unwatch (VmtDevices *self);
