/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/videomeet/trust/keys/vmidentity-priv.h>

/* Two devices, made once: keys that the input cannot know. */
VmIdentity *fuzz_identity (guint which);
