/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "server/conn.h"

/* Which path answers what (protocol/http.md#requests). */

/* The routes of the request's path that take a GET (or HEAD), a POST, or an
 * upgrade; NULL: there is none. */
const VmRoute *vm_route_find_get (VmConn *conn);
const VmRoute *vm_route_find_post (VmConn *conn);
const VmRoute *vm_route_find_upgrade (VmConn *conn);
/* Upgrades by the first route that accepts the URL, or sets an error. */
void vm_route_upgrade (VmConn *conn, GError **error);
