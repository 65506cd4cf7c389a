/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "transfer/disk/diskfile.h"
#include "transfer/disk/filehash.h"
#include "transfer/disk/receivefolder.h"

#include <dirent.h>
#include <time.h>

/* What receivefolder.c (the folder, its rules), receivenames.c (what is in it,
 * names that are taken), receivekept.c (what is left in it from before),
 * receiveroom.c (room on the disk) and receivefile.c (one file) share. */

/* An unfinished file that nobody receives now. */
typedef struct
{
  VmJournalHeader header;
  ino_t inode; /* of its journal */
  guint64 bytes; /* that are verified, about */
  gint64 since; /* Unix s: when something came last */
} VmKept;
void vm_kept_free (gpointer kept);
VmKept *
vm_kept_new (const VmJournalHeader *header, guint64 bytes, gint64 since);

/* What is received in one folder, by whoever has it open in this process: a
 * quota is the folder's, and a name is taken in it, whoever sends. All of it is
 * behind vm_receive_lock(). */
typedef struct
{
  dev_t device;
  ino_t inode;
  guint folders; /* that are open */
  guint64 bytes; /* of the quota */
  GHashTable *coming; /* keys of names that are being received */
  GHashTable *kept; /* part file → VmKept, whose sizes are in `bytes` */
  GHashTable *received; /* name → size (guint64), likewise: under a quota */
  gboolean has_received; /* what was received before this process is there */
  GPtrArray *open; /* VmReceiveFile that are being received */
} VmReceiveUse;

void vm_receive_lock (void);
void vm_receive_unlock (void);

struct _VmReceiveFolder
{
  gint ref_count; /* atomic */
  gint stopped; /* atomic */
  VmFd dir;
  VmReceiveRules rules;
  VmReceiveUse *use; /* that of all who have it open here */
};

struct _VmReceiveFile
{
  VmReceiveFolder *folder;
  VmJournalHeader header;
  gchar *key; /* in use->coming; NULL: not */
  gboolean charged; /* its size is in folder->use */
  gboolean fresh; /* nothing of it was there before */
  gboolean done; /* committed */
  gboolean discarded;
  gboolean unread; /* what is there of it was not all read again: stopped */
  gchar *part; /* names in the folder */
  gchar *journal_name;
  VmFd fd;
  VmFd journal_fd; /* locked by flock() */
  VmJournal *journal;
  guint8 *verified; /* a bit a chunk */
  guint64 count;
  VmFileHash *whole; /* of the first chunks of them */
  gsize unasked; /* bytes since the disk was asked for room, and: */
  gboolean asked;
  gsize held_back; /* bytes that the disk was not asked to write yet */
  guint64 dropped; /* bytes from the first on that need not be in memory */
  gboolean wrote; /* then: */
  struct timespec mtime; /* when it was written here last, as the file says */
  gboolean changed; /* by somebody else: `whole` is of no use */
};

/* The names in the folder, "." and ".." left out, however many; to be closed
 * with closedir(). Returns: (nullable) */
DIR *vm_receive_open_names (VmReceiveFolder *self, GError **error);
/* Returns: (nullable): the next, until it is asked again; NULL: there is
 * none */
const gchar *vm_receive_next_name (DIR *dir);
/* All of them; VM_ERROR_TOO_LARGE: there are more than VM_RECEIVE_ENTRIES_MAX
 * of the receiver's own or of others. Returns: (transfer full) (nullable) */
GPtrArray *vm_receive_list (VmReceiveFolder *self, GError **error);
/* Whether a name is taken: not by @except, which may be NULL. */
gboolean
vm_receive_is_taken (GPtrArray *names, const gchar *name, const gchar *except);
/* Another name in place of a taken one. Returns: (transfer full) (nullable) */
gchar *
vm_receive_free_name (GPtrArray *names, const gchar *name, GError **error);
/* A part file's journal, or the other way. Returns: (transfer full) (nullable):
 * NULL when @name is not one with the ending @from */
gchar *
vm_receive_sibling (const gchar *name, const gchar *from, const gchar *to);
/* Opens what may be an unfinished file's: a plain file of this user with one
 * name. -1 with errno. */
VmFd vm_receive_open_own (VmReceiveFolder *self, const gchar *name);

/* While somebody else in this process, by another of its folders, receives the
 * same file, and not longer than the rules have patience. */
void vm_receive_wait (VmReceiveFile *file);
/* Closes its journal, which can be locked again, and lets go who waits. */
void vm_receive_gone (VmReceiveFile *file);
/* Quota and name, once file->part says whether it goes on with another. */
gboolean vm_receive_enter (VmReceiveFile *file, GError **error);
void vm_receive_leave (VmReceiveFile *file);

/* receiveroom.c. Whether there is room for the rest of it. */
gboolean vm_receive_has_room (VmReceiveFile *file, GError **error);
/* Whether there is beside @size bytes more, for what was not preallocated. */
gboolean
vm_receive_keeps_reserve (VmReceiveFile *file, gsize size, GError **error);
gboolean vm_receive_preallocate (VmReceiveFile *file, GError **error);

/* receivekept.c. What is in the folder and was not looked at yet is looked at,
 * once; blocks for the disk. */
void vm_receive_look_at_kept (VmReceiveFolder *self);
/* Takes @kept: the part stays for the next transfer, and others go for it where
 * too much is kept. */
void vm_receive_keep (VmReceiveFolder *self, const gchar *part, VmKept *kept);
/* Called with lock held: what is known of a part file is forgotten. */
void vm_receive_forget (VmReceiveUse *use, const gchar *part);
/* Whether nobody has its journal open; then both are removed. */
gboolean vm_receive_remove_part (VmReceiveFolder *self, const gchar *part);
/* Gives the room on the disk back that chunks have which are not @verified. */
void vm_receive_give_back (
    gint fd, const VmJournalHeader *header, const guint8 *verified);
/* What a process before this one has received. */
void vm_receive_read_received (VmReceiveFolder *self);
/* Called with lock held: what is not there any more counts no more. */
void vm_receive_look_at_received (VmReceiveFolder *self);
/* It has come, as @name. */
void vm_receive_note_received (VmReceiveFile *file, const gchar *name);

/* FALSE: it was stopped. Asked between two parts of what is read for long. */
gboolean vm_receive_goes_on (VmReceiveFile *file, GError **error);

/* Sets file->fd, ->journal and what is verified from an earlier transfer;
 * FALSE: there is none. */
gboolean vm_receive_resume (VmReceiveFile *file);
