/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "transfer/disk/journal.h"
#include "transfer/disk/diskfile.h"

#include <string.h>
#include <unistd.h>

#define HAS_HASH 1
#define KNOWN 2
#define MAGIC "VMJ1"
#define MAGIC_SIZE 4
#define PREFIX_SIZE (MAGIC_SIZE + 2)
#define CHECK_SIZE 8
#define PREFIX (G_GUINT64_CONSTANT (1) << 63) /* of an index */

struct _VmJournal
{
  gint fd;
  VmJournalHeader header;
  guint8 seed[VM_SHA256_SIZE]; /* the header's */
  guint64 end; /* bytes; of what counts */
  guint64 left; /* records that may still be read */
  gboolean prefix; /* of the last one */
};

void
vm_journal_header_clear (VmJournalHeader *header)
{
  g_clear_pointer (&header->device, g_free);
  g_clear_pointer (&header->name, g_free);
}

static gboolean
refuse (GError **error, VmError code, const gchar *why)
{
  g_set_error_literal (error, VM_ERROR, code, why);
  return FALSE;
}

gboolean
vm_journal_header_check (const VmJournalHeader *header, GError **error)
{
  g_autofree gchar *name = NULL;

  if (!header->device || !*header->device
      || strlen (header->device) > VM_JOURNAL_DEVICE_MAX)
    return refuse (error, VM_ERROR_BAD_MESSAGE, "A file needs a sender");
  if (!header->name)
    return refuse (error, VM_ERROR_BAD_MESSAGE, "A file needs a name");
  name = vm_filename_check (header->name, -1, error);
  if (!name)
    return FALSE;
  if (strcmp (name, header->name) != 0)
    return refuse (error, VM_ERROR_BAD_MESSAGE, "A name is not in NFC");
  if (header->chunk_size < VM_CHUNK_SIZE_MIN
      || header->chunk_size > VM_CHUNK_SIZE_MAX)
    return refuse (error, VM_ERROR_BAD_MESSAGE,
        "A chunk must have between 1 KiB and 1 MiB");
  if (header->size > G_MAXINT64 || vm_journal_chunks (header) > VM_CHUNKS_MAX)
    return refuse (error, VM_ERROR_TOO_LARGE,
        "The file is larger than any that can be received");
  return TRUE;
}

/* No sum that could overflow. */
guint64
vm_journal_chunks (const VmJournalHeader *header)
{
  return header->size / header->chunk_size
         + (header->size % header->chunk_size != 0);
}

guint32
vm_journal_chunk_size (const VmJournalHeader *header, guint64 index)
{
  return MIN (header->chunk_size, header->size - index * header->chunk_size);
}

gboolean
vm_journal_same_file (const VmJournalHeader *a, const VmJournalHeader *b)
{
  if (strcmp (a->device, b->device) != 0 || a->size != b->size
      || a->chunk_size != b->chunk_size || a->has_hash != b->has_hash)
    return FALSE;
  if (a->has_hash)
    return memcmp (a->hash, b->hash, VM_SHA256_SIZE) == 0;
  return strcmp (a->name, b->name) == 0 && a->mtime == b->mtime;
}

static void
add (GByteArray *bytes, gconstpointer data, gsize size)
{
  g_byte_array_append (bytes, data, size);
}

static void
add_text (GByteArray *bytes, const gchar *text)
{
  guint16 length = GUINT16_TO_BE (strlen (text));

  add (bytes, &length, sizeof length);
  add (bytes, text, strlen (text));
}

