/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What nearly every test includes, compiled once for each program (b_pch). */
#include "vmcommon_pch.h"
#include <gst/check/gstcheck.h>
#include <gst/gst.h>
