/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "trust/keys/transcript.h"
#include "transfer/engine/chunkset.h"
#include "transfer/disk/filename.h"
#include "transfer/disk/journal.h"

/* The messages of a file transfer (protocol/files.md#base-messages,
 * protocol/files.md#file-messages), and their JSON: one object a message, the
 * base protocol's name of it in "type", the base protocol's fields, a chunk in
 * base64. Fields outside the base protocol are optional, so that this side and
 * a peer that knows only the base messages can read each other. Sans-I/O, pure.
 */

/* Limits; beyond them, and for any other fault, VM_ERROR_BAD_MESSAGE. Bytes of
 * the text itself. */
/* letters, digits, "-" and "_"; a uuid has 36 */
#define VM_TRANSFER_ID_MAX 64
/* RFC 6838 §4.2: both halves and the slash */
#define VM_TRANSFER_MIME_MAX 127
#define VM_TRANSFER_USER_MAX 128 /* as VM_NAME_MAX */
#define VM_TRANSFER_REASON_MAX 256
#define VM_TRANSFER_PATH_MAX 4096 /* PATH_MAX of Linux */
#define VM_TRANSFER_TIME_MAX 40 /* ISO 8601 with microseconds has 27 */
#define VM_TRANSFER_CODE_MAX 64
#define VM_TRANSFER_SIGNATURE_MAX 88 /* VM_SIGNATURE_BASE64_SIZE */
#define VM_TRANSFER_NUMBER_MAX VM_CHUNK_SET_TOTAL_MAX /* sizes, indexes */
/* Of a chunk in JSON: its base64 has to be within VM_JSON_SIZE_MAX. */
#define VM_TRANSFER_JSON_CHUNK_MAX (512 * 1024)

typedef enum
{
  VM_TRANSFER_FILE_OFFER,
  VM_TRANSFER_FILE_RESPONSE,
  VM_TRANSFER_START,
  VM_TRANSFER_CHUNK_DATA,
  VM_TRANSFER_CHUNK_ACK,
  VM_TRANSFER_COMPLETE,
  VM_TRANSFER_VERIFIED,
  /* not in the base protocol */
  VM_TRANSFER_PAUSE,
  VM_TRANSFER_RESUME,
  VM_TRANSFER_CANCEL,
  VM_TRANSFER_ERROR,
  VM_TRANSFER_N_TYPES
} VmTransferType;

/* The encoding of chunks. None given: JSON, for a peer that knows only the base
 * messages. */
typedef enum
{
  VM_TRANSFER_ENCODING_NONE = 0,
  VM_TRANSFER_ENCODING_JSON = 1 << 0,
  VM_TRANSFER_ENCODING_BINARY = 1 << 1, /* frame.h */
} VmTransferEncoding;

/* CHUNK_ACK.status; an unknown word counts as corrupt: not received. */
typedef enum
{
  VM_CHUNK_RECEIVED,
  VM_CHUNK_CORRUPT,
  VM_CHUNK_FULL, /* no room now */
  VM_CHUNK_N_STATUSES
} VmChunkStatus;

/* A message. Which fields a type has: message.c. Strings are NULL, numbers -1
 * when absent. */
typedef struct
{
  VmTransferType type;
  /* the transfer's: FILE_OFFER.id, else transferId, which a legacy peer may
   * omit */
  gchar *id;
  gchar *filename;
  gint64 size; /* bytes */
  gchar *mime;
  gint64 mtime; /* Unix ms; 0: unknown */
  gchar *user; /* name of the sender's user, as it claims */
  guint encodings; /* VmTransferEncoding, those that the sender has */
  gint64 chunk_size; /* bytes; of FILE_OFFER, what `have` counts; of
                      * FILE_RESPONSE, the most that there may be as JSON */
  gint64 total; /* chunks */
  gchar *signature; /* of the offer, by the sender's device: offersignature.h */

  gboolean accept;
  VmTransferEncoding encoding;
  VmChunkSet *have; /* of VM_CHUNK_SET_TOTAL_MAX chunks */
  gint64 port; /* of FILE_RESPONSE, where /transfer takes the file as well */

  gint64 index; /* of the chunk */
  GBytes *data;
  VmChunkStatus status;
  gint64 up_to; /* chunks 0 to up_to - 1 are verified */

  gboolean verified; /* VERIFIED.status; an unknown word: FALSE */
  gchar *saved_path; /* relative to the receiving folder */
  gchar *reason;
  gchar *code; /* of an error, as vm_error_to_code() */
  gchar *message; /* of an error */

  /* of the file in FILE_OFFER, where it is optional, and COMPLETE; of the chunk
   */
  gboolean has_hash;
  guint8 hash[VM_SHA256_SIZE];
  /* of CHUNK_DATA: @hash is that of the file up to the end of the chunk; of
   * FILE_OFFER and FILE_RESPONSE: such hashes may come. On reliable lanes, and
   * not in JSON. */
  gboolean prefix;
} VmTransferMessage;

/* Without fields but @id (nullable). */
VmTransferMessage *
vm_transfer_message_new (VmTransferType type, const gchar *id);
void vm_transfer_message_free (VmTransferMessage *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmTransferMessage, vm_transfer_message_free)

/* "FILE_OFFER" */
const gchar *vm_transfer_type_to_string (VmTransferType type);
/* Whether @id can be a transfer's. */
gboolean vm_transfer_id_check (const gchar *id);

VmTransferMessage *
vm_transfer_message_read (const gchar *text, gsize size, GError **error);
/* The chunk of a CHUNK_DATA has at most VM_TRANSFER_JSON_CHUNK_MAX bytes.
 * Returns: (transfer full) */
gchar *vm_transfer_message_write (const VmTransferMessage *self);
