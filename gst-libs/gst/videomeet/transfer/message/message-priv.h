/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/base64.h"
#include "transfer/message/message.h"

/* message.c: the table of fields, by which JSON and structures are read and
 * written. */
typedef enum
{
  VM_FIELD_ID, /* gchar *, of a transfer */
  VM_FIELD_NAME, /* gchar *, no control characters */
  VM_FIELD_LABEL, /* gchar *, see vm_text_is_label() */
  VM_FIELD_NUMBER, /* gint64 from 0 */
  VM_FIELD_BOOLEAN,
  VM_FIELD_WORD, /* see vm_transfer_word() */
  VM_FIELD_TIME, /* gint64, Unix ms */
  VM_FIELD_HASH, /* has_hash and hash */
  VM_FIELD_NO_HASH, /* the same, or "" */
  VM_FIELD_CHUNK, /* GBytes */
  VM_FIELD_ENCODINGS, /* guint */
  VM_FIELD_HAVE, /* VmChunkSet */
} VmFieldKind;

typedef struct
{
  const gchar *key;
  VmFieldKind kind;
  gsize offset;
  gsize max; /* bytes of a text; the largest number */
  guint32 types; /* that have the field */
  guint32 required; /* types that require it */
} VmTransferField;

extern const VmTransferField vm_transfer_fields[]; /* the last has no key */

gboolean vm_transfer_type_from_string (const gchar *name, VmTransferType *type);
/* The field of those kinds that are texts on the wire; *@text (transfer full,
 * taken or not) is not NULL. */
gboolean vm_transfer_read_text (
    VmTransferMessage *self, const VmTransferField *field, gchar **text);
/* Returns: FALSE */
gboolean vm_transfer_bad_field (
    GError **error, VmTransferType type, const gchar *key, const gchar *what);

/* messagefields.c: the formats of the values of message.c's table. Readers
 * return FALSE for anything that the writers cannot write. */

/* The word of the type's WORD field; NULL: it is absent. */
const gchar *vm_transfer_word (const VmTransferMessage *self);
gboolean vm_transfer_read_word (VmTransferMessage *self, const gchar *word);

/* ISO 8601, UTC, with milliseconds; Unix ms, 0: absent. Any time zone is read.
 */
gboolean vm_transfer_read_time (const gchar *text, gint64 *time);
void vm_transfer_write_time (GString *out, const gchar *key, gint64 time);

#define VM_TRANSFER_HASH_TEXT (2 * VM_SHA256_SIZE + 1) /* bytes, with a NUL */
/* Lower-case hex; @hash NULL: "". */
void vm_transfer_format_hash (
    const guint8 hash[VM_SHA256_SIZE], gchar text[VM_TRANSFER_HASH_TEXT]);
gboolean vm_transfer_read_hash (const gchar *text, guint8 hash[VM_SHA256_SIZE]);
void
vm_transfer_write_hash (GString *out, const gchar *key, const guint8 *hash);

void vm_transfer_write_chunk (GString *out, const gchar *key, GBytes *data);

/* A list of words; unknown ones are ignored. */
gboolean vm_transfer_read_encodings (
    const VmJson *json, const gchar *key, guint *encodings, GError **error);
void
vm_transfer_write_encodings (GString *out, const gchar *key, guint encodings);
