/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "trust/keys/transcript.h"

/* HMAC-SHA-256, RFC 2104. */
void vm_hmac_sha256 (const guint8 *key, gsize key_size, gconstpointer data,
    gsize size, guint8 mac[VM_SHA256_SIZE]);
