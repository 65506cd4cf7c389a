/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A sender between whoever pulls from it and whoever tells it something. */

#include "program.h"

#include <gst/videomeet/transfer/engine/sender.h>
#include <gst/videomeet/transfer/objects/vmfilesender-priv.h>
#include <glib/gstdio.h>
#include <unistd.h>

#define TOLD 10

/* Each time it has more told, until it is enough. */
static void
on_changed (VmFileSender *sender, const GstStructure *transfer, guint *told)
{
  if (++*told == TOLD)
    vm_file_sender_set_flushing (sender, TRUE);
  else if (*told % 2)
    vm_file_sender_set_lost (sender);
  else
    vm_file_sender_set_lane (sender, "wss", "127.0.0.1:1");
}

/* Who pulls is not at its wait while the application is told, and hears all the
 * same what came then. It is blocked, so that nothing else would wake it up. */
GST_START_TEST (test_called_while_it_tells)
{
  g_autofree gchar *folder = g_dir_make_tmp ("vm-filesender-XXXXXX", NULL);
  g_autofree gchar *path = g_build_filename (folder, "a", NULL);
  g_autoptr (VmFileSender) sender = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (GstStructure) yes =
      gst_structure_new ("FILE_RESPONSE", "accept", G_TYPE_BOOLEAN, TRUE, NULL);
  GstBuffer *buffer;
  guint told = 0;

  fail_unless (g_file_set_contents (path, "abc", 3, NULL));
  sender = vm_file_sender_new (path, 0, &error);
  g_assert_no_error (error);
  vm_file_sender_set_blocked (sender, TRUE);
  buffer = vm_file_sender_pull (sender, &error);
  g_assert_no_error (error);
  gst_buffer_unref (buffer);
  vm_file_sender_take (sender, yes);
  g_signal_connect (sender, "changed", G_CALLBACK (on_changed), &told);
  while ((buffer = vm_file_sender_pull (sender, &error)))
    gst_buffer_unref (buffer);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  fail_unless_equals_int (told, TOLD);
  g_unlink (path);
  g_rmdir (folder);
}

GST_END_TEST;

static gchar *
write_file (const gchar *folder, const gchar *text, gsize size)
{
  gchar *path = g_build_filename (folder, "a", NULL);

  fail_unless (g_file_set_contents (path, text, -1, NULL));
  fail_unless_equals_int (truncate (path, size), 0);
  return path;
}

static void
remove_file (const gchar *folder, const gchar *path)
{
  g_unlink (path);
  g_rmdir (folder);
}

/* Of the next message, which is an offer; "": it has none. */
static gchar *
pull_offered_hash (VmFileSender *sender)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GstBuffer) buffer = vm_file_sender_pull (sender, &error);
  const VmTransferMeta *meta;

  g_assert_no_error (error);
  meta = vm_buffer_get_transfer_meta (buffer);
  fail_unless_equals_string (
      gst_structure_get_name (meta->message), "FILE_OFFER");
  return g_strdup (gst_structure_get_string (meta->message, "hash"));
}

static const struct
{
  gint64 beyond; /* bytes, of the limit */
  gboolean told;
} limits[] = { { -1, TRUE }, { 0, TRUE }, { 1, FALSE } };

/* A legacy peer may look at the hash of an offer
 * (protocol/files.md#base-messages). */
GST_START_TEST (test_hash_of_the_offer)
{
  gsize size = VM_SENDER_HASH_FIRST_MAX + limits[__i__].beyond;
  g_autofree gchar *folder = g_dir_make_tmp ("vm-filesender-XXXXXX", NULL);
  g_autofree gchar *path = write_file (folder, "abc", size);
  g_autoptr (VmFileSender) sender = vm_file_sender_new (path, 0, NULL);
  g_autofree gchar *hash = pull_offered_hash (sender);
  g_autofree gchar *data = NULL, *real = NULL;

  fail_unless (g_file_get_contents (path, &data, &size, NULL));
  real = g_compute_checksum_for_data (
      G_CHECKSUM_SHA256, (const guchar *) data, size);
  fail_unless_equals_string (hash, limits[__i__].told ? real : "");
  remove_file (folder, path);
}

GST_END_TEST;

/* What changes before it is offered is not offered. */
GST_START_TEST (test_changed_before_the_offer)
{
  g_autofree gchar *folder = g_dir_make_tmp ("vm-filesender-XXXXXX", NULL);
  g_autofree gchar *path = write_file (folder, "abc", 3);
  g_autoptr (VmFileSender) sender = vm_file_sender_new (path, 0, NULL);
  g_autoptr (GError) error = NULL;

  fail_unless_equals_int (truncate (path, 2), 0);
  fail_unless (vm_file_sender_pull (sender, &error) == NULL);
  g_assert_error (error, VM_ERROR, VM_ERROR_BAD_REQUEST);
  remove_file (folder, path);
}

GST_END_TEST;

/* Nor is a cancel told to who has heard of nothing, and no answer is taken. */
GST_START_TEST (test_cancelled_before_the_offer)
{
  g_autofree gchar *folder = g_dir_make_tmp ("vm-filesender-XXXXXX", NULL);
  g_autofree gchar *path = write_file (folder, "abc", 3);
  g_autoptr (VmFileSender) sender = vm_file_sender_new (path, 0, NULL);
  g_autoptr (GstStructure) yes =
      gst_structure_new ("FILE_RESPONSE", "accept", G_TYPE_BOOLEAN, TRUE, NULL);
  g_autoptr (GError) error = NULL;

  vm_file_sender_take (sender, yes);
  vm_file_sender_cancel (sender);
  fail_unless (vm_file_sender_pull (sender, &error) == NULL);
  g_assert_error (error, VM_ERROR, VM_ERROR_CANCELLED);
  remove_file (folder, path);
}

GST_END_TEST;

static Suite *
filesender_suite (void)
{
  Suite *s = suite_create ("filesender");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_called_while_it_tells);
  tcase_add_loop_test (tc, test_hash_of_the_offer, 0, G_N_ELEMENTS (limits));
  tcase_add_test (tc, test_changed_before_the_offer);
  tcase_add_test (tc, test_cancelled_before_the_offer);
  return s;
}

CHECK_PROGRAM (filesender)