/* The whole, with its SHA-256, which is @seed as well. */
static GByteArray *
write_header (const VmJournalHeader *header, guint8 seed[VM_SHA256_SIZE])
{
  GByteArray *bytes = g_byte_array_new ();
  guint64 size = GUINT64_TO_BE (header->size);
  guint64 mtime = GUINT64_TO_BE ((guint64) header->mtime);
  guint32 chunk_size = GUINT32_TO_BE (header->chunk_size);
  guint8 flags =
      (header->has_hash ? HAS_HASH : 0) | (header->known ? KNOWN : 0);
  guint16 length;

  add (bytes, MAGIC "\0\0", PREFIX_SIZE);
  add (bytes, &size, sizeof size);
  add (bytes, &mtime, sizeof mtime);
  add (bytes, &chunk_size, sizeof chunk_size);
  add (bytes, &flags, sizeof flags);
  add (bytes, header->hash, VM_SHA256_SIZE);
  add_text (bytes, header->device);
  add_text (bytes, header->name);
  length = GUINT16_TO_BE (bytes->len - PREFIX_SIZE);
  memcpy (bytes->data + MAGIC_SIZE, &length, sizeof length);
  vm_sha256 (bytes->data, bytes->len, seed);
  add (bytes, seed, VM_SHA256_SIZE);
  return bytes;
}

typedef struct
{
  const guint8 *data;
  gsize left;
} Reader;

static gboolean
take (Reader *reader, gpointer data, gsize size)
{
  if (reader->left < size)
    return FALSE;
  memcpy (data, reader->data, size);
  reader->data += size;
  reader->left -= size;
  return TRUE;
}

static gchar *
take_text (Reader *reader)
{
  guint16 length;
  gchar *text;

  if (!take (reader, &length, sizeof length))
    return NULL;
  length = GUINT16_FROM_BE (length);
  if (reader->left < length || memchr (reader->data, '\0', length))
    return NULL;
  text = g_strndup ((const gchar *) reader->data, length);
  reader->data += length;
  reader->left -= length;
  return text;
}

static gboolean
read_fields (Reader *reader, VmJournalHeader *header)
{
  guint64 mtime;
  guint8 flags;

  if (!take (reader, &header->size, sizeof header->size)
      || !take (reader, &mtime, sizeof mtime)
      || !take (reader, &header->chunk_size, sizeof header->chunk_size)
      || !take (reader, &flags, sizeof flags)
      || !take (reader, header->hash, VM_SHA256_SIZE))
    return FALSE;
  header->size = GUINT64_FROM_BE (header->size);
  header->mtime = (gint64) GUINT64_FROM_BE (mtime);
  header->chunk_size = GUINT32_FROM_BE (header->chunk_size);
  header->has_hash = (flags & HAS_HASH) != 0;
  header->known = (flags & KNOWN) != 0;
  header->device = take_text (reader);
  header->name = header->device ? take_text (reader) : NULL;
  return header->name && flags <= (HAS_HASH | KNOWN) && reader->left == 0;
}

/* The bytes that the header takes; 0: it is none. */
static gsize
read_header (const guint8 *data, gsize size, VmJournalHeader *header,
    guint8 seed[VM_SHA256_SIZE])
{
  gsize length;
  Reader reader;

  if (size < PREFIX_SIZE || memcmp (data, MAGIC, MAGIC_SIZE) != 0)
    return 0;
  length = PREFIX_SIZE + (data[MAGIC_SIZE] << 8 | data[MAGIC_SIZE + 1]);
  if (size < length + VM_SHA256_SIZE)
    return 0;
  vm_sha256 (data, length, seed);
  if (memcmp (seed, data + length, VM_SHA256_SIZE) != 0)
    return 0;
  reader = (Reader){ data + PREFIX_SIZE, length - PREFIX_SIZE };
  if (!read_fields (&reader, header) || !vm_journal_header_check (header, NULL))
    return 0;
  return length + VM_SHA256_SIZE;
}

static VmJournal *
journal_new (gint fd)
{
  VmJournal *self = g_new0 (VmJournal, 1);

  self->fd = fd;
  return self;
}

VmJournal *
vm_journal_new (gint fd, const VmJournalHeader *header, GError **error)
{
  g_autoptr (VmJournal) self = NULL;
  g_autoptr (GByteArray) bytes = NULL;

  if (!vm_journal_header_check (header, error))
    return NULL;
  self = journal_new (fd);
  self->header = *header;
  self->header.device = g_strdup (header->device);
  self->header.name = g_strdup (header->name);
  bytes = write_header (header, self->seed);
  self->end = bytes->len;
  if (!vm_disk_write (fd, bytes->data, bytes->len, 0)) {
    vm_disk_fail (error, "The journal cannot be written");
    return NULL;
  }
  return g_steal_pointer (&self);
}

