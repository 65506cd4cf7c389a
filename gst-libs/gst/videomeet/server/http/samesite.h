/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "server/conn.h"

/* Whether a GET that changes something may: a page embeds what another site has
 * without an Origin, which tells it from its own (Fetch Metadata Request
 * Headers §2.3; RFC 9110 §10.1.3). To be asked before a body. */
gboolean vm_http_is_admitted (VmConn *conn);
