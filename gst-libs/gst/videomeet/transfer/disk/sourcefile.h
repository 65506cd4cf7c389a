/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "trust/keys/transcript.h"
#include <gst/videomeet/vmerror.h>

/* A file that is being sent. It is opened once and stays that file, whatever
 * its path becomes. The path is the user's, so that symbolic links in it are
 * followed; what they lead to must be a plain file. It must not change while it
 * is sent: size and mtime are looked at after each read, and a
 * change is VM_ERROR_BAD_REQUEST. Other errors are G_FILE_ERROR, as in
 * diskfile.h.
 *
 * Blocks for the disk: worker threads. Any number of them may read; the hash of
 * the whole is made by one at a time. */
typedef struct _VmSourceFile VmSourceFile;

/* Bytes that are kept in memory of a file whose size cannot be known but by
 * reading it, as in /proc and /sys. */
#define VM_SOURCE_FILE_COPY_MAX (64 * 1024 * 1024)

/* G_FILE_ERROR_NOENT, _ACCES, and others; VM_ERROR_BAD_REQUEST: it is no plain
 * file, or does not tell its size and has more than VM_SOURCE_FILE_COPY_MAX. */
VmSourceFile *vm_source_file_open (const gchar *path, GError **error);
/* The same with @max in its place. */
VmSourceFile *
vm_source_file_open_within (const gchar *path, guint64 max, GError **error);
void vm_source_file_free (VmSourceFile *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmSourceFile, vm_source_file_free)

guint64 vm_source_file_get_size (VmSourceFile *self); /* bytes */
gint64 vm_source_file_get_mtime (VmSourceFile *self); /* Unix ms */

/* Exactly @size bytes at @offset, within the file, and their SHA-256. */
gboolean vm_source_file_read (VmSourceFile *self, guint64 offset, guint8 *data,
    gsize size, guint8 hash[VM_SHA256_SIZE], GError **error);
/* The same, and on with the hash of the whole: chunk behind chunk, from 0 on.
 * What is sent out of order, or again, goes through vm_source_file_read(). */
gboolean vm_source_file_read_next (VmSourceFile *self, guint8 *data, gsize size,
    guint8 hash[VM_SHA256_SIZE], GError **error);
/* Bytes from the beginning that are in the hash of the whole so far. */
guint64 vm_source_file_get_hashed (VmSourceFile *self);
/* Of the whole: reads what vm_source_file_read_next() has not, so that it may
 * be called at once, to announce a hash or to resume, or when all was read. A
 * part of that each time: @hash is there, and again the same, once it is
 * @whole. */
gboolean vm_source_file_hash (VmSourceFile *self, guint8 hash[VM_SHA256_SIZE],
    gboolean *whole, GError **error);
