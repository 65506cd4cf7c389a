/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "devices/camera.h"
#include "devices/portal.h"
#include "devices/rtsp.h"
#include "devices/screensound.h"
#include "devices/slot.h"

typedef enum
{
  VMT_SOURCE_CAMERA,
  VMT_SOURCE_SCREEN,
  VMT_SOURCE_TEST,
  VMT_SOURCE_STAMP,
  VMT_SOURCE_RTSP,
  VMT_SOURCE_URI,
} VmtSourceKind;

#define VMT_TEST_WIDTH 640 /* pixels of test and stamp */
#define VMT_TEST_HEIGHT 360
#define VMT_TEST_RATE 30 /* a second */
#define VMT_STILL_MAX_WIDTH \
  1920 /* pixels; one that is larger is made smaller */
#define VMT_STILL_MAX_HEIGHT 1080
#define VMT_STAMP "stamp"
#define VMT_STAMP_MAX_WIDTH 3840 /* pixels; the least are in stamp.h */
#define VMT_STAMP_MAX_HEIGHT 2160
#define VMT_STAMP_MAX_RATE 60 /* a second */
#define VMT_URI_WAIT (10 * GST_SECOND) /* to find out what a URI holds */

/* What is sent into the meeting: a bin with source pads "video", "audio" or
 * both, none of them before it is known what there is to send. */
typedef struct
{
  VmtSourceKind kind;
  GstElement *bin; /* owned */
  gboolean has_video, has_audio;
  VmtSlot *camera,
      *microphone; /* of the bin; NULL: there is no place for one */
  VmtSlot *screen; /* likewise, of what the desktop shares */
  VmtScreenSound *sound; /* of the screen, which is mixed into what is sent
                            as sound; owned, or NULL */
  VmtRtsp *rtsp; /* of the bin; or NULL */
  gboolean still; /* the picture is one, and has no end */
  GPtrArray *notes; /* sentences the user should read, none most often */
} VmtSource;

/* Which devices, for those sources that have some. */
typedef struct
{
  VmtDevices *devices;
  const gchar *camera, *microphone; /* NULL: the first that works */
  VmtSize size; /* of the camera */
  VmtRegion region; /* of the screen; width 0: all of it */
  VmtPortalConfig portal; /* how the desktop is asked for a screen */
  gboolean no_sound; /* no microphone, and nothing of a file's sound */
  gboolean screen_sound; /* that of the screen too */
} VmtSourceChoice;

/* @spec: camera, screen, test, stamp or stamp:WIDTHxHEIGHT@RATE, a camera on
 * the network (rtsp://), another URI or the name of a file. @choice is needed
 * for the first two, and may be NULL for the others. Where no camera is named
 * and none works the test picture stands in, for a microphone silence, and a
 * note says so. Blocks while devices are opened, the desktop is asked for a
 * screen or a URI is looked into. NULL with a sentence when there is nothing to
 * send. */
VmtSource *vmt_source_new (const gchar *spec, gboolean audio_only,
    const VmtSourceChoice *choice, GError **error);
void vmt_source_free (VmtSource *self);
/* Whether that of @spec has devices, so that @choice must have them. */
gboolean
vmt_source_needs_devices (const gchar *spec, const VmtSourceChoice *choice);
/* What a spec is but a URI or a file, NULL at the end. */
extern const gchar *const vmt_source_words[];
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmtSource, vmt_source_free)
