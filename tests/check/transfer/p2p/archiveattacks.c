/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Archives of senders that mean harm, and of those that know only the base
 * protocol. */

#include "program.h"
#include "support/p2plink.h"

#include <gst/videomeet/transfer/archive/archivename.h>

#include <archive.h>
#include <archive_entry.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LIST "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static P2pLink *pair;
static GByteArray *zip;
static struct archive *writer;
static guint entries;
static guint64 bytes;

static la_ssize_t
on_write (struct archive *archive, void *data, const void *from, size_t size)
{
  g_byte_array_append (zip, from, size);
  return size;
}

static void
begin_zip (const gchar *compression)
{
  g_autofree gchar *options =
      g_strdup_printf ("zip:compression=%s,zip:experimental", compression);

  /* what it still writes at its end goes too */
  g_clear_pointer (&writer, archive_write_free);
  g_byte_array_set_size (zip, 0);
  entries = bytes = 0;
  writer = archive_write_new ();
  archive_write_set_format_zip (writer);
  archive_write_set_options (writer, options);
  archive_write_set_bytes_per_block (writer, 0);
  archive_write_open2 (writer, NULL, NULL, on_write, NULL, NULL);
}

static void
end_zip (void)
{
  archive_write_close (writer);
  g_clear_pointer (&writer, archive_write_free);
}

static void
make (void)
{
  pair = p2p_link_new ();
  zip = g_byte_array_new ();
  begin_zip ("store");
}

static void
drop (void)
{
  if (writer)
    end_zip ();
  g_clear_pointer (&pair, p2p_link_free);
  g_clear_pointer (&zip, g_byte_array_unref);
}

static void
add (const gchar *path, mode_t mode, const gchar *target, gconstpointer data,
    gsize size)
{
  struct archive_entry *entry = archive_entry_new ();

  archive_entry_set_pathname (entry, path);
  archive_entry_set_mode (entry, mode);
  archive_entry_set_size (entry, size);
  if (target)
    archive_entry_set_symlink (entry, target);
  fail_unless (archive_write_header (writer, entry) >= ARCHIVE_WARN);
  if (size)
    archive_write_data (writer, data, size);
  archive_entry_free (entry);
  entries++;
  bytes += size;
}

static void
add_file (const gchar *path)
{
  add (path, S_IFREG | 0644, NULL, "evil", 4);
}

static void
add_link (const gchar *path, const gchar *target)
{
  add (path, S_IFLNK | 0777, target, NULL, 0);
}

static void
send_bytes (const gchar *meta)
{
  g_autofree gchar *hash =
      g_compute_checksum_for_data (G_CHECKSUM_SHA256, zip->data, zip->len);
  g_autofree gchar *done =
      g_strdup_printf ("{\"hash\":\"%s\",\"entries\":%u}", hash, entries);

  p2p_link_connect (pair);
  p2p_link_begin_receive_zip (pair);
  p2p_say (pair->near, VM_P2P_FOLDER_MODE, "{\"mode\":\"zip\"}");
  p2p_say (pair->near, VM_P2P_ZIP_META, meta);
  /* who reads no more closes the stream */
  for (gsize at = 0; at < zip->len; at += 65536) {
    guint64 head = GUINT64_TO_BE (at);
    g_autoptr (GBytes) body =
        g_bytes_new (zip->data + at, MIN (65536, zip->len - at));

    if (!vm_p2p_pipe_send (pair->near, VM_P2P_ZIP_CHUNK, &head, sizeof head,
            body, 100 * 1000, NULL))
      break;
  }
  {
    g_autoptr (GBytes) body = g_bytes_new (done, strlen (done));

    vm_p2p_pipe_send (
        pair->near, VM_P2P_ZIP_DONE, NULL, 0, body, 100 * 1000, NULL);
  }
  p2p_link_end (pair);
}

