/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "server/conn.h"

/* POST /meetings/join */
int vm_http_post_join (VmConn *conn);
