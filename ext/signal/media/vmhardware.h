/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "peer/vmpeer-codec.h"

/* Encoders of hardware, as this machine's drivers have them: none is named,
 * and none is needed. Which settings one has is read from its properties. */

#define VM_HARDWARE_TRIAL_MS 2000 /* for the pictures of the trial */
#define VM_HARDWARE_KEY_INTERVAL              \
  1024 /* pictures, where nobody asks for one \
        */

/* What encodes @codec, the highest rank first: those alone that rank at least
 * as high as @rank. Of GstElementFactory; transfer full. */
GList *vm_hardware_list (const VmPeerCodec *codec, guint rank);
/* A bin as of vm_codec_make_encoder(). The first time it is tried with a few
 * pictures, which blocks for VM_HARDWARE_TRIAL_MS at most; NULL: it does not
 * work, then or before. Any thread. */
GstElement *vm_hardware_make (
    const VmPeerCodec *codec, GstElementFactory *factory, guint bitrate);
/* @encoder of such a bin; bits per second. */
void vm_hardware_set_bitrate (GstElement *encoder, guint bitrate);
/* It has failed in a call: it is not made again. Any thread. */
void vm_hardware_give_up (GstElement *encoder);