static void
send_as (guint64 size, guint count)
{
  g_autofree gchar *meta =
      g_strdup_printf ("{\"name\":\"tree\",\"size\":%" G_GUINT64_FORMAT
                       ",\"entries\":%u,\"list\":\"" LIST "\"}",
          size, count);

  if (writer)
    end_zip ();
  send_bytes (meta);
}

static void
check_nothing (void)
{
  g_autofree gchar *names = p2p_link_list (pair);
  g_autofree gchar *evil = g_build_filename (pair->root, "evil", NULL);

  fail_unless_equals_string (names, "");
  fail_if (g_file_test (evil, G_FILE_TEST_EXISTS));
}

static void
check_refused (VmError code)
{
  fail_if (pair->received);
  g_assert_error (pair->receive_error, VM_ERROR, code);
  check_nothing ();
}

/* One file of that path. */
static void
check_no_path (const gchar *path, VmError code)
{
  if (!writer)
    begin_zip ("store");
  add_file ("good");
  add_file (path);
  send_as (bytes, entries);
  check_refused (code);
}

GST_START_TEST (a_good_archive_is_taken)
{
  add_file ("good");
  add_link ("dir/link", "../good");
  send_as (bytes, entries + 1); /* dir has no entry of its own */
  fail_if (pair->received);
  begin_zip ("store");
  add ("dir", S_IFDIR | 0755, NULL, NULL, 0);
  add_file ("dir/good");
  add_link ("dir/link", "../dir/good");
  send_as (bytes, entries);
  g_assert_no_error (pair->receive_error);
  fail_unless (pair->received);
}
GST_END_TEST;

GST_START_TEST (zip_slip)
{
  check_no_path ("../evil", VM_ERROR_BAD_MESSAGE);
  check_no_path ("a/../../evil", VM_ERROR_BAD_MESSAGE);
  check_no_path ("a/..", VM_ERROR_BAD_MESSAGE);
  check_no_path ("a/./b", VM_ERROR_BAD_MESSAGE);
  check_no_path ("a//b", VM_ERROR_BAD_MESSAGE);
}
GST_END_TEST;

GST_START_TEST (absolute_paths)
{
  g_autofree gchar *evil = g_build_filename (pair->root, "evil", NULL);

  check_no_path (evil, VM_ERROR_BAD_MESSAGE);
  check_no_path ("//evil", VM_ERROR_BAD_MESSAGE);
}
GST_END_TEST;

GST_START_TEST (names_of_windows)
{
  check_no_path ("..\\evil", VM_ERROR_BAD_MESSAGE);
  check_no_path ("C:\\evil", VM_ERROR_BAD_MESSAGE);
  check_no_path ("a/con", VM_ERROR_BAD_MESSAGE);
  check_no_path ("a/AUX.txt", VM_ERROR_BAD_MESSAGE);
  check_no_path ("a/lpt1/b", VM_ERROR_BAD_MESSAGE);
  check_no_path ("a/b.", VM_ERROR_BAD_MESSAGE);
  check_no_path ("a/b ", VM_ERROR_BAD_MESSAGE);
}
GST_END_TEST;

GST_START_TEST (names_that_deceive)
{
  check_no_path ("a\xe2\x80\xaetxt.exe", VM_ERROR_BAD_MESSAGE);
  check_no_path ("a\x1b[2J", VM_ERROR_BAD_MESSAGE);
  check_no_path ("a\n", VM_ERROR_BAD_MESSAGE);
  check_no_path (".vm-entry", VM_ERROR_BAD_MESSAGE);
  check_no_path ("a/.VM-x", VM_ERROR_BAD_MESSAGE);
}
GST_END_TEST;

GST_START_TEST (names_that_differ_in_case)
{
  add_file ("README");
  check_no_path ("readme", VM_ERROR_BAD_MESSAGE);
  begin_zip ("store");
  add_file ("A/one");
  check_no_path ("a/two", VM_ERROR_BAD_MESSAGE);
}
GST_END_TEST;

