/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* The messages of a QUIC stream between two agents (protocol/agents.md#stream):
 * a u32 length, a u8 type and a body; the length counts the body. Numbers are
 * big-endian. */

#define VM_P2P_BODY_MAX (1024 * 1024) /* bytes */
#define VM_P2P_HEADER_SIZE 5 /* bytes */

/* As on the wire. Those below 64 are the base protocol's; a peer that knows
 * only those ignores no message: it gets none of the others. */
typedef enum
{
  VM_P2P_FILE_META = 1, /* JSON */
  VM_P2P_FILE_CHUNK = 2, /* offset of 8 bytes, bytes */
  VM_P2P_FILE_ACK = 3, /* JSON */
  VM_P2P_FILE_DONE = 4, /* JSON */

  VM_P2P_FOLDER_MODE = 16, /* JSON */
  VM_P2P_ZIP_META = 17, /* JSON */
  VM_P2P_ZIP_CHUNK = 18, /* offset of 8 bytes, bytes */
  VM_P2P_ZIP_DONE = 19, /* JSON */
  VM_P2P_MANIFEST = 20, /* JSON, a page of it */
  VM_P2P_DIFF_CHUNK = 21, /* offset of 8 bytes, bytes */
  VM_P2P_CONFLICT = 22, /* JSON */

  VM_P2P_TERM_OUT = 32, /* UTF-8 */
  VM_P2P_TERM_RESIZE = 33, /* JSON */
  VM_P2P_TERM_IN = 34, /* bytes */

  /* not in the base protocol */
  VM_P2P_FILE_CHUNK_HASHED = 64, /* offset of 8 bytes, SHA-256, bytes */
  VM_P2P_FILE_CONTROL = 65, /* JSON: pause, resume, cancel */
  /* offset of 8 bytes, SHA-256 of the file up to the end of the chunk, bytes */
  VM_P2P_FILE_CHUNK_PREFIX = 66,
  VM_P2P_SYNC_PLAN = 80, /* JSON */
  VM_P2P_SYNC_SIGNATURE = 81, /* what a side has of a file */
  VM_P2P_SYNC_DONE = 82, /* JSON */
  VM_P2P_TERM_CONTROL = 96, /* JSON: who may type */
  VM_P2P_TERM_STATUS = 97, /* JSON: who watches, what runs */
  VM_P2P_TERM_SEEN = 98, /* bytes of TERM_OUT that were shown, of 8 bytes */
  VM_P2P_ERROR = 127, /* JSON {code, message}; the last message */
} VmP2pType;

/* "FILE_META"; NULL: no such type. */
const gchar *vm_p2p_type_to_string (guint8 type);
