/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "server/server.h"

/* Called before vm-net runs, and when all its sockets are about to close. */
void vm_server_load_rooms (VmServer *self);
void vm_server_save_rooms (VmServer *self);
/* Whether rooms can be stored at @path. */
gboolean vm_server_check_state (const gchar *path, GError **error);
