/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "server/conn.h"

/* The page. */
GBytes *vm_web_read (const gchar *root, const gchar *path, const gchar **type);
int vm_http_get_file (VmConn *conn);
