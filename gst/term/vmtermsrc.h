/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/base/gstpushsrc.h>

/* Each buffer is one or more whole messages of a terminal
 * (protocol/agents.md#terminal). */
#define VM_TERM_CAPS "application/x-vm-term"
/* The structure of a GST_EVENT_CUSTOM_UPSTREAM with what was typed: `bytes`
 * (GBytes), or `end` (boolean): whoever watches wants no more. */
#define VM_TERM_INPUT_EVENT "application/x-vm-term-input"

#define VM_TYPE_TERM_SRC (vm_term_src_get_type ())
G_DECLARE_FINAL_TYPE (VmTermSrc, vm_term_src, VM, TERM_SRC, GstPushSrc)
GST_ELEMENT_REGISTER_DECLARE (vmtermsrc);
