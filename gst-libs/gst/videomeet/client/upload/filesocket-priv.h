/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "client/upload/filesocket.h"

/* For tests: how long sockets made later wait to open, and then for a message
 * from the other side; ms. */
void vm_file_socket_set_times (guint open, guint dead);
