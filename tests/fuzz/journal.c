/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "fuzz.h"
#include <gst/videomeet/transfer/disk/journal.h>
#include <gst/videomeet/transfer/disk/diskfile.h>

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* What is read is within the limits; what is appended is read again. */
static void
check (VmJournal *journal, gint fd)
{
  const VmJournalHeader *header = vm_journal_get_header (journal);
  guint64 chunks = vm_journal_chunks (header);
  guint8 hash[VM_SHA256_SIZE] = { 1, 2, 3 };
  guint8 read[VM_SHA256_SIZE];
  guint64 index, last = G_MAXUINT64;
  guint64 records = 0;

  g_assert_true (vm_journal_header_check (header, NULL));
  while (vm_journal_next (journal, &index, read)) {
    g_assert_cmpuint (index, <, chunks);
    records++;
  }
  g_assert_cmpuint (records, <=, chunks * VM_JOURNAL_REPEATS_MAX);
  if (chunks == 0 || records == chunks * VM_JOURNAL_REPEATS_MAX)
    return;
  g_assert_true (vm_journal_append (journal, chunks - 1, hash, NULL));
  {
    g_autoptr (VmJournal) again = vm_journal_load (fd, NULL);

    g_assert_true (
        vm_journal_same_file (header, vm_journal_get_header (again)));
    for (guint64 i = 0; i <= records; i++) {
      g_assert_true (vm_journal_next (again, &index, read));
      last = index;
    }
    g_assert_cmpuint (last, ==, chunks - 1);
    g_assert_cmpint (memcmp (read, hash, sizeof hash), ==, 0);
  }
}

/* First as it is, then as the header of a journal whose checks are right. */
void
fuzz_one (const guint8 *data, gsize size)
{
  g_auto (VmFd) fd = memfd_create ("journal", MFD_CLOEXEC);
  g_autoptr (GError) error = NULL;
  g_autoptr (VmJournal) journal = NULL;

  g_assert_true (vm_disk_write (fd, data, size, 0));
  journal = vm_journal_load (fd, &error);
  g_assert_true (!journal == !!error);
  if (journal)
    check (journal, fd);
  g_clear_pointer (&journal, vm_journal_free);
  if (size >= 6 && size < 512) {
    guint8 hash[VM_SHA256_SIZE];
    g_autofree guint8 *copy = g_memdup2 (data, size);

    memcpy (copy, "VMJ1", 4);
    copy[4] = (size - 6) >> 8;
    copy[5] = (size - 6) & 0xff;
    vm_sha256 (copy, size, hash);
    g_assert_true (vm_disk_write (fd, copy, size, 0));
    g_assert_true (vm_disk_write (fd, hash, sizeof hash, size));
    journal = vm_journal_load (fd, NULL);
    if (journal)
      check (journal, fd);
  }
}
