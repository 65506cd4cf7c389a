/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "options/smallfile.h"

#include <glib/gstdio.h>
#include "program.h"

#include <gst/videomeet/base/vmprivatefile.h>
#include <string.h>
#include <unistd.h>

#define LIMIT 100

static gchar *path;

static void
setup (void)
{
  gint fd = g_file_open_tmp (NULL, &path, NULL);

  fail_unless (fd >= 0);
  close (fd);
}

static void
teardown (void)
{
  g_unlink (path);
  g_clear_pointer (&path, g_free);
}

/* At the limit, below and above. */
GST_START_TEST (test_sizes)
{
  g_autofree gchar *full = g_strnfill (LIMIT + 1, 'x');

  for (gsize size = 0; size <= LIMIT + 1; size += size ? 1 : LIMIT - 1) {
    g_autoptr (GError) error = NULL;
    g_autofree gchar *text = NULL;
    gsize read = 0;

    fail_unless (g_file_set_contents (path, full, size, NULL));
    text = vmt_small_file_read (path, LIMIT, &read, &error);
    if (size > LIMIT) {
      g_assert_error (error, G_FILE_ERROR, G_FILE_ERROR_FAILED);
      fail_unless (strstr (error->message, path) != NULL);
      fail_unless (text == NULL);
    } else {
      g_assert_no_error (error);
      fail_unless_equals_int (read, size);
      fail_unless_equals_int (strlen (text), size);
    }
  }
}

GST_END_TEST;

GST_START_TEST (test_refused)
{
  const struct
  {
    const gchar *path, *says;
  } cases[] = {
    { "/no/such/file", "/no/such/file cannot be read: No such file" },
    { "/", "Is a directory" },
    { "/dev/zero", "File too large" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (GError) error = NULL;

    fail_unless (
        !vmt_small_file_read (cases[i].path, LIMIT, NULL, &error), "%u", i);
    fail_unless (
        strstr (error->message, cases[i].says) != NULL, "%s", error->message);
  }
}

GST_END_TEST;

/* What comes in pieces, as of a shell's <(...). */
GST_START_TEST (test_pipe)
{
  g_autofree gchar *text = NULL;
  g_autofree gchar *name = NULL;
  gint ends[2];

  fail_unless (pipe (ends) == 0);
  name = g_strdup_printf ("/dev/fd/%d", ends[0]);
  fail_unless (write (ends[1], "ab", 2) == 2);
  fail_unless (write (ends[1], "cd", 2) == 2);
  close (ends[1]);
  text = vmt_small_file_read (name, LIMIT, NULL, NULL);
  fail_unless_equals_string (text, "abcd");
  close (ends[0]);
}

GST_END_TEST;

/* Of a file with mode @mode, by @user: whether it is read, and is a secret. */
static void
check_mode (gint mode, uid_t user, gboolean is_read, gboolean is_secret)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GError) why = NULL;
  g_autofree gchar *text = NULL;

  fail_unless (chown (path, user, -1) == 0);
  fail_unless (g_chmod (path, mode) == 0);
  text = vmt_small_file_read (path, LIMIT, NULL, &error);
  fail_unless_equals_int (text != NULL, is_read);
  fail_unless_equals_int (error == NULL, is_read);
  fail_unless_equals_int (vmt_small_file_is_secret (path, &why), is_secret);
  fail_unless_equals_int (why == NULL, is_secret);
  if (error)
    fail_unless (strstr (error->message, path) != NULL, "%s", error->message);
}

GST_START_TEST (test_modes)
{
  fail_unless (g_file_set_contents (path, "key", -1, NULL));
  check_mode (0600, geteuid (), TRUE, TRUE);
  check_mode (0400, geteuid (), TRUE, TRUE);
  check_mode (0700, geteuid (), TRUE, TRUE);
  check_mode (0640, geteuid (), TRUE, FALSE);
  check_mode (0604, geteuid (), TRUE, FALSE);
  check_mode (0620, geteuid (), FALSE, FALSE);
  check_mode (0602, geteuid (), FALSE, FALSE);
  if (geteuid () == 0)
    check_mode (0600, 65534, FALSE, FALSE);
}

GST_END_TEST;

/* As a service sees them that is not root. */
GST_START_TEST (test_of_root)
{
  gboolean root = geteuid () == 0;

  if (!root)
    return;
  fail_unless (g_file_set_contents (path, "key", -1, NULL));
  fail_unless (seteuid (65534) == 0);
  for (guint i = 0; i < 3; i++) {
    static const gint modes[] = { 0640, 0644, 0660 };
    struct stat st = { .st_mode = S_IFREG | modes[i] };

    fail_unless_equals_int (vm_private_file_fault (&st, TRUE) == NULL, i == 0);
    fail_unless_equals_int (vm_private_file_fault (&st, FALSE) == NULL, i < 2);
  }
  fail_unless (seteuid (0) == 0);
}

GST_END_TEST;

static Suite *
tool_smallfile_suite (void)
{
  Suite *s = suite_create ("tool-smallfile");
  TCase *tc = tcase_create ("tool-smallfile");

  suite_add_tcase (s, tc);
  tcase_add_checked_fixture (tc, setup, teardown);
  tcase_add_test (tc, test_sizes);
  tcase_add_test (tc, test_refused);
  tcase_add_test (tc, test_pipe);
  tcase_add_test (tc, test_modes);
  tcase_add_test (tc, test_of_root);
  return s;
}

CHECK_PROGRAM (tool_smallfile)