VmJournal *
vm_journal_load (gint fd, GError **error)
{
  g_autoptr (VmJournal) self = journal_new (fd);
  guint8 data[VM_JOURNAL_HEADER_MAX];
  gssize size = vm_disk_read (fd, data, sizeof data, 0);

  if (size < 0) {
    vm_disk_fail (error, "The journal cannot be read");
    return NULL;
  }
  self->end = read_header (data, size, &self->header, self->seed);
  if (self->end == 0) {
    refuse (error, VM_ERROR_BAD_MESSAGE, "This is no journal");
    return NULL;
  }
  self->left = vm_journal_chunks (&self->header) * VM_JOURNAL_REPEATS_MAX;
  return g_steal_pointer (&self);
}

void
vm_journal_free (VmJournal *self)
{
  vm_journal_header_clear (&self->header);
  g_free (self);
}

const VmJournalHeader *
vm_journal_get_header (VmJournal *self)
{
  return &self->header;
}

/* Fills the check of a record. */
static void
check_record (
    VmJournal *self, const guint8 *record, guint8 check[VM_SHA256_SIZE])
{
  guint8 data[VM_SHA256_SIZE + VM_JOURNAL_RECORD_SIZE - CHECK_SIZE];

  memcpy (data, self->seed, VM_SHA256_SIZE);
  memcpy (data + VM_SHA256_SIZE, record, VM_JOURNAL_RECORD_SIZE - CHECK_SIZE);
  vm_sha256 (data, sizeof data, check);
}

gboolean
vm_journal_next (VmJournal *self, guint64 *index, guint8 hash[VM_SHA256_SIZE])
{
  guint8 record[VM_JOURNAL_RECORD_SIZE];
  guint8 check[VM_SHA256_SIZE];

  if (self->left == 0
      || vm_disk_read (self->fd, record, sizeof record, self->end)
             != sizeof record)
    return FALSE;
  check_record (self, record, check);
  memcpy (index, record, sizeof *index);
  *index = GUINT64_FROM_BE (*index);
  self->prefix = (*index & PREFIX) != 0;
  *index &= ~PREFIX;
  if (memcmp (check, record + VM_JOURNAL_RECORD_SIZE - CHECK_SIZE, CHECK_SIZE)
          != 0
      || *index >= vm_journal_chunks (&self->header))
    return FALSE;
  memcpy (hash, record + sizeof *index, VM_SHA256_SIZE);
  self->end += VM_JOURNAL_RECORD_SIZE;
  self->left--;
  return TRUE;
}

gboolean
vm_journal_is_prefix (VmJournal *self)
{
  return self->prefix;
}

static gboolean
append (VmJournal *self, guint64 index, const guint8 hash[VM_SHA256_SIZE],
    GError **error)
{
  guint8 record[VM_JOURNAL_RECORD_SIZE];
  guint8 check[VM_SHA256_SIZE];
  guint64 big = GUINT64_TO_BE (index);

  memcpy (record, &big, sizeof big);
  memcpy (record + sizeof big, hash, VM_SHA256_SIZE);
  check_record (self, record, check);
  memcpy (record + VM_JOURNAL_RECORD_SIZE - CHECK_SIZE, check, CHECK_SIZE);
  if (!vm_disk_write (self->fd, record, sizeof record, self->end))
    return vm_disk_fail (error, "The journal cannot be written");
  self->end += VM_JOURNAL_RECORD_SIZE;
  return TRUE;
}

gboolean
vm_journal_append (VmJournal *self, guint64 index,
    const guint8 hash[VM_SHA256_SIZE], GError **error)
{
  return append (self, index, hash, error);
}

gboolean
vm_journal_append_prefix (VmJournal *self, guint64 index,
    const guint8 hash[VM_SHA256_SIZE], GError **error)
{
  return append (self, index | PREFIX, hash, error);
}
