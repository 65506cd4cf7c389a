/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "trust/keys/transcript.h"
#include "transfer/disk/filename.h"

/* A record, beside a file that is being received, of its verified chunks; it
 * survives SIGKILL. Big-endian:
 *
 *   "VMJ1"  length u16  header  SHA-256 of all before
 *   header: size u64, mtime i64, chunk size u32, flags u8 (1: there is a hash,
 *           2: of a known device), hash 32 B, device and name, each behind its
 *           length u16
 *   record: chunk index u64, SHA-256 of the chunk 32 B, check 8 B, any number
 *
 * The highest bit of the index says that the SHA-256 is that of the file up to
 * the end of the chunk; it can be compared once all before is there.
 *
 * The check is the beginning of SHA-256 (the header's SHA-256, index, hash): a
 * record that was cut, or belongs to another file, ends the journal. A record
 * tells what was written, not what is on the disk now: a resumed transfer reads
 * the chunk again and compares its hash. So nothing needs to be synchronised
 * during a transfer, even against a power failure. */

#define VM_JOURNAL_DEVICE_MAX 128 /* bytes of a sender's id */
#define VM_JOURNAL_HEADER_MAX 1024 /* bytes, with its SHA-256 */
#define VM_JOURNAL_RECORD_SIZE 48 /* bytes */
#define VM_CHUNK_SIZE_MIN 1024 /* bytes */
#define VM_CHUNK_SIZE_MAX (1024 * 1024) /* bytes; a message of /transfer */
/* Chunks of a file: 4 TiB at 64 KiB. A byte of memory holds eight. */
#define VM_CHUNKS_MAX (G_GUINT64_CONSTANT (1) << 26)
/* Records for each chunk at most: a chunk that was not on the disk is received
 * again. */
#define VM_JOURNAL_REPEATS_MAX 4

typedef struct
{
  gchar *device; /* the sender: not empty, no NUL */
  gchar *name; /* as offered, checked */
  guint64 size; /* bytes */
  gint64 mtime; /* as offered; 0: unknown */
  guint32 chunk_size; /* bytes */
  gboolean has_hash; /* else sent after the last chunk */
  guint8 hash[VM_SHA256_SIZE];
  gboolean known; /* the device was known at the start: no stranger */
} VmJournalHeader;
void vm_journal_header_clear (VmJournalHeader *header);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (VmJournalHeader, vm_journal_header_clear)

/* Pure. VM_ERROR_BAD_MESSAGE, VM_ERROR_TOO_LARGE: beyond a limit above, or an
 * impossible file size. */
gboolean
vm_journal_header_check (const VmJournalHeader *header, GError **error);
/* The number of chunks; pure, of a checked header. */
guint64 vm_journal_chunks (const VmJournalHeader *header);
/* The bytes of chunk @index, a valid one; pure. */
guint32 vm_journal_chunk_size (const VmJournalHeader *header, guint64 index);
/* Whether both describe one file: compares device, size, chunk size and hash,
 * or name and mtime where there is no hash. Pure. */
gboolean
vm_journal_same_file (const VmJournalHeader *a, const VmJournalHeader *b);

/* One thread at a time; blocks for the disk. @fd stays the caller's and must
 * outlive it. */
typedef struct _VmJournal VmJournal;

/* Begins a journal in an empty file. G_FILE_ERROR as diskfile.h. */
VmJournal *
vm_journal_new (gint fd, const VmJournalHeader *header, GError **error);
/* Continues a journal. VM_ERROR_BAD_MESSAGE: the file is none. */
VmJournal *vm_journal_load (gint fd, GError **error);
void vm_journal_free (VmJournal *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmJournal, vm_journal_free)
const VmJournalHeader *vm_journal_get_header (VmJournal *self);

/* The next record; FALSE: there is none, and new records follow here. @index is
 * a valid chunk; it may occur more than once. */
gboolean
vm_journal_next (VmJournal *self, guint64 *index, guint8 hash[VM_SHA256_SIZE]);
/* Whether the last one's hash is that of the file up to the end of the chunk.
 */
gboolean vm_journal_is_prefix (VmJournal *self);
/* Call it after the last record was read. A partly written record is ignored,
 * and the next one overwrites it. G_FILE_ERROR as diskfile.h. */
gboolean vm_journal_append (VmJournal *self, guint64 index,
    const guint8 hash[VM_SHA256_SIZE], GError **error);
gboolean vm_journal_append_prefix (VmJournal *self, guint64 index,
    const guint8 hash[VM_SHA256_SIZE], GError **error);
