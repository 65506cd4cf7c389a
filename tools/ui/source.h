/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

typedef enum
{
  VMT_SOURCE_CAMERA,
  VMT_SOURCE_SCREEN,
  VMT_SOURCE_TEST,
  VMT_SOURCE_STAMP,
  VMT_SOURCE_URI,
} VmtSourceKind;

#define VMT_CAMERA "camera"
#define VMT_MICROPHONE "microphone"
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
  VmtSourceKind kind; /* after falling back, if it had to */
  GstElement *bin; /* owned */
  gboolean has_video, has_audio;
  gboolean still; /* the picture is one, and has no end */
  GPtrArray *notes; /* sentences the user should read, none most often */
} VmtSource;

/* @spec: camera, screen, test, stamp or stamp:WIDTHxHEIGHT@RATE, a URI or the
 * name of a file. Without a
 * camera the test picture stands in, without a microphone silence, and a note
 * says so. Blocks while devices are listed or a URI is looked into. NULL with
 * a sentence when there is nothing to send. */
VmtSource *
vmt_source_new (const gchar *spec, gboolean audio_only, GError **error);
void vmt_source_free (VmtSource *self);
/* What a spec is but a URI or a file, NULL at the end. */
extern const gchar *const vmt_source_words[];
/* VMT_CAMERA or VMT_MICROPHONE when @object is, or is in, that device of the
 * @bin of a source; else NULL. */
const gchar *vmt_source_find_device (GstElement *bin, GstObject *object);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmtSource, vmt_source_free)
