/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/videomeet/vmfilesocket.h>

/* For tests: how long one that is made later waits until it is open, and, then,
 * for a word of the other side; ms. */
void vm_file_socket_set_times (guint open, guint dead);
