/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* A sender between whoever pulls from it and whoever tells it something. */

#include <gst/check/gstcheck.h>
#include <gst/videomeet/transfer/vmfilesender-priv.h>
#include <glib/gstdio.h>

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

static Suite *
filesender_suite (void)
{
  Suite *s = suite_create ("filesender");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_called_while_it_tells);
  return s;
}

GST_CHECK_MAIN (filesender);
