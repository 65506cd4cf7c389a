/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "trust/keys/transcript.h"
#include <gst/videomeet/vmerror.h>

/* A file that is being sent. It is opened once and stays that file, whatever
 * its path becomes. The path comes from the user, so symbolic links in it are
 * followed; the target must be a plain file. It must not change while it is
 * sent: size and mtime are checked after each read, and a change is
 * VM_ERROR_BAD_REQUEST. Other errors are G_FILE_ERROR, as in diskfile.h.
 *
 * Blocks for the disk: worker threads. Any number of them may read; only one at
 * a time may hash the whole. */
typedef struct _VmSourceFile VmSourceFile;

/* Bytes kept in memory of a file that must be read to know its size, as in
 * /proc and /sys. */
#define VM_SOURCE_FILE_COPY_MAX (64 * 1024 * 1024)

/* G_FILE_ERROR_NOENT, _ACCES, and others; VM_ERROR_BAD_REQUEST: it is no plain
 * file, or has an unknown size and more than VM_SOURCE_FILE_COPY_MAX bytes. */
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
/* The same for the next chunk in order, from 0, which it adds to the hash of
 * the whole. Use vm_source_file_read() for chunks out of order, or again. */
gboolean vm_source_file_read_next (VmSourceFile *self, guint8 *data, gsize size,
    guint8 hash[VM_SHA256_SIZE], GError **error);
/* Likewise, but @hash is that of the file from its beginning to the end of this
 * chunk: the bytes are hashed once. */
gboolean vm_source_file_read_prefix (VmSourceFile *self, guint8 *data,
    gsize size, guint8 hash[VM_SHA256_SIZE], GError **error);
/* Bytes from the beginning in the hash of the whole so far. */
guint64 vm_source_file_get_hashed (VmSourceFile *self);
/* Hashes the whole: reads the part that vm_source_file_read_next() has not
 * read, so that it may be called first, to announce a hash or to resume, or
 * after the last chunk. Each call does a part: @hash is set once @whole is
 * TRUE, and stays the same. */
gboolean vm_source_file_hash (VmSourceFile *self, guint8 hash[VM_SHA256_SIZE],
    gboolean *whole, GError **error);
