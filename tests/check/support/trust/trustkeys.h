/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/check/gstcheck.h>
#include <gst/videomeet/trust/keys/vmidentity-priv.h>
#include <gst/videomeet/videomeet.h>

/* Three devices: who is asked, who asks, and who is between them. */
extern VmIdentity *ann, *bob, *eve;

/* An unchecked fixture: keys do not change. */
void trust_keys_setup (void);
void trust_keys_teardown (void);
