/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The set of verified chunks: against a plain array of flags, at its bounds,
 * and as the list that travels. */

#include "program.h"

#include <gst/videomeet/transfer/engine/chunkset.h>
#include <string.h>

static gchar *
write_set (const VmChunkSet *set)
{
  GString *out = g_string_new ("{");

  vm_chunk_set_append (set, out, "have");
  g_string_append_c (out, '}');
  return g_string_free (out, FALSE);
}

static VmChunkSet *
read_set (const gchar *text, guint64 total)
{
  VmChunkSet *set = NULL;
  g_autoptr (GError) error = NULL;
  VmJson json;

  fail_unless (vm_json_read (&json, text, strlen (text), NULL), "%s", text);
  if (!vm_chunk_set_read (&json, 0, "have", total, &set, &error)) {
    fail_unless (g_error_matches (error, VM_ERROR, VM_ERROR_BAD_MESSAGE));
    fail_unless (!set);
  }
  return set;
}

static void
check_refused (const gchar *list, guint64 total)
{
  g_autofree gchar *text = g_strdup_printf ("{\"have\":%s}", list);
  g_autoptr (VmChunkSet) set = read_set (text, total);

  fail_unless (!set, "%s of %" G_GUINT64_FORMAT, list, total);
}

static void
check_written (const VmChunkSet *set, const gchar *wanted)
{
  g_autofree gchar *text = write_set (set);

  fail_unless_equals_string (text, wanted);
}

GST_START_TEST (test_runs)
{
  g_autoptr (VmChunkSet) set = vm_chunk_set_new (10);
  guint64 index = 99;

  check_written (set, "{\"have\":[]}");
  fail_unless (vm_chunk_set_next_missing (set, 0, &index) && index == 0);
  fail_unless (vm_chunk_set_add (set, 4) && vm_chunk_set_add (set, 6));
  check_written (set, "{\"have\":[4,1,6,1]}");
  fail_unless (vm_chunk_set_add (set, 5));
  check_written (set, "{\"have\":[4,3]}");
  fail_unless (vm_chunk_set_add (set, 3) && vm_chunk_set_add (set, 7));
  fail_unless (vm_chunk_set_add (set, 5), "twice is no error");
  check_written (set, "{\"have\":[3,5]}");
  fail_unless_equals_uint64 (vm_chunk_set_count (set), 5);
  fail_unless (vm_chunk_set_next_missing (set, 3, &index) && index == 8);
  fail_unless (vm_chunk_set_next_missing (set, 9, &index) && index == 9);
  fail_if (vm_chunk_set_next_missing (set, 10, &index));
  fail_if (vm_chunk_set_has (set, 2) || vm_chunk_set_has (set, 8));
  fail_unless (vm_chunk_set_has (set, 3) && vm_chunk_set_has (set, 7));
  fail_if (vm_chunk_set_add (set, 10), "not of this file");
  fail_if (vm_chunk_set_has (set, G_MAXUINT64));
}

GST_END_TEST;

#define TOTAL 156 /* the file of protocol/files.md#base-messages */

static gboolean
same (const VmChunkSet *set, const gboolean *flags)
{
  for (guint i = 0; i < TOTAL; i++) {
    if (vm_chunk_set_has (set, i) != flags[i])
      return FALSE;
  }
  return TRUE;
}

/* Every order of a seed must come to what plain flags say. */
GST_START_TEST (test_any_order)
{
  for (guint seed = 0; seed < 20; seed++) {
    g_autoptr (GRand) rand = g_rand_new_with_seed (seed);
    g_autoptr (VmChunkSet) set = vm_chunk_set_new (TOTAL);
    gboolean flags[TOTAL] = { FALSE };
    guint count = 0;
    guint64 index;

    while (count < TOTAL) {
      guint n = g_rand_int_range (rand, 0, TOTAL), missing = n;

      count += !flags[n];
      flags[n] = TRUE;
      fail_unless (vm_chunk_set_add (set, n));
      fail_unless_equals_uint64 (vm_chunk_set_count (set), count);
      fail_unless_equals_int (vm_chunk_set_is_full (set), count == TOTAL);
      fail_unless (same (set, flags));
      while (missing < TOTAL && flags[missing])
        missing++;
      fail_unless_equals_int (
          vm_chunk_set_next_missing (set, n, &index), missing < TOTAL);
      if (missing < TOTAL)
        fail_unless_equals_uint64 (index, missing);
    }
    check_written (set, "{\"have\":[0,156]}");
  }
}

