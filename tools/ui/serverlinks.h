/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "options/options.h"

#define VMT_SERVER_LINKS_MAX 4

/* Where browsers find a server that listens on @port: by the names it was told,
 * else at the addresses of this machine, VMT_SERVER_LINKS_MAX at most, with
 * blanks between them. Returns: (transfer full) */
gchar *
vmt_server_links (const VmtOptions *options, gboolean secure, guint port);