GST_START_TEST (names_that_differ_in_normalisation)
{
  add_file ("\xc3\xa9t\xc3\xa9");
  check_no_path ("e\xcc\x81te\xcc\x81", VM_ERROR_BAD_MESSAGE);
}
GST_END_TEST;

GST_START_TEST (a_name_twice)
{
  add_file ("one");
  check_no_path ("one", VM_ERROR_BAD_MESSAGE);
  begin_zip ("store");
  add_file ("one");
  check_no_path ("one/two", VM_ERROR_BAD_MESSAGE);
}
GST_END_TEST;

static void
check_no_link (const gchar *path, const gchar *target)
{
  if (!writer)
    begin_zip ("store");
  add_link (path, target);
  send_as (bytes, entries);
  check_refused (VM_ERROR_BAD_MESSAGE);
}

GST_START_TEST (links_that_lead_out)
{
  check_no_link ("link", "/etc/passwd");
  check_no_link ("link", "../evil");
  check_no_link ("a/link", "../../evil");
  check_no_link ("link", "a/../../evil");
  /* ".." of wherever "here" leads */
  begin_zip ("store");
  add_link ("here", ".");
  check_no_link ("link", "here/../evil");
}
GST_END_TEST;

GST_START_TEST (a_link_in_place_of_a_folder)
{
  g_autofree gchar *outside = g_build_filename (pair->root, "from", NULL);

  add_link ("dir", "elsewhere");
  check_no_path ("dir/evil", VM_ERROR_BAD_MESSAGE);
  /* one that somebody puts there meanwhile is not followed either */
  check_nothing ();
  fail_unless (g_file_test (outside, G_FILE_TEST_IS_DIR));
}
GST_END_TEST;

static gboolean
put_link (const VmP2pOffer *offer, gchar **reason, gpointer data)
{
  g_autofree gchar *name = g_strdup_printf (".vm-ann-%.32s.folder", LIST);
  g_autofree gchar *path = g_build_filename (pair->to, name, NULL);

  fail_unless (symlink (pair->root, path) == 0);
  return TRUE;
}

GST_START_TEST (a_link_where_the_folder_is_to_grow)
{
  g_autofree gchar *there = g_build_filename (pair->root, "evil", NULL);

  add_file ("evil");
  pair->receive.accept = put_link;
  send_as (bytes, entries);
  fail_if (pair->received);
  fail_if (g_file_test (there, G_FILE_TEST_EXISTS));
}
GST_END_TEST;

/* libarchive writes none: a file becomes one by its mode. */
static void
send_mode (mode_t mode)
{
  const guint8 file[] = { 0, 0, 0xa4, 0x81 }; /* a file of 0644 */
  guint found = 0;

  if (!writer)
    begin_zip ("store");
  add ("null", S_IFREG | 0644, NULL, NULL, 0);
  end_zip ();
  for (gsize i = 0; i + sizeof file <= zip->len; i++) {
    if (memcmp (zip->data + i, file, sizeof file) != 0)
      continue;
    found++;
    zip->data[i + 2] = mode & 0xff;
    zip->data[i + 3] = mode >> 8;
  }
  fail_unless (found > 0);
  send_as (bytes, entries);
}

GST_START_TEST (devices)
{
  const mode_t modes[] = { S_IFCHR | 0666, S_IFBLK | 0666, S_IFSOCK | 0666,
    S_IFIFO | 0666 };

  for (guint i = 0; i < G_N_ELEMENTS (modes); i++) {
    send_mode (modes[i]);
    check_refused (VM_ERROR_BAD_MESSAGE);
  }
  /* to libarchive a file like any other */
  fail_unless (strstr (pair->receive_error->message, "null"));
}
GST_END_TEST;

/* In the entry itself and in the list, as libarchive does not write it. */
GST_START_TEST (a_name_that_ends_within)
{
  add_file ("good");
  add_file ("a#b");
  end_zip ();
  for (gsize i = 0; i + 3 <= zip->len; i++)
    if (memcmp (zip->data + i, "a#b", 3) == 0)
      zip->data[i + 1] = '\0';
  send_as (bytes, entries);
  check_refused (VM_ERROR_BAD_MESSAGE);
  fail_unless (strstr (pair->receive_error->message, "a\xef\xbf\xbd"
                                                     "b"));
}
GST_END_TEST;

