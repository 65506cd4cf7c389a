/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "client/httpclient.h"

/* What a refusal by another device says; the server's own words when there are
 * any. Returns: (transfer full): a VM_ERROR */
GError *vm_http_reply_to_error (const VmHttpReply *reply);