GST_END_TEST;

GST_START_TEST (test_bounds)
{
  g_autoptr (VmChunkSet) empty = vm_chunk_set_new (0);
  g_autoptr (VmChunkSet) most = vm_chunk_set_new (VM_CHUNK_SET_TOTAL_MAX);
  g_autoptr (VmChunkSet) back = NULL;
  g_autofree gchar *text = NULL;
  guint64 index;
  guint n_runs = 0;

  fail_unless (vm_chunk_set_is_full (empty), "an empty file has all");
  fail_if (vm_chunk_set_next_missing (empty, 0, &index));
  fail_if (vm_chunk_set_add (empty, 0));
  fail_unless (!vm_chunk_set_new (VM_CHUNK_SET_TOTAL_MAX + 1));

  for (guint i = 0; i < VM_CHUNK_SET_RUNS_MAX; i++)
    fail_unless (vm_chunk_set_add (most, VM_CHUNK_SET_TOTAL_MAX - 1 - 2 * i));
  vm_chunk_set_get_runs (most, &n_runs);
  fail_unless_equals_int (n_runs, VM_CHUNK_SET_RUNS_MAX);
  fail_if (vm_chunk_set_add (most, 0), "one run too many");
  fail_unless_equals_uint64 (vm_chunk_set_count (most), VM_CHUNK_SET_RUNS_MAX);
  text = write_set (most);
  back = read_set (text, VM_CHUNK_SET_TOTAL_MAX);
  fail_unless (back != NULL, "the largest list is read back");
  check_written (back, text);
  fail_unless (vm_chunk_set_add (most, VM_CHUNK_SET_TOTAL_MAX - 2),
      "what closes a gap is no run more");
}

GST_END_TEST;

GST_START_TEST (test_read)
{
  g_autoptr (VmChunkSet) some = read_set ("{\"have\":[0,10,12,3]}", 15);
  g_autoptr (VmChunkSet) none = read_set ("{\"have\":[]}", 0);
  g_autoptr (VmChunkSet) absent = read_set ("{}", 15);
  g_autoptr (VmChunkSet) null = read_set ("{\"have\":null}", 15);

  fail_unless (vm_chunk_set_has (some, 9) && !vm_chunk_set_has (some, 10));
  fail_unless (vm_chunk_set_has (some, 14) && !vm_chunk_set_has (some, 11));
  fail_unless_equals_uint64 (vm_chunk_set_count (some), 13);
  fail_unless (none && vm_chunk_set_is_full (none));
  fail_unless (!absent && !null);
}

GST_END_TEST;

GST_START_TEST (test_read_hostile)
{
  g_autoptr (GString) many = g_string_new ("[0,1");

  check_refused ("{}", 15);
  check_refused ("\"0,1\"", 15);
  check_refused ("[0]", 15);
  check_refused ("[0,1,2]", 15);
  check_refused ("[0,0]", 15);
  check_refused ("[-1,2]", 15);
  check_refused ("[0,1.5]", 15);
  check_refused ("[0,1e1]", 15);
  check_refused ("[\"0\",1]", 15);
  check_refused ("[null,1]", 15);
  check_refused ("[[0,1]]", 15);
  check_refused ("[0,16]", 15);
  check_refused ("[15,1]", 15);
  check_refused ("[0,1]", 0);
  check_refused ("[1,9007199254740991]", 15);
  check_refused ("[1,18446744073709551615]", 15);
  check_refused ("[1,99999999999999999999999999]", 15);
  /* descending, overlapping, touching */
  check_refused ("[5,1,0,1]", 15);
  check_refused ("[0,5,4,2]", 15);
  check_refused ("[0,5,5,2]", 15);
  for (guint i = 1; i <= VM_CHUNK_SET_RUNS_MAX; i++)
    g_string_append_printf (many, ",%u,1", 2 * i);
  g_string_append_c (many, ']');
  check_refused (many->str, 100000);
}

GST_END_TEST;

static Suite *
chunkset_suite (void)
{
  Suite *suite = suite_create ("chunkset");
  TCase *tcase = tcase_create ("general");

  suite_add_tcase (suite, tcase);
  tcase_add_test (tcase, test_runs);
  tcase_add_test (tcase, test_any_order);
  tcase_add_test (tcase, test_bounds);
  tcase_add_test (tcase, test_read);
  tcase_add_test (tcase, test_read_hostile);
  return suite;
}

CHECK_PROGRAM (chunkset)