GST_START_TEST (a_bomb)
{
  const gsize size = 20 * 1024 * 1024;
  g_autofree gchar *zeros = g_malloc0 (size);

  begin_zip ("deflate");
  add ("zeros", S_IFREG | 0644, NULL, zeros, size);
  send_as (bytes, entries);
  fail_unless (zip->len * 100 < size);
  check_refused (VM_ERROR_TOO_LARGE);
}
GST_END_TEST;

GST_START_TEST (what_compresses_well_is_no_bomb)
{
  const gsize size = 1024 * 1024;
  g_autofree gchar *text = g_malloc0 (size);

  for (gsize i = 0; i < size; i++)
    text[i] = i % 4096 < 64 ? g_random_int () : 0;
  begin_zip ("deflate");
  add ("text", S_IFREG | 0644, NULL, text, size);
  send_as (bytes, entries);
  fail_unless (zip->len * 100 > size && zip->len * 10 < size);
  g_assert_no_error (pair->receive_error);
}
GST_END_TEST;

GST_START_TEST (forged_sizes)
{
  add_file ("one");
  send_as (bytes - 1, entries);
  check_refused (VM_ERROR_BAD_MESSAGE);
  send_as (bytes + 1, entries);
  check_refused (VM_ERROR_BAD_MESSAGE);
  send_as (bytes, entries + 1);
  check_refused (VM_ERROR_BAD_MESSAGE);
  send_as (G_MAXINT64 / 1024, entries);
  fail_if (pair->received);
  check_nothing ();
}
GST_END_TEST;

/* A file whose bytes go on as the end of itself: whatever follows it in there
 * would be read as entries. */
GST_START_TEST (an_entry_inside_a_file)
{
  const guint8 end[] = { 'P', 'K', 7, 8, 0x8f, 0x5d, 0x0e, 0x5e, 100, 0, 0, 0,
    0, 0, 0, 0, 100, 0, 0, 0, 0, 0, 0, 0 };
  guint8 data[400];

  memset (data, 'x', sizeof data);
  memcpy (data + 100, end, sizeof end); /* of 100 times "x", with its CRC */
  add ("one", S_IFREG | 0644, NULL, data, sizeof data);
  send_as (bytes, entries);
  check_refused (VM_ERROR_BAD_MESSAGE);
}
GST_END_TEST;

GST_START_TEST (a_damaged_archive)
{
  add ("one", S_IFREG | 0644, NULL, "0123456789", 10);
  end_zip ();
  for (gsize at = 0; at < MIN (zip->len, 80); at += 7) {
    zip->data[at] ^= 0x55;
    send_as (bytes, entries);
    /* what is not looked at may be anything: a time, a version */
    if (!pair->received)
      check_nothing ();
    else
      p2p_link_connect (pair);
    zip->data[at] ^= 0x55;
    {
      const gchar *argv[] = { "rm", "-rf", pair->to, NULL };

      g_spawn_sync (NULL, (gchar **) argv, NULL, G_SPAWN_SEARCH_PATH, NULL,
          NULL, NULL, NULL, NULL, NULL);
      g_mkdir (pair->to, 0700);
    }
  }
}
GST_END_TEST;

GST_START_TEST (an_archive_that_ends_early)
{
  g_autofree gchar *data = g_malloc0 (1000);

  add ("one", S_IFREG | 0644, NULL, data, 1000);
  end_zip ();
  g_byte_array_set_size (zip, 500);
  send_as (bytes, entries);
  check_refused (VM_ERROR_BAD_MESSAGE);
}
GST_END_TEST;

