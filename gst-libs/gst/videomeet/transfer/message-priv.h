/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "../trust/base64.h"
#include "message.h"

/* messagefields.c: how the values of message.c's table are written. Readers
 * answer FALSE for what the writers would not write. */

/* The word of the type's WORD field; NULL: it is not told. */
const gchar *vm_transfer_word (const VmTransferMessage *self);
gboolean vm_transfer_read_word (VmTransferMessage *self, const gchar *word);

/* ISO 8601, UTC, with milliseconds; Unix ms, 0: not told. Any time zone is read.
 */
gboolean vm_transfer_read_time (const gchar *text, gint64 *time);
void vm_transfer_write_time (GString *out, const gchar *key, gint64 time);

/* Lower-case hex; @hash NULL: "". */
gboolean vm_transfer_read_hash (const gchar *text, guint8 hash[VM_SHA256_SIZE]);
void
vm_transfer_write_hash (GString *out, const gchar *key, const guint8 *hash);

void vm_transfer_write_chunk (GString *out, const gchar *key, GBytes *data);

/* A list of words; those that are not known are passed over. */
gboolean vm_transfer_read_encodings (
    const VmJson *json, const gchar *key, guint *encodings, GError **error);
void
vm_transfer_write_encodings (GString *out, const gchar *key, guint encodings);
