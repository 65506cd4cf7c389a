/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What the plugin's own file defines, for the tests of single sources of it. */

#include <gst/gst.h>

GST_DEBUG_CATEGORY (vm_signal_debug);
