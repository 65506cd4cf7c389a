/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "wire/p2p/p2p.h"

static const struct
{
  VmP2pType type;
  const gchar *name;
} names[] = {
  { VM_P2P_FILE_META, "FILE_META" },
  { VM_P2P_FILE_CHUNK, "FILE_CHUNK" },
  { VM_P2P_FILE_ACK, "FILE_ACK" },
  { VM_P2P_FILE_DONE, "FILE_DONE" },
  { VM_P2P_FOLDER_MODE, "FOLDER_MODE" },
  { VM_P2P_ZIP_META, "ZIP_META" },
  { VM_P2P_ZIP_CHUNK, "ZIP_CHUNK" },
  { VM_P2P_ZIP_DONE, "ZIP_DONE" },
  { VM_P2P_MANIFEST, "MANIFEST" },
  { VM_P2P_DIFF_CHUNK, "DIFF_CHUNK" },
  { VM_P2P_CONFLICT, "CONFLICT" },
  { VM_P2P_TERM_OUT, "TERM_OUT" },
  { VM_P2P_TERM_RESIZE, "TERM_RESIZE" },
  { VM_P2P_TERM_IN, "TERM_IN" },
  { VM_P2P_FILE_CHUNK_HASHED, "FILE_CHUNK_HASHED" },
  { VM_P2P_FILE_CHUNK_PREFIX, "FILE_CHUNK_PREFIX" },
  { VM_P2P_FILE_CONTROL, "FILE_CONTROL" },
  { VM_P2P_SYNC_PLAN, "SYNC_PLAN" },
  { VM_P2P_SYNC_SIGNATURE, "SYNC_SIGNATURE" },
  { VM_P2P_SYNC_DONE, "SYNC_DONE" },
  { VM_P2P_TERM_CONTROL, "TERM_CONTROL" },
  { VM_P2P_TERM_STATUS, "TERM_STATUS" },
  { VM_P2P_TERM_SEEN, "TERM_SEEN" },
  { VM_P2P_ERROR, "ERROR" },
};

const gchar *
vm_p2p_type_to_string (guint8 type)
{
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    if (names[i].type == type)
      return names[i].name;
  return NULL;
}
