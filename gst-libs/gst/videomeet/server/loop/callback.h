/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <libwebsockets.h>

/* The callbacks for libwebsockets: bytes of connections, and events of the
 * context. */
extern const struct lws_protocols vm_lws_protocols[];