GST_START_TEST (too_many_levels)
{
  g_autoptr (GString) path = g_string_new ("a");

  for (guint i = 1; i < VM_ARCHIVE_LEVELS_MAX + 1; i++)
    g_string_append (path, "/a");
  check_no_path (path->str, VM_ERROR_TOO_LARGE);
  begin_zip ("store");
  add_file (path->str + 2);
  send_as (bytes, entries);
  g_assert_no_error (pair->receive_error);
}
GST_END_TEST;

GST_START_TEST (too_many_entries)
{
  g_autoptr (VmArchiveNames) names = vm_archive_names_new ();
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < VM_ARCHIVE_ENTRIES_MAX; i++) {
    g_autofree gchar *name = g_strdup_printf ("%u", i);
    g_autofree gchar *path = vm_archive_names_add (names, name, FALSE, &error);

    g_assert_no_error (error);
  }
  fail_if (vm_archive_names_add (names, "more", FALSE, &error));
  g_assert_error (error, VM_ERROR, VM_ERROR_TOO_LARGE);
  add_file ("one");
  send_as (bytes, VM_ARCHIVE_ENTRIES_MAX + 1);
  check_refused (VM_ERROR_TOO_LARGE);
}
GST_END_TEST;

GST_START_TEST (long_names)
{
  g_autofree gchar *name = g_strnfill (256, 'a');
  g_autoptr (GString) path = g_string_new (NULL);

  check_no_path (name, VM_ERROR_TOO_LARGE);
  name[255] = 0;
  begin_zip ("store");
  add_file (name);
  send_as (bytes, entries);
  g_assert_no_error (pair->receive_error);
  for (guint i = 0; i < 18; i++)
    g_string_append_printf (path, "%s%.240s", i ? "/" : "", name);
  {
    g_autoptr (VmArchiveNames) names = vm_archive_names_new ();
    g_autoptr (GError) error = NULL;
    g_autofree gchar *good = NULL;

    fail_if (vm_archive_names_add (names, path->str, FALSE, &error));
    g_assert_error (error, VM_ERROR, VM_ERROR_TOO_LARGE);
    g_string_truncate (path, VM_ARCHIVE_PATH_MAX);
    good = vm_archive_names_add (names, path->str, FALSE, NULL);
    fail_unless_equals_string (good, path->str);
  }
}
GST_END_TEST;

GST_START_TEST (another_hash)
{
  add_file ("one");
  end_zip ();
  p2p_link_connect (pair);
  p2p_link_begin_receive_zip (pair);
  p2p_say (pair->near, VM_P2P_FOLDER_MODE, "{\"mode\":\"zip\"}");
  p2p_say (pair->near, VM_P2P_ZIP_META, "{\"name\":\"tree\"}");
  p2p_say_chunk (pair->near, VM_P2P_ZIP_CHUNK, 0, zip->data, zip->len);
  p2p_say (pair->near, VM_P2P_ZIP_DONE, "{\"hash\":\"" LIST "\"}");
  p2p_link_end (pair);
  check_refused (VM_ERROR_BAD_MESSAGE);
}
GST_END_TEST;

GST_START_TEST (a_chunk_that_is_not_the_next)
{
  const guint64 offsets[] = { 1, G_MAXUINT64 };

  add_file ("one");
  end_zip ();
  for (guint i = 0; i < G_N_ELEMENTS (offsets); i++) {
    p2p_link_connect (pair);
    p2p_link_begin_receive_zip (pair);
    p2p_say (pair->near, VM_P2P_FOLDER_MODE, "{\"mode\":\"zip\"}");
    p2p_say (pair->near, VM_P2P_ZIP_META, "{\"name\":\"tree\"}");
    p2p_say_chunk (
        pair->near, VM_P2P_ZIP_CHUNK, offsets[i], zip->data, zip->len);
    p2p_link_end (pair);
    check_refused (VM_ERROR_BAD_MESSAGE);
  }
}
GST_END_TEST;

