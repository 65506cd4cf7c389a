/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "program.h"

#include <gst/videomeet/transfer/disk/diskfile.h>
#include <gst/videomeet/transfer/disk/journal.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define CHUNK 65536

static gint fd;

static void
setup (void)
{
  fd = memfd_create ("journal", MFD_CLOEXEC);
}

static void
teardown (void)
{
  close (fd);
}

static VmJournalHeader
header_of (guint64 size)
{
  return (VmJournalHeader){ .device = (gchar *) "ann",
    .name = (gchar *) "a.iso",
    .size = size,
    .mtime = 1234,
    .chunk_size = CHUNK };
}

static void
fill (guint8 hash[VM_SHA256_SIZE], guint64 index)
{
  memset (hash, 0x40 + index, VM_SHA256_SIZE);
}

/* A journal of 100 chunks, of which the first @count are in it. */
static void
write_journal (guint count)
{
  VmJournalHeader header = header_of (99 * CHUNK + 1);
  g_autoptr (GError) error = NULL;
  g_autoptr (VmJournal) journal = vm_journal_new (fd, &header, &error);

  g_assert_no_error (error);
  for (guint i = 0; i < count; i++) {
    guint8 hash[VM_SHA256_SIZE];

    fill (hash, i);
    fail_unless (vm_journal_append (journal, i, hash, &error));
  }
}

/* How many of them are read. */
static guint
count_records (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (VmJournal) journal = vm_journal_load (fd, &error);
  guint8 hash[VM_SHA256_SIZE], expected[VM_SHA256_SIZE];
  guint64 index;
  guint count = 0;

  if (!journal) {
    g_assert_error (error, VM_ERROR, VM_ERROR_BAD_MESSAGE);
    return 0;
  }
  while (vm_journal_next (journal, &index, hash)) {
    fail_unless_equals_uint64 (index, count);
    fill (expected, index);
    fail_unless (memcmp (hash, expected, sizeof hash) == 0);
    count++;
  }
  return count;
}

static gsize
length (void)
{
  return lseek (fd, 0, SEEK_END);
}

GST_START_TEST (test_what_was_written_is_read)
{
  g_autoptr (VmJournal) journal = NULL;
  VmJournalHeader header = header_of (99 * CHUNK + 1);

  write_journal (100);
  fail_unless_equals_int (count_records (), 100);
  journal = vm_journal_load (fd, NULL);
  fail_unless (vm_journal_same_file (vm_journal_get_header (journal), &header));
  fail_unless_equals_string (vm_journal_get_header (journal)->name, "a.iso");
  fail_unless_equals_int64 (vm_journal_get_header (journal)->mtime, 1234);
}

GST_END_TEST;

/* What a hash is of is kept with it, and is no part of the index. */
GST_START_TEST (test_hash_of_the_file_up_to_a_chunk)
{
  VmJournalHeader header = header_of (99 * CHUNK + 1);
  g_autoptr (VmJournal) journal = vm_journal_new (fd, &header, NULL);
  guint8 hash[VM_SHA256_SIZE];
  guint64 index;

  fill (hash, 0);
  fail_unless (vm_journal_append_prefix (journal, 0, hash, NULL));
  fail_unless (vm_journal_append (journal, 0, hash, NULL));
  fail_unless (vm_journal_append_prefix (journal, 99, hash, NULL));
  fail_unless (vm_journal_append_prefix (journal, 100, hash, NULL));
  vm_journal_free (journal);
  journal = vm_journal_load (fd, NULL);
  for (guint i = 0; i < 3; i++) {
    fail_unless (vm_journal_next (journal, &index, hash));
    fail_unless_equals_uint64 (index, i == 2 ? 99 : 0);
    fail_unless (vm_journal_is_prefix (journal) == (i != 1));
  }
  /* there is no such chunk */
  fail_if (vm_journal_next (journal, &index, hash));
}

GST_END_TEST;

GST_START_TEST (test_cut_anywhere)
{
  gsize whole;

  write_journal (3);
  whole = length ();
  for (gsize cut = 1; cut <= whole; cut++) {
    gsize gone = (cut + VM_JOURNAL_RECORD_SIZE - 1) / VM_JOURNAL_RECORD_SIZE;

    fail_unless (ftruncate (fd, whole - cut) == 0);
    fail_unless_equals_int (count_records (), gone >= 3 ? 0 : 3 - gone);
  }
}

GST_END_TEST;

GST_START_TEST (test_each_changed_byte_is_seen)
{
  gsize whole;

  write_journal (3);
  whole = length ();
  for (gsize at = 0; at < whole; at++) {
    guint8 byte;
    guint behind = (whole - 1 - at) / VM_JOURNAL_RECORD_SIZE;

    fail_unless (pread (fd, &byte, 1, at) == 1);
    byte ^= 1;
    fail_unless (pwrite (fd, &byte, 1, at) == 1);
    fail_unless_equals_int (count_records (), behind >= 3 ? 0 : 2 - behind);
    byte ^= 1;
    fail_unless (pwrite (fd, &byte, 1, at) == 1);
  }
}

GST_END_TEST;

GST_START_TEST (test_goes_on_where_it_was_cut)
{
  g_autoptr (VmJournal) journal = NULL;
  guint8 hash[VM_SHA256_SIZE];
  guint64 index;

  write_journal (3);
  fail_unless (ftruncate (fd, length () - 1) == 0);
  journal = vm_journal_load (fd, NULL);
  while (vm_journal_next (journal, &index, hash))
    ;
  fill (hash, 2);
  fail_unless (vm_journal_append (journal, 2, hash, NULL));
  fill (hash, 3);
  fail_unless (vm_journal_append (journal, 3, hash, NULL));
  fail_unless_equals_int (count_records (), 4);
}

