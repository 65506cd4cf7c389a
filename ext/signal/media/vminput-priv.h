/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "media/vminput.h"

#include <gst/gst.h>

/* Shared by the files of a VmInput: vminput.c (the pad, and its consumers),
 * vminput-raw.c (the first elements for raw input), vminput-branch.c (the
 * encoder or parser of one codec). */

/* One codec's way out of the input: gate, queue, encoder or parser, appsink. */
typedef struct
{
  VmInput *input; /* not owned: the input owns the branch */
  VmCodec codec;
  GstElement *bin; /* encoder or parser; owned by the bin */
  gboolean bin_is_parser;
  GstElement *appsink;
  gboolean wait_key; /* streaming thread: it was muted */
  gboolean told_rare; /* streaming thread: that its format is */
  gint consumers; /* atomic */
  gint failed; /* atomic: its encoder has, and gets nothing more */
} VmInputBranch;

struct _VmInput
{
  GstBin parent;

  VmPeerStream stream;
  VmInputFuncs funcs;
  gpointer user_data;
  GstElement *clocksync, *tee;

  GMutex lock; /* guards what follows; nothing is called under it */
  GstElement *volume;
  VmInputBranch *branches[VM_CODEC_N]; /* set once, kept until finalize */
  gboolean have_caps, raw, eos;
  VmCodec codec;
  GstCaps *encoded; /* as they came; NULL: it is raw */
  guint bitrate;
  guint limit; /* 0: none */
  VmSoundSettings sound;
  gint64 key_unit_at[VM_CODEC_N]; /* µs, monotonic; last request */
  gboolean key_unit_pending[VM_CODEC_N];

  gint mute; /* atomic */
  gint loudest; /* atomic: -dBov since it was read, -1: nothing came */
};

/* Of an encoder. Called without the lock. */
guint vm_input_get_bitrate (VmInput *self);
void vm_input_get_sound (VmInput *self, VmSoundSettings *settings);
/* Adds a branch behind the tee. NULL: @error. */
VmInputBranch *vm_input_branch_new (
    VmInput *self, VmCodec codec, gboolean raw, GError **error);
/* Says that the input as a whole cannot be sent. */
void vm_input_fail (VmInput *self, const GError *error, const GstCaps *caps);
/* Ends the branch for good; reported once. Any thread. */
void vm_input_branch_fail (VmInputBranch *branch, const gchar *why);

/* Whether it is a branch's own; then it fails, and nothing else. */
gboolean vm_input_branch_take_error (VmInput *self, GstMessage *message);

/* Adds the elements that make raw frames fit for any encoder, and links them to
 * the tee. Returns: (transfer none): its first element */
GstElement *vm_input_add_raw_video (VmInput *self);
GstElement *vm_input_add_raw_audio (VmInput *self, GstElement **volume);
/* Whether sound of these caps has no more channels than GStreamer can mix. */
gboolean vm_input_can_mix (const GstCaps *caps);
/* Completes a CAPS event of raw sound that does not say which channel is
 * where. */
void vm_input_name_channels (GstPadProbeInfo *info);
