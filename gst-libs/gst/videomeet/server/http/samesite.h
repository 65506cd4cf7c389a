/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "server/conn.h"

/* Whether a GET with side effects is allowed: a foreign page can embed it
 * without an Origin header, so other headers decide (Fetch Metadata Request
 * Headers §2.3; RFC 9110 §10.1.3). Call it before a body arrives. */
gboolean vm_http_is_admitted (VmConn *conn);

/* Whether a page of this origin asks, the user, or somebody who does not say
 * who (Sec-Fetch-Site). */
gboolean vm_http_is_same_site (VmConn *conn);
