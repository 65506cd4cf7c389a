/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/videomeet/vmerror.h>

/* What a file may be called that a peer sends. Pure: any thread. */

#define VM_FILENAME_MAX 255 /* bytes: NAME_MAX of Linux */
/* Bytes before normalisation: what is composed was up to three times as long,
 * and nobody has us normalise more. */
#define VM_FILENAME_INPUT_MAX 1024
/* Of the receiving folder's own files: no peer's file is called so. */
#define VM_FILENAME_OWN_PREFIX ".vm-"

/* @name as it will be written: in NFC, otherwise unchanged. @size: bytes, -1
 * when NUL ends it. VM_ERROR_TOO_LARGE beyond the limits; VM_ERROR_BAD_MESSAGE
 * when it is empty, is not UTF-8, or has what no name may have: a separator
 * (also Windows'), "." and "..", NUL, characters that control the terminal,
 * lines or the direction of writing, a name of a Windows device, a dot or space
 * at its end, VM_FILENAME_OWN_PREFIX at its beginning.
 * Returns: (transfer full) (nullable) */
gchar *vm_filename_check (const gchar *name, gssize size, GError **error);

/* The name that a file is saved under that a peer calls @name: as above, and
 * what is a name but deceives people or programs is written otherwise. Nothing
 * that is not seen stays in it (as U+200B); "_" takes the place of ".", "-" or
 * "~" at its beginning, by which it would be hidden, an option or a folder, and
 * of what Windows has in no name, as ":". The same once more for what it has
 * made. Returns: (transfer full) (nullable) */
gchar *vm_filename_make_safe (const gchar *name, GError **error);

/* Equal for two checked names that a file system may take for one: those that
 * differ in case or in normalisation. Also of any name found in a folder; one
 * that is not UTF-8 is its own. Returns: (transfer full) */
gchar *vm_filename_key (const gchar *name);

/* "name (2).ext" for 2, cut between characters where it would be too long;
 * @name is a checked one. Returns: (transfer full) */
gchar *vm_filename_number (const gchar *name, guint number);
