/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/videomeet/vmerror.h>

/* The names in a folder that travels as an archive. Pure; one thread at a time.
 */

#define VM_ARCHIVE_ENTRIES_MAX 100000 /* with folders that have no entry */
#define VM_ARCHIVE_LEVELS_MAX 64 /* names in a path */
#define VM_ARCHIVE_PATH_MAX 4096 /* bytes; of a link's target too */

typedef struct _VmArchiveNames VmArchiveNames;

VmArchiveNames *vm_archive_names_new (void);
void vm_archive_names_free (VmArchiveNames *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmArchiveNames, vm_archive_names_free)

/* The path of the next entry, as it is written: each name as
 * vm_filename_check(), without "/" at the end. VM_ERROR_TOO_LARGE beyond the
 * limits; VM_ERROR_BAD_MESSAGE: a name is none or leads elsewhere, the path is
 * there already, also but for case or normalisation, or a part of it is no
 * folder. After an error the names are as before. Returns: (transfer full) */
gchar *vm_archive_names_add (
    VmArchiveNames *self, const gchar *path, gboolean folder, GError **error);

/* Whether a link @path may lead to @target: to somewhere in the same archive,
 * by folders that are no links. VM_ERROR_BAD_MESSAGE. */
gboolean
vm_archive_link_check (const gchar *path, const gchar *target, GError **error);
