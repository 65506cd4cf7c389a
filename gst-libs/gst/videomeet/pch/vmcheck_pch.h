/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The headers that nearly every test includes. Each program compiles them once
 * (b_pch). */
#include "vmcommon_pch.h"
#include <gst/check/gstcheck.h>
#include <gst/gst.h>
