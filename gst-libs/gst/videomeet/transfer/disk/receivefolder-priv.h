/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "transfer/disk/diskfile.h"
#include "transfer/disk/filehash.h"
#include "transfer/disk/receivefolder.h"

#include <dirent.h>
#include <time.h>

/* Shared by receivefolder.c (the folder, its rules), receivenames.c (its
 * entries, names in use), receivekept.c (unfinished files), receiveroom.c (room
 * on the disk) and receivefile.c (one file). */

/* An unfinished file that is not being received now. */
typedef struct
{
  VmJournalHeader header;
  ino_t inode; /* of its journal */
  guint64 bytes; /* verified, approximate */
  gint64 since; /* Unix s: time of the last chunk */
} VmKept;
void vm_kept_free (gpointer kept);
VmKept *
vm_kept_new (const VmJournalHeader *header, guint64 bytes, gint64 since);

/* The state of one folder, shared by all its openers in this process: quota and
 * names belong to the folder, not to a sender. vm_receive_lock() protects it
 * all. */
typedef struct
{
  dev_t device;
  ino_t inode;
  guint folders; /* that are open */
  guint64 bytes; /* of the quota */
  GHashTable *coming; /* keys of names that are being received */
  GHashTable *kept; /* part file → VmKept; `bytes` includes their sizes */
  GHashTable *received; /* name → size (guint64), likewise: under a quota; a
                         * folder's name has "/" behind it */
  gboolean has_received; /* `received` includes those of earlier processes */
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
  VmReceiveUse *use; /* shared by all openers in this process */
};

struct _VmReceiveFile
{
  VmReceiveFolder *folder;
  VmJournalHeader header;
  gchar *key; /* in use->coming; NULL: not in it */
  gboolean charged; /* its size is in folder->use */
  gint wanted; /* atomic: by another transfer of the same file */
  gboolean fresh; /* no part of it existed before */
  gboolean done; /* committed */
  gboolean discarded;
  gboolean unread; /* stopped before all existing chunks were read again */
  gchar *part; /* names in the folder */
  gchar *journal_name;
  VmFd fd;
  VmFd journal_fd; /* locked by flock() */
  VmJournal *journal;
  guint8 *verified; /* a bit a chunk */
  guint64 count;
  VmFileHash *whole; /* of the first verified chunks */
  gsize unasked; /* bytes since the last check for room, and: */
  gboolean asked;
  gsize held_back; /* bytes not yet passed to vm_disk_write_out() */
  guint64 dropped; /* bytes from the start dropped from memory */
  gboolean wrote; /* then: */
  struct timespec mtime; /* the file's mtime after the last write here */
  gboolean changed; /* by another writer: `whole` is useless */
};

/* Opens the list of all names in the folder, for vm_disk_next_name(); close it
 * with closedir(). Returns: (nullable) */
DIR *vm_receive_open_names (VmReceiveFolder *self, GError **error);
/* All of them; VM_ERROR_TOO_LARGE: more than VM_RECEIVE_ENTRIES_MAX of the
 * receiver's own files or of others. Returns: (transfer full) (nullable) */
GPtrArray *vm_receive_list (VmReceiveFolder *self, GError **error);
/* Whether a file other than @except (nullable) has the name. */
gboolean
vm_receive_is_taken (GPtrArray *names, const gchar *name, const gchar *except);
/* Another name in place of a taken one. Returns: (transfer full) (nullable) */
gchar *
vm_receive_free_name (GPtrArray *names, const gchar *name, GError **error);
/* The journal's name for a part file, or the reverse. Returns: (transfer full)
 * (nullable): NULL when @name is not one with the ending @from */
gchar *
vm_receive_sibling (const gchar *name, const gchar *from, const gchar *to);
/* Opens a part file or journal: a plain file of this user with one link. -1
 * with errno. */
VmFd vm_receive_open_own (VmReceiveFolder *self, const gchar *name);

/* Waits while another receiver in this process, through another
 * VmReceiveFolder unless rules.several, receives the same file, up to the
 * patience of the rules. */
void vm_receive_wait (VmReceiveFile *file);
/* Closes the journal, which unlocks it, and wakes waiting threads. */
void vm_receive_gone (VmReceiveFile *file);
/* Reserves quota and name, once file->part tells whether it resumes an earlier
 * file. */
gboolean vm_receive_enter (VmReceiveFile *file, GError **error);
void vm_receive_leave (VmReceiveFile *file);
/* The same quota for what is no VmReceiveFile; and gives it back. */
gboolean
vm_receive_charge (VmReceiveFolder *self, guint64 size, GError **error);
/* For an unfinished folder @name, with "/" behind it, in place of what it was
 * charged before: it counts as received until vm_receive_forget_received(), or
 * it is gone. */
gboolean vm_receive_charge_folder (
    VmReceiveFolder *self, const gchar *name, guint64 size, GError **error);
void vm_receive_forget_received (VmReceiveFolder *self, const gchar *name);
void vm_receive_give_quota_back (VmReceiveFolder *self, guint64 size);

/* receiveroom.c. Whether the disk has @size bytes beside its reserve. */
gboolean
vm_receive_has_free (VmReceiveFolder *self, guint64 size, GError **error);
/* Whether the disk has room for the rest of the file. */
gboolean vm_receive_has_room (VmReceiveFile *file, GError **error);
/* Whether the reserve stays free after @size more bytes, for files that are not
 * preallocated. */
gboolean
vm_receive_keeps_reserve (VmReceiveFile *file, gsize size, GError **error);
gboolean vm_receive_preallocate (VmReceiveFile *file, GError **error);
/* fallocate() of the chunks that are not @verified; FALSE with errno. */
gboolean vm_receive_allocate (
    gint fd, gint mode, const VmJournalHeader *header, const guint8 *verified);

/* receivekept.c. Reads the unfinished files in the folder that were not read
 * yet, once; blocks for the disk. */
void vm_receive_look_at_kept (VmReceiveFolder *self);
/* Takes @kept: keeps the part for the next transfer, and removes others when
 * too many are kept. */
void vm_receive_keep (VmReceiveFolder *self, const gchar *part, VmKept *kept);
/* Called with lock held: forgets a part file. */
void vm_receive_forget (VmReceiveUse *use, const gchar *part);
/* Removes part and journal if nobody has the journal open; whether it did. */
gboolean vm_receive_remove_part (VmReceiveFolder *self, const gchar *part);
/* Frees the disk room of chunks that are not @verified. */
void vm_receive_give_back (
    gint fd, const VmJournalHeader *header, const guint8 *verified);
/* Reads what earlier processes received. */
void vm_receive_read_received (VmReceiveFolder *self);
/* Called with lock held: stops counting what was received and is gone. */
void vm_receive_look_at_received (VmReceiveFolder *self);
/* Called with lock held: counts @size for @name, in place of another. */
void
vm_receive_count_received (VmReceiveUse *use, const gchar *name, guint64 size);
/* Notes that @name was received, the name of a folder with "/" behind it. It is
 * of @size bytes, and had @charged of the quota since it was begun. */
void vm_receive_note_received (
    VmReceiveFolder *self, const gchar *name, guint64 size, guint64 charged);

/* FALSE: the folder was stopped. Called between two parts of a long read. */
gboolean vm_receive_goes_on (VmReceiveFile *file, GError **error);

/* Sets file->fd, ->journal and the verified chunks from an earlier transfer;
 * FALSE: there is none. */
gboolean vm_receive_resume (VmReceiveFile *file);
