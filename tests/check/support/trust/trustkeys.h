/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/check/gstcheck.h>
#include <gst/videomeet/trust/keys/vmidentity-priv.h>
#include <gst/videomeet/trust/media/vmmediasession-priv.h>
#include <gst/videomeet/videomeet.h>

/* Three devices: who is asked, who asks, and who is between them. */
extern VmIdentity *ann, *bob, *eve;

/* An unchecked fixture: keys do not change. */
void trust_keys_setup (void);
void trust_keys_teardown (void);

/* The end of @own of a connection to @other, whose first participant, p001, it
 * is or is not. */
#define TRUST_NONCE_1 "YSBub25jZSBvZiBhbm4ncw=="
#define TRUST_NONCE_2 "YSBub25jZSBvZiBib2Incw=="
VmMediaSessionConfig
trust_media_config (VmIdentity *own, VmIdentity *other, gboolean first);
