/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/videomeet/vmenums.h>
#include "transfer/disk/journal.h"

/* The folder that files are received in. It is opened once: a later change of
 * its path does not redirect it. No symbolic link in it is followed (openat2).
 * An incoming file is `.vm-SENDER-TRANSFER.part`, its journal
 * `.vm-SENDER-TRANSFER.journal`; it gets its name, and the sender's mtime if
 * that is plausible, only when it is complete and its hash is right. Files are
 * 0600.
 *
 * Errors are G_FILE_ERROR (NOSPC: full; EXIST: the name is taken; NOENT: the
 * folder or the part file was removed; ACCES, ROFS, MFILE, NFILE) or VM_ERROR
 * (TOO_LARGE: max-size, quota or a limit; BAD_MESSAGE: the peer's data is
 * wrong). Everything here blocks for the disk: call it on a worker thread. */

/* Parts of disk that a file must leave free: 1 %. */
#define VM_RECEIVE_RESERVE 100
/* Entries read of the folder, and likewise unfinished files and their journals;
 * with more of either, nothing is received. */
#define VM_RECEIVE_ENTRIES_MAX 100000
#define VM_RECEIVE_ID_MAX 64 /* characters of sender and transfer in a name */
/* An unfinished file is kept this long after the last chunk; seconds. */
#define VM_RECEIVE_PART_AGE (7 * 24 * 60 * 60)
/* Unfinished files kept of one device, and of all: the oldest is removed,
 * strangers' first. Those of strangers take no more bytes than remain free. */
#define VM_RECEIVE_KEPT_PER_DEVICE 64
#define VM_RECEIVE_KEPT_MAX 256
#define VM_RECEIVE_NAMES_MAX 10000 /* tried for "name (N).ext" */
/* A killed sender that returns at once as another participant finds its file
 * still held by its old transfer, until the old participant counts as gone:
 * after 10 s (protocol/signalling.md#resume). The receiver waits this long
 * before it begins a second file. */
#define VM_RECEIVE_PATIENCE (12 * G_USEC_PER_SEC)

typedef struct
{
  VmOverwrite overwrite;
  guint64 max_size; /* bytes of a file; 0: no limit */
  guint64 quota; /* bytes of all files and folders in it that were received
                  * under a quota, and of unfinished files at full size; 0: no
                  * limit */
  gboolean no_fsync; /* a power failure may lose the file */
  gint64 patience; /* µs; see VM_RECEIVE_PATIENCE */
  gboolean several; /* transfers of this folder do not end each other, so that
                     * one waits for another of the same file, too */
} VmReceiveRules;

typedef struct _VmReceiveFolder VmReceiveFolder; /* any thread */
typedef struct _VmReceiveFile VmReceiveFile; /* one thread at a time */

VmReceiveFolder *vm_receive_folder_open (
    const gchar *path, const VmReceiveRules *rules, GError **error);
/* The last file or owner closes it. */
VmReceiveFolder *vm_receive_folder_ref (VmReceiveFolder *self);
void vm_receive_folder_unref (VmReceiveFolder *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmReceiveFolder, vm_receive_folder_unref)
/* From now on the folder neither begins nor commits a file that it would have
 * to read first, and interrupts such reads: VM_ERROR_DISCONNECTED; verified
 * chunks stay for the next transfer. Any thread. */
void vm_receive_folder_stop (VmReceiveFolder *self);
/* Removes unfinished files without a writer whose journal was last written
 * VM_RECEIVE_PART_AGE before @now, Unix s. Returns: how many */
guint vm_receive_folder_clean (VmReceiveFolder *self, gint64 now);

/* Called before a byte is sent: checks name, sizes, space, quota and name
 * collisions, and finds the verified chunks of an earlier transfer of the same
 * file (they are read again), or makes a new file. It preallocates a known
 * device's file; a stranger's grows with its chunks. @sender: the device id, or
 * another token of letters, digits, "-" and "_", as @transfer; header->device
 * may be longer. @header->name may be unchecked. */
VmReceiveFile *
vm_receive_folder_begin (VmReceiveFolder *self, const gchar *sender,
    const gchar *transfer, const VmJournalHeader *header, GError **error);
/* Closes it; verified chunks stay for the next transfer. */
void vm_receive_file_free (VmReceiveFile *file);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmReceiveFile, vm_receive_file_free)
/* Removes it: cancelled, or not as announced. */
void vm_receive_file_discard (VmReceiveFile *file);

/* Whether another transfer of the same file waits for its end. Any thread. */
gboolean vm_receive_file_is_wanted (VmReceiveFile *file);
gboolean vm_receive_file_has (VmReceiveFile *file, guint64 index);
guint64 vm_receive_file_count (VmReceiveFile *file); /* verified chunks */
/* Writes a chunk that matches @hash and refuses others (BAD_MESSAGE, also for a
 * wrong index or size); leaves an existing chunk as it is. After NOSPC the same
 * chunk may be given again, when there is room. */
gboolean
vm_receive_file_write (VmReceiveFile *file, guint64 index, const guint8 *data,
    gsize size, const guint8 hash[VM_SHA256_SIZE], GError **error);
/* Likewise with the hash of the file up to the end of the chunk, which can be
 * told only of the next one in order: others are BAD_MESSAGE, too. */
gboolean vm_receive_file_write_prefix (VmReceiveFile *file, guint64 index,
    const guint8 *data, gsize size, const guint8 hash[VM_SHA256_SIZE],
    GError **error);
/* Called with all chunks there: gives the file its name if its SHA-256 is @hash
 * and that of the offer. Chunks received in order were hashed as they were
 * written; the rest is read, and all of it when the file's size or time shows
 * another writer. BAD_MESSAGE: it has another hash; then discard it. After
 * other errors it can be called again. Returns: (transfer full) (nullable): the
 * name in the folder */
gchar *vm_receive_file_commit (
    VmReceiveFile *file, const guint8 hash[VM_SHA256_SIZE], GError **error);
