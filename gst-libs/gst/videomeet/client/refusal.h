/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "client/httpclient.h"

/* The error of a refusal by another device, with the server's message if it has
 * one. Returns: (transfer full): a VM_ERROR */
GError *vm_http_reply_to_error (const VmHttpReply *reply);
