/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/videomeet/vmerror.h>

G_BEGIN_DECLS

/* Files of the trust store, which are not trusted: another writer must not be
 * able to redirect reads, block them or fill memory. No symbolic link below
 * @folder is followed. Only plain files of a limited size are read, which this
 * user (or root) owns and neither group nor others may write, nor read when
 * @secret. A write replaces the old file as a whole and is on the disk when the
 * call returns. @sub is a folder in @folder, NULL for @folder itself. Blocks;
 * any thread. */

#define VM_STORE_NAMES_MAX 65536 /* entries read of a folder */
#define VM_STORE_LOCK_MS 30000 /* the longest wait for the lock */

/* G_FILE_ERROR_NOENT when there is none, another G_FILE_ERROR when it cannot be
 * read or is not such a file. Returns: (transfer full) (nullable): its text,
 * which holds no NUL */
gchar *vm_store_read (const gchar *folder, const gchar *sub, const gchar *name,
    gsize max, gboolean secret, GError **error);

/* Creates missing folders (0700); files get 0600. Lock held. */
gboolean vm_store_write (const gchar *folder, const gchar *sub,
    const gchar *name, const gchar *text, GError **error);

/* A missing file is no error. Lock held. */
gboolean vm_store_remove (
    const gchar *folder, const gchar *sub, const gchar *name, GError **error);

/* The ids of the files ID.pem in @sub, in order; none when it cannot be read.
 * Returns: (transfer full) (element-type utf8) */
GPtrArray *vm_store_ids (const gchar *folder, const gchar *sub);

/* How often the calling thread could not read because this process, or the
 * machine, had no descriptor or memory left: if it is the same before and
 * after, the read was complete. */
guint vm_store_shortages (void);

/* Keeps other processes and threads from changing the store. Creates a missing
 * folder. Waits @ms at most, then fails with G_FILE_ERROR_AGAIN.
 * Returns: a descriptor for vm_store_unlock(), or -1 */
gint vm_store_lock (const gchar *folder, guint ms, GError **error);
void vm_store_unlock (gint lock);

G_END_DECLS
