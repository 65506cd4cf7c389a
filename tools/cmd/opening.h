/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

/* Devices that never answer: the libraries of sound and cameras open them
 * without a deadline of their own. */

#define VMT_OPEN_WAIT 10000 /* ms for a device to be opened */

typedef enum
{
  VMT_OPEN_OK,
  VMT_OPEN_FAILED,
  VMT_OPEN_LATE,
} VmtOpening;

/* Whether @element, which is in NULL and in no bin, reaches @state in @ms,
 * after which it is in NULL again: READY opens a device, PAUSED sets it up as
 * well. One that is late is a thread's of its own, for as long as it hangs: it
 * is of no use any more, but to be dropped. */
VmtOpening vmt_open (GstElement *element, GstState state, guint ms);
