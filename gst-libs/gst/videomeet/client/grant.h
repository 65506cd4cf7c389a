/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "client/httpclient.h"
#include "wire/iceservers.h"

G_BEGIN_DECLS

/* The answer to POST /meetings/join (protocol/http.md#join). */
typedef struct
{
  gchar *ticket;
  gchar *user; /* of the host */
  gchar *device;
  VmIceGrant ice; /* from the host */
} VmGrant;

void vm_grant_clear (VmGrant *grant);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (VmGrant, vm_grant_clear)

/* Errors: the server's error, by its code; VM_ERROR_BAD_MESSAGE;
 * VM_ERROR_WRONG_KEY. */
gboolean
vm_grant_read (const VmHttpReply *reply, VmGrant *grant, GError **error);

/* Whether a device id is that of the key: VM_ERROR_WRONG_KEY. */
gboolean
vm_grant_check_id (const gchar *claimed, const gchar *key_hash, GError **error);

G_END_DECLS