GST_START_TEST (a_folder_mode_that_cannot_be_read)
{
  const gchar *const modes[] = { "{\"mode\":\"zip\",\"size\":-1}",
    "{\"mode\":\"zip\",\"name\":\"a\\u0001\"}",
    "{\"mode\":\"zip\",\"list\":\"" LIST "0\"}", "{\"mode\":\"sync\"}", "{}",
    "[]", "" };

  for (guint i = 0; i < G_N_ELEMENTS (modes); i++) {
    p2p_link_connect (pair);
    p2p_link_begin_receive_zip (pair);
    p2p_say (pair->near, VM_P2P_FOLDER_MODE, modes[i]);
    p2p_say (pair->near, VM_P2P_ZIP_META, "{}");
    p2p_link_end (pair);
    check_refused (VM_ERROR_BAD_MESSAGE);
  }
}
GST_END_TEST;

/* The base protocol has no more than a name, bytes and a hash. */
GST_START_TEST (a_sender_of_the_base_protocol)
{
  g_autofree gchar *there = NULL, *text = NULL;

  add_file ("dir/one");
  end_zip ();
  send_bytes ("{\"name\":\"tree\"}");
  g_assert_no_error (pair->receive_error);
  there = g_build_filename (pair->to, "tree", "dir", "one", NULL);
  fail_unless (g_file_get_contents (there, &text, NULL, NULL));
  fail_unless_equals_string (text, "evil");
}
GST_END_TEST;

static guint64 budget;

static gboolean
on_spend (guint64 size, gpointer data)
{
  if (size > budget)
    return FALSE;
  budget -= size;
  return TRUE;
}

static void
send_unknown (void)
{
  if (writer) {
    add_file ("one");
    add ("two", S_IFREG | 0644, NULL, "0123456", 7);
    end_zip ();
  }
  send_bytes ("{\"name\":\"tree\"}");
}

static void
check_unknown (gboolean taken)
{
  const gchar *there = pair->rules.quota ? ".vm-received tree" : "tree";
  g_autofree gchar *names = NULL;

  send_unknown ();
  if (!taken) {
    fail_if (pair->received);
    g_assert_error (pair->receive_error, VM_ERROR, VM_ERROR_TOO_LARGE);
  } else {
    g_assert_no_error (pair->receive_error);
  }
  names = p2p_link_list (pair);
  fail_unless_equals_string (names, taken ? there : "");
}

GST_START_TEST (a_folder_without_a_size_has_the_size_of_the_device)
{
  pair->rules.max_size = 10;
  check_unknown (FALSE);
  pair->rules.max_size = 11;
  check_unknown (TRUE);
}
GST_END_TEST;

GST_START_TEST (a_folder_without_a_size_has_the_quota)
{
  pair->rules.quota = 10;
  check_unknown (FALSE);
  pair->rules.quota = 11;
  check_unknown (TRUE);
}
GST_END_TEST;

GST_START_TEST (a_folder_without_a_size_spends_what_it_has)
{
  pair->receive.spend = on_spend;
  budget = 10;
  check_unknown (FALSE);
  budget = 11;
  check_unknown (TRUE);
  fail_unless_equals_uint64 (budget, 0);
}
GST_END_TEST;

/* At 1 byte/s a chunk would hold its thread for a day. */
GST_START_TEST (a_low_rate_does_not_hold_who_leaves)
{
  const gsize size = 100000;
  g_autofree gchar *zeros = g_malloc0 (size);
  gint64 from = g_get_monotonic_time ();

  add ("zeros", S_IFREG | 0644, NULL, zeros, size);
  end_zip ();
  pair->receive.max_rate = 1;
  p2p_link_connect (pair);
  p2p_link_begin_receive_zip (pair);
  p2p_say (pair->near, VM_P2P_FOLDER_MODE, "{\"mode\":\"zip\"}");
  p2p_say (pair->near, VM_P2P_ZIP_META, "{\"name\":\"tree\"}");
  p2p_say_chunk (pair->near, VM_P2P_ZIP_CHUNK, 0, zip->data, zip->len);
  vm_p2p_pipe_close (pair->near, NULL);
  p2p_link_end (pair);
  fail_if (pair->received);
  fail_unless (g_get_monotonic_time () - from < P2P_WAIT);
}
GST_END_TEST;

