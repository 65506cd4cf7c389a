/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/videomeet/vmenums.h>
#include "transfer/disk/journal.h"

/* The folder that files are received in. It is opened once: what happens to its
 * path afterwards leads nowhere else. No symbolic link in it is followed
 * (openat2). A file that comes is `.vm-SENDER-TRANSFER.part`, its journal
 * `.vm-SENDER-TRANSFER.journal`; it gets its name only when it is whole and its
 * hash is right, and the time at which it was changed last, as far as its
 * sender tells one that can be. Files are 0600.
 *
 * What fails is a G_FILE_ERROR (NOSPC: full; EXIST: the name is taken; NOENT:
 * the folder or the part file was removed; ACCES, ROFS, MFILE, NFILE) or a
 * VM_ERROR (TOO_LARGE: max-size, quota or a limit; BAD_MESSAGE: what the peer
 * sent is wrong). Everything here blocks for the disk: call it on a worker
 * thread. */

/* Parts of disk that a file must leave free: 1 %. */
#define VM_RECEIVE_RESERVE 100
/* Entries of the folder that are looked at, and unfinished files and their
 * journals besides; with more of either, nothing is received. */
#define VM_RECEIVE_ENTRIES_MAX 100000
#define VM_RECEIVE_ID_MAX 64 /* characters of sender and transfer in a name */
/* An unfinished file is kept so long after the last chunk; seconds. */
#define VM_RECEIVE_PART_AGE (7 * 24 * 60 * 60)
/* Unfinished files that are kept of one device, and of all: the oldest goes, of
 * strangers first. What strangers have left has no more bytes than are free
 * besides. */
#define VM_RECEIVE_KEPT_PER_DEVICE 64
#define VM_RECEIVE_KEPT_MAX 256
#define VM_RECEIVE_NAMES_MAX 10000 /* that are tried for "name (N).ext" */
/* A sender that was killed and comes back at once as another participant finds
 * what it has sent in the hands of the first, until that is known to be gone:
 * after 10 s (protocol/signalling.md#resume). So long a file is waited for
 * before it is begun anew beside that one. */
#define VM_RECEIVE_PATIENCE (12 * G_USEC_PER_SEC)

typedef struct
{
  VmOverwrite overwrite;
  guint64 max_size; /* bytes of a file; 0: no limit */
  guint64 quota; /* bytes of all that was received under one and lies in the
                  * folder, and of unfinished files with their whole size; 0: no
                  * limit */
  gboolean no_fsync; /* a machine that loses its power may lose the file */
  gint64 patience; /* µs; see VM_RECEIVE_PATIENCE */
} VmReceiveRules;

typedef struct _VmReceiveFolder VmReceiveFolder; /* any thread */
typedef struct _VmReceiveFile VmReceiveFile; /* one thread at a time */

VmReceiveFolder *vm_receive_folder_open (
    const gchar *path, const VmReceiveRules *rules, GError **error);
/* The last file or owner closes it. */
VmReceiveFolder *vm_receive_folder_ref (VmReceiveFolder *self);
void vm_receive_folder_unref (VmReceiveFolder *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmReceiveFolder, vm_receive_folder_unref)
/* From now on no file is begun or committed that would have to be read first,
 * nor is one read to its end that just is: VM_ERROR_DISCONNECTED, and what is
 * verified stays for the next. Any thread. */
void vm_receive_folder_stop (VmReceiveFolder *self);
/* Removes unfinished files that nobody writes and whose journal was last
 * written VM_RECEIVE_PART_AGE before @now, Unix s. Returns: how many */
guint vm_receive_folder_clean (VmReceiveFolder *self, gint64 now);

/* Before a byte is sent: checks name, sizes, space, quota and name collisions,
 * finds verified chunks of an earlier transfer of the same file (they are read
 * again), or makes a new one, and preallocates it for a known device: that of a
 * stranger has what has come of it. @sender: the device id, or
 * another token of letters, digits, "-" and "_", as @transfer; header->device
 * may be longer. @header->name needs not be checked. */
VmReceiveFile *
vm_receive_folder_begin (VmReceiveFolder *self, const gchar *sender,
    const gchar *transfer, const VmJournalHeader *header, GError **error);
/* Closes it; what is verified stays for the next. */
void vm_receive_file_free (VmReceiveFile *file);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmReceiveFile, vm_receive_file_free)
/* Removes it: cancelled, or not what was announced. */
void vm_receive_file_discard (VmReceiveFile *file);

gboolean vm_receive_file_has (VmReceiveFile *file, guint64 index);
guint64 vm_receive_file_count (VmReceiveFile *file); /* verified chunks */
/* A chunk that matches @hash is written, one that does not is not
 * (BAD_MESSAGE, also for a wrong index or size); one that is there already is
 * left as it is. After NOSPC the same chunk may be given again, when
 * there is room. */
gboolean
vm_receive_file_write (VmReceiveFile *file, guint64 index, const guint8 *data,
    gsize size, const guint8 hash[VM_SHA256_SIZE], GError **error);
/* All chunks are there: if the SHA-256 of the whole file is @hash, and that of
 * the offer, gives it its name. What came in order was hashed as it was
 * written; the rest is read, and all of it when somebody else wrote into it, as
 * far as size and time of the file tell. BAD_MESSAGE: it has another hash; then
 * discard it. After other errors it can be called again. Returns: (transfer
 * full) (nullable): the name in the folder */
gchar *vm_receive_file_commit (
    VmReceiveFile *file, const guint8 hash[VM_SHA256_SIZE], GError **error);
