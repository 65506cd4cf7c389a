/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "trust/media/tag.h"

/* The key of HMAC tags between two devices, which comes of their device keys
 * and so need not be told by one to the other:
 *
 *   IKM  = ECDH of the two device keys: the shared x, SEC 1 §3.3.1
 *   salt = SHA-256 of the transcript "vm2 tag salt"
 *   info = transcript "vm2 tag key", key of who tags, key of who checks
 *   key  = HKDF-SHA-256 (RFC 5869), 32 bytes
 *
 * A key for each direction, so that nobody's words are sent back as another's.
 * Unlike a signature it convinces nobody but the two. */

/* @peer: the other's key, or the own, for what this device alone checks.
 * VM_ERROR_WRONG_KEY: it is no key; VM_ERROR_FAILED. */
gboolean vm_tag_key_derive (VmIdentity *own, GBytes *peer, gboolean tags,
    guint8 key[VM_TAG_KEY_SIZE], GError **error);