GST_START_TEST (a_receiver_of_the_base_protocol)
{
  g_autofree gchar *path = g_build_filename (pair->from, "tree", NULL);
  g_autofree gchar *mode = NULL, *meta = NULL;
  guint64 whole = 0;
  guint8 type = VM_P2P_ZIP_CHUNK;

  g_mkdir (path, 0700);
  g_free (p2p_link_make_file (pair, "tree/one", 300 * 1024));
  p2p_link_connect (pair);
  p2p_link_begin_zip (pair, path);
  mode = p2p_hear_json (pair->far, VM_P2P_FOLDER_MODE);
  fail_unless (strstr (mode, "\"mode\":\"zip\"") != NULL);
  meta = p2p_hear_json (pair->far, VM_P2P_ZIP_META);
  fail_unless (strstr (meta, "\"name\":\"tree\"") != NULL);
  while (type == VM_P2P_ZIP_CHUNK) {
    g_autoptr (GBytes) body =
        vm_p2p_pipe_receive (pair->far, P2P_WAIT, &type, NULL);

    fail_unless (body != NULL);
    if (type == VM_P2P_ZIP_CHUNK) {
      fail_unless_equals_uint64 (p2p_chunk_offset (body), whole);
      whole += g_bytes_get_size (body) - 8;
    }
  }
  fail_unless_equals_int (type, VM_P2P_ZIP_DONE);
  vm_p2p_pipe_end (pair->far);
  p2p_link_end (pair);
  g_assert_no_error (pair->send_error);
  fail_unless (whole > 300 * 1024);
}
GST_END_TEST;

static Suite *
archiveattacks_suite (void)
{
  Suite *suite = suite_create ("archiveattacks");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (suite, tc);
  tcase_add_checked_fixture (tc, make, drop);
  tcase_set_timeout (tc, 60);
  tcase_add_test (tc, a_good_archive_is_taken);
  tcase_add_test (tc, zip_slip);
  tcase_add_test (tc, absolute_paths);
  tcase_add_test (tc, names_of_windows);
  tcase_add_test (tc, names_that_deceive);
  tcase_add_test (tc, names_that_differ_in_case);
  tcase_add_test (tc, names_that_differ_in_normalisation);
  tcase_add_test (tc, a_name_twice);
  tcase_add_test (tc, links_that_lead_out);
  tcase_add_test (tc, a_link_in_place_of_a_folder);
  tcase_add_test (tc, a_link_where_the_folder_is_to_grow);
  tcase_add_test (tc, devices);
  tcase_add_test (tc, a_name_that_ends_within);
  tcase_add_test (tc, a_bomb);
  tcase_add_test (tc, what_compresses_well_is_no_bomb);
  tcase_add_test (tc, forged_sizes);
  tcase_add_test (tc, an_entry_inside_a_file);
  tcase_add_test (tc, a_damaged_archive);
  tcase_add_test (tc, an_archive_that_ends_early);
  tcase_add_test (tc, too_many_levels);
  tcase_add_test (tc, too_many_entries);
  tcase_add_test (tc, long_names);
  tcase_add_test (tc, another_hash);
  tcase_add_test (tc, a_chunk_that_is_not_the_next);
  tcase_add_test (tc, a_folder_mode_that_cannot_be_read);
  tcase_add_test (tc, a_sender_of_the_base_protocol);
  tcase_add_test (tc, a_folder_without_a_size_has_the_size_of_the_device);
  tcase_add_test (tc, a_folder_without_a_size_has_the_quota);
  tcase_add_test (tc, a_folder_without_a_size_spends_what_it_has);
  tcase_add_test (tc, a_low_rate_does_not_hold_who_leaves);
  tcase_add_test (tc, a_receiver_of_the_base_protocol);
  return suite;
}

CHECK_PROGRAM (archiveattacks)