GST_END_TEST;

/* Records of another file, or without end. */
GST_START_TEST (test_hostile_records)
{
  g_autofree guint8 *records = g_malloc (3 * VM_JOURNAL_RECORD_SIZE);
  gsize first;
  VmJournalHeader other;
  g_autoptr (VmJournal) journal = NULL;

  write_journal (3);
  first = length () - 3 * VM_JOURNAL_RECORD_SIZE;
  fail_unless (pread (fd, records, 3 * VM_JOURNAL_RECORD_SIZE, first) > 0);
  for (guint i = 1; i < 200; i++) {
    fail_unless (pwrite (fd, records, VM_JOURNAL_RECORD_SIZE,
                     first + i * VM_JOURNAL_RECORD_SIZE)
                 == VM_JOURNAL_RECORD_SIZE);
  }
  /* one chunk again and again: no more than there may be */
  for (guint i = 200; i < 1000; i++) {
    fail_unless (pwrite (fd, records, VM_JOURNAL_RECORD_SIZE,
                     first + i * VM_JOURNAL_RECORD_SIZE)
                 == VM_JOURNAL_RECORD_SIZE);
  }
  journal = vm_journal_load (fd, NULL);
  {
    guint8 hash[VM_SHA256_SIZE];
    guint64 index;
    guint count = 0;

    while (vm_journal_next (journal, &index, hash))
      count++;
    fail_unless_equals_int (count, 100 * VM_JOURNAL_REPEATS_MAX);
  }
  g_clear_pointer (&journal, vm_journal_free);
  fail_unless (ftruncate (fd, 0) == 0);
  other = header_of (99 * CHUNK + 2);
  journal = vm_journal_new (fd, &other, NULL);
  fail_unless (
      vm_disk_write (fd, records, 3 * VM_JOURNAL_RECORD_SIZE, length ()));
  fail_unless_equals_int (count_records (), 0);
}

GST_END_TEST;

static void
check_header (const VmJournalHeader *header, gint code)
{
  g_autoptr (GError) error = NULL;

  if (code < 0) {
    fail_unless (vm_journal_header_check (header, &error));
  } else {
    fail_if (vm_journal_header_check (header, &error));
    g_assert_error (error, VM_ERROR, code);
  }
}

GST_START_TEST (test_limits_of_a_header)
{
  VmJournalHeader header = header_of (0);
  g_autofree gchar *device = g_strnfill (VM_JOURNAL_DEVICE_MAX + 1, 'd');

  check_header (&header, -1);
  fail_unless_equals_uint64 (vm_journal_chunks (&header), 0);
  for (gint over = -1; over <= 1; over++) {
    header = header_of (VM_CHUNKS_MAX * CHUNK + over);
    check_header (&header, over > 0 ? VM_ERROR_TOO_LARGE : -1);
    header = header_of (0);
    header.chunk_size = VM_CHUNK_SIZE_MIN + over;
    check_header (&header, over < 0 ? VM_ERROR_BAD_MESSAGE : -1);
    header.chunk_size = VM_CHUNK_SIZE_MAX + over;
    check_header (&header, over > 0 ? VM_ERROR_BAD_MESSAGE : -1);
  }
  header = header_of (G_MAXUINT64);
  check_header (&header, VM_ERROR_TOO_LARGE);
  header = header_of (1);
  header.device = device;
  check_header (&header, VM_ERROR_BAD_MESSAGE);
  device[VM_JOURNAL_DEVICE_MAX] = '\0';
  check_header (&header, -1);
  header.name = (gchar *) "../a";
  check_header (&header, VM_ERROR_BAD_MESSAGE);
  header.name = (gchar *) "e\314\201";
  check_header (&header, VM_ERROR_BAD_MESSAGE);
}

GST_END_TEST;

GST_START_TEST (test_which_file_it_is)
{
  VmJournalHeader a = header_of (10), b = header_of (10);

  fail_unless (vm_journal_same_file (&a, &b));
  b.mtime++;
  fail_if (vm_journal_same_file (&a, &b));
  a.has_hash = b.has_hash = TRUE;
  b.name = (gchar *) "b";
  fail_unless (vm_journal_same_file (&a, &b));
  b.hash[31] = 1;
  fail_if (vm_journal_same_file (&a, &b));
  b = a;
  b.device = (gchar *) "bob";
  fail_if (vm_journal_same_file (&a, &b));
  b = a;
  b.size++;
  fail_if (vm_journal_same_file (&a, &b));
  b = a;
  b.chunk_size *= 2;
  fail_if (vm_journal_same_file (&a, &b));
}

GST_END_TEST;

static Suite *
journal_suite (void)
{
  Suite *s = suite_create ("journal");
  TCase *tc = tcase_create ("records");

  suite_add_tcase (s, tc);
  tcase_add_checked_fixture (tc, setup, teardown);
  tcase_add_test (tc, test_what_was_written_is_read);
  tcase_add_test (tc, test_hash_of_the_file_up_to_a_chunk);
  tcase_add_test (tc, test_cut_anywhere);
  tcase_add_test (tc, test_each_changed_byte_is_seen);
  tcase_add_test (tc, test_goes_on_where_it_was_cut);
  tcase_add_test (tc, test_hostile_records);
  tcase_add_test (tc, test_limits_of_a_header);
  tcase_add_test (tc, test_which_file_it_is);
  return s;
}

CHECK_PROGRAM (journal)
