/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/videomeet/videomeet.h>

/* Lets go of @node, the process's, and waits until everybody has: what an
 * element has left behind may hold it for a while, and where tests share a
 * process the next one would be the device of this one's folder. */
void node_let_go (VmNode **node);
