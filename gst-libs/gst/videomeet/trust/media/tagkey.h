/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "trust/media/tag.h"

/* The key of HMAC tags between two devices, derived from their device keys, so
 * that neither needs to send it:
 *
 *   IKM  = ECDH of the two device keys: the shared x, SEC 1 §3.3.1
 *   salt = SHA-256 of the transcript "vm2 tag salt"
 *   info = transcript "vm2 tag key", key of the tagger, key of the checker
 *   key  = HKDF-SHA-256 (RFC 5869), 32 bytes
 *
 * Each direction has a key, so that a message cannot be sent back as the other
 * side's. Unlike a signature it proves nothing to third parties. */

/* @peer: the other's key, or the own, for tags that only this device checks.
 * @tags: this device makes the tags; FALSE: it checks them.
 * VM_ERROR_WRONG_KEY: it is no key; VM_ERROR_FAILED. */
gboolean vm_tag_key_derive (VmIdentity *own, GBytes *peer, gboolean tags,
    guint8 key[VM_TAG_KEY_SIZE], GError **error);
