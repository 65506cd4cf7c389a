/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "transfer/p2p/p2phandler-priv.h"

/* What the two ends of p2pzip.h share. */

#define VM_ZIP_LIST_TEXT 64 /* characters of a list's digest */
/* Bytes of a ZIP_CHUNK that are gathered before they are sent. */
#define VM_ZIP_CHUNK_SIZE (256 * 1024)

/* The JSON of FOLDER_MODE, ZIP_META, ZIP_DONE, FILE_CONTROL and ERROR; numbers
 * are -1 and texts NULL when absent. */
typedef struct
{
  gchar *mode, *name, *list, *user, *hash, *status, *reason, *saved_path;
  gchar *action, *code, *message;
  gint64 size, entries, have;
  gint accept; /* -1: absent */
} VmZipFields;
void vm_zip_fields_clear (VmZipFields *fields);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (VmZipFields, vm_zip_fields_clear)
/* Pure. VM_ERROR_BAD_MESSAGE */
gboolean vm_zip_fields_read (VmZipFields *fields, GBytes *body, GError **error);

/* Takes @body, an object without its last brace. */
gboolean
vm_zip_say (VmP2pPipe *pipe, guint8 type, GString *body, GError **error);
/* The error that the other side tells by ERROR or a ZIP_DONE without a hash. */
GError *vm_zip_error_of (const VmZipFields *fields);

/* libarchive converts names by the locale of the thread: for this one, UTF-8
 * from now on, as the system may run an agent without any locale. Returns: what
 * vm_zip_end_utf8() wants */
gpointer vm_zip_begin_utf8 (void);
void vm_zip_end_utf8 (gpointer before);
