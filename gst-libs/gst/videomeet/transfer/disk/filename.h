/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/videomeet/vmerror.h>

/* Names of files from peers. Pure: any thread. */

#define VM_FILENAME_MAX 255 /* bytes: NAME_MAX of Linux */
/* Bytes before normalisation: composing can shorten a name to a third; a longer
 * input is not normalised. */
#define VM_FILENAME_INPUT_MAX 1024
/* Prefix of the receiving folder's own files; a peer's file may not have it. */
#define VM_FILENAME_OWN_PREFIX ".vm-"
/* Of what a sync is writing. */
#define VM_SYNC_STAGE_PREFIX VM_FILENAME_OWN_PREFIX "sync-"

/* @name as it will be written: in NFC, otherwise unchanged. @size: bytes, -1
 * when NUL ends it. VM_ERROR_TOO_LARGE beyond the limits; VM_ERROR_BAD_MESSAGE
 * when it is empty, is not UTF-8, or is or has a forbidden part: a separator
 * (also Windows'), "." and "..", NUL, characters that control the terminal,
 * lines or the direction of writing, a name of a Windows device, a dot or space
 * at the end, VM_FILENAME_OWN_PREFIX at the beginning.
 * Returns: (transfer full) (nullable) */
gchar *vm_filename_check (const gchar *name, gssize size, GError **error);

/* The name under which a peer's file @name is saved: checked as above, with
 * misleading parts replaced. Invisible characters (as U+200B) are removed; "_"
 * replaces ".", "-" or "~" at the beginning, which would make it hidden, an
 * option or a folder, and characters that Windows forbids, as ":". Applied to
 * its own result it changes nothing. Returns: (transfer full) (nullable) */
gchar *vm_filename_make_safe (const gchar *name, GError **error);

/* Equal for two checked names that a file system may treat as one: names that
 * differ only in case, normalisation or characters that are not shown. Accepts
 * any name found in a folder; the key of one that is not UTF-8 is the name
 * itself. Returns: (transfer full) */
gchar *vm_filename_key (const gchar *name);

/* "name (2).ext" for 2, cut between characters where it is too long; @name is
 * checked. Returns: (transfer full) */
gchar *vm_filename_number (const gchar *name, guint number);
