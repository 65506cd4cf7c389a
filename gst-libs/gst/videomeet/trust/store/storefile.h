/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/videomeet/vmerror.h>

G_BEGIN_DECLS

/* Files of the trust store, which nobody vouches for: whoever could write there
 * must not be able to lead us elsewhere, stop us or fill memory. Nothing below
 * @folder is reached through a symbolic link; only plain files are read, of a
 * limited size, that are this user's (or root's) and that neither group nor
 * others may write, nor read what is @secret. What is written
 * replaces the old file as a whole and is on the disk when the call returns.
 * @sub is a folder in @folder, NULL for @folder itself. Blocks; any thread. */

#define VM_STORE_NAMES_MAX 65536 /* entries of a folder that are looked at */
#define VM_STORE_LOCK_MS 30000 /* how long others may keep us waiting */

/* G_FILE_ERROR_NOENT when there is none, another G_FILE_ERROR when it cannot be
 * read or is not such a file. Returns: (transfer full) (nullable): its text,
 * which holds no NUL */
gchar *vm_store_read (const gchar *folder, const gchar *sub, const gchar *name,
    gsize max, gboolean secret, GError **error);

/* Makes the folders (0700) where they are not; files get 0600. Lock held. */
gboolean vm_store_write (const gchar *folder, const gchar *sub,
    const gchar *name, const gchar *text, GError **error);

/* That there is none is no error. Lock held. */
gboolean vm_store_remove (
    const gchar *folder, const gchar *sub, const gchar *name, GError **error);

/* Of the files ID.pem in @sub the ids, in order; none when it cannot be read.
 * Returns: (transfer full) (element-type utf8) */
GPtrArray *vm_store_ids (const gchar *folder, const gchar *sub);

/* How often the calling thread could not read here because this process, or the
 * machine, had no descriptor or memory left: a comparison of before and after
 * says whether what was read is what is there. */
guint vm_store_shortages (void);

/* Keeps other processes and threads from changing the store. Makes the folder
 * where it is not. Waits for @ms at most, then G_FILE_ERROR_AGAIN.
 * Returns: a descriptor for vm_store_unlock(), or -1 */
gint vm_store_lock (const gchar *folder, guint ms, GError **error);
void vm_store_unlock (gint lock);

G_END_DECLS
